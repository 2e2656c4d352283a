//! How good the generated clips are, beside cross-fades and the demonstrations they are drawn from.

use super::super::Report;
use super::super::table::{Table, count, interval, number};
use crate::plot::escape;
use crate::quality::{QualityGroup, QualityReport, QualityRow};

const MEASURES: [&str; 7] = [
    "PSNR, dB",
    "SSIM",
    "One agent",
    "Deformation of the T",
    "Pushed share of its motion",
    "Residual, px",
    "Given frames off by, px of 96",
];

/// One table of all kinds of clips, and the generator's by what start and end ask for.
pub fn clips(report: &Report) -> String {
    let Some(quality) = &report.clips else {
        return String::new();
    };
    let mut table = Table::new(&head("Clips"));
    for row in &quality.rows {
        table.row("", &cells(escape(&row.name), row));
    }
    let mut html = table.html();
    html += &against(quality);
    html += "<p class=\"soft\">Means with 95 % intervals over clips. PSNR and SSIM with the demonstration between the same ends, \
             first and last frame left out: no gate, for a cross-fade is near to all clips on average. One agent: share of \
             frames with exactly one. Deformation: how far the T is from a rigid one, 0 to 1. Residual: how far the agent's \
             track is from one that actions can follow. docs/evaluation.md defines them.</p>\n";
    html += "<h3>By what start and end ask for</h3>\n";
    html += &grouped("The T's way in the demonstration, px", &quality.by_path);
    html += &grouped("Pushes in it", &quality.by_pushes);
    html
}

fn against(quality: &QualityReport) -> String {
    let [deformation, pushed, residual] = quality.against_fade;
    format!(
        "<p>Against the cross-fade, clip by clip: deformation {}, pushed share {}, residual {} px.</p>\n",
        interval(deformation, 3),
        interval(pushed, 3),
        interval(residual, 3)
    )
}

fn grouped(what: &str, groups: &[QualityGroup]) -> String {
    let mut table = Table::new(&head(what));
    for group in groups {
        table.row("", &cells(group.range(), &group.row));
    }
    table.html()
}

fn head(first: &str) -> Vec<&str> {
    [first, "Number"].into_iter().chain(MEASURES).collect()
}

fn cells(name: String, row: &QualityRow) -> Vec<String> {
    vec![
        name,
        count(row.clips),
        interval(row.psnr, 1),
        interval(row.ssim, 2),
        interval(row.one_agent, 2),
        interval(row.deformation, 2),
        interval(row.pushed, 2),
        interval(row.residual, 2),
        number(row.given_error, 2),
    ]
}
