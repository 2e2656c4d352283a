//! The page: one file, no script, nothing loaded from elsewhere.

use super::{Assets, Report, sections};
use crate::plot::escape;

/// The report as one self-contained HTML file. `assets` holds the pictures; those that are missing are named in their
/// place.
pub fn render_html(report: &Report, assets: &Assets) -> String {
    let contents = [
        ("results", "Results", sections::results(report)),
        ("method", "What was compared, and how", sections::method(report)),
        ("policies", "Policies on the demonstrations", sections::policies(report)),
        ("rollouts", "Roll-outs", sections::rollouts(report, assets)),
        ("training", "Training", sections::training(report)),
        ("actions", "Actions", sections::actions(report)),
        (
            "pictures",
            "Demonstrations and generated clips",
            sections::pictures(report, assets),
        ),
        ("clips", "Quality of the clips", sections::clips(report)),
        ("paper", "Beside the paper", sections::paper(report)),
        ("record", "To repeat it", sections::record(report)),
    ]
    .map(|(id, title, html)| (!html.is_empty()).then_some((id, title, html)));
    let contents: Vec<_> = contents.into_iter().flatten().collect();
    let links: String = contents
        .iter()
        .map(|(id, title, _)| format!("<a href=\"#{id}\">{title}</a>"))
        .collect();
    let body: String = contents
        .iter()
        .map(|(id, title, html)| format!("<section id=\"{id}\">\n<h2>{title}</h2>\n{html}</section>\n"))
        .collect();
    format!(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>PushT experiment: {name}</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n<main>\n\
         <h1>Does generated data help a PushT policy?</h1>\n\
         <div class=\"soft\">Run <b>{name}</b>, finished {finished} UTC</div>\n<nav>{links}</nav>\n\
         {warning}{verdict}{body}</main>\n</body>\n</html>\n",
        name = escape(&report.name),
        style = include_str!("style.css"),
        finished = escape(&report.finished),
        warning = report.warning.as_deref().map_or(String::new(), sections::warning),
        verdict = sections::verdict(report),
    )
}
