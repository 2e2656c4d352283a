//! The page: one file, no scripts, no external resources.

use maud::{Markup, html};

use super::{Assets, ExperimentReport, sections};
use crate::html::{Width, page, section, warning};

/// Renders the report as one self-contained HTML file. `assets` holds the images; the names of missing ones are shown
/// in their place.
pub fn render_html(report: &ExperimentReport, assets: &Assets) -> String {
    let contents = [
        ("results", "Results", Some(sections::results(report))),
        ("method", "What was compared, and how", Some(sections::method(report))),
        ("policies", "Policies on the demonstrations", sections::policies(report)),
        ("rollouts", "Rollouts", Some(sections::rollouts(report, assets))),
        ("training", "Training", sections::training(report)),
        ("actions", "Actions", Some(sections::actions(report))),
        (
            "pictures",
            "Demonstrations and generated clips",
            Some(sections::pictures(report, assets)),
        ),
        ("clips", "Quality of the clips", sections::clips(report)),
        ("paper", "Beside the paper", Some(sections::paper(report))),
        ("record", "To repeat it", Some(sections::record(report))),
    ];
    let contents: Vec<(&str, &str, Markup)> = (contents.into_iter())
        .filter_map(|(id, title, body)| Some((id, title, body?)))
        .collect();
    let body = html! {
        div.soft { "Settings " b { (report.name) } ", finished " (report.finished) " UTC" }
        nav { @for (id, title, _) in &contents { a href={ "#" (id) } { (title) } } }
        @if let Some(text) = &report.warning { (warning(text)) }
        (sections::verdict(report))
        @for (id, title, body) in &contents { (section(id, title, body)) }
    };
    page(
        &format!("PushT experiment: {}", report.name),
        "Does generated data help a PushT policy?",
        Width::Text,
        &body,
    )
}
