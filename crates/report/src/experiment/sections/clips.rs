//! How good the generated clips are, beside cross-fades and the demonstrations they are drawn from.

use super::super::Report;
use super::super::table::{Table, count, interval, number};
use crate::plot::escape;
use clip_audit::{QualityGroup, QualityReport, QualityRow};
use traj_metrics::Interval;

const MEASURES: [&str; 7] = [
    "PSNR, dB",
    "SSIM",
    "One agent",
    "Deformation of the T",
    "Pushed share of its motion",
    "Residual, px",
    "Given frames off by, px of 96",
];

/// One table of all kinds of clips, and the generators' by what start and end ask for.
pub fn clips(report: &Report) -> String {
    let others = report.other_generators.iter().map(|other| &other.quality);
    let all: Vec<&QualityReport> = report.clips.iter().chain(others).collect();
    if all.is_empty() {
        return String::new();
    }
    let mut html = kinds(&all);
    html += &against(&all);
    html += "<p class=\"soft\">Means with 95 % intervals over clips. PSNR and SSIM with the demonstration between the same ends, \
             first and last frame left out: no gate, for a cross-fade is near to all clips on average. One agent: share of \
             frames with exactly one. Deformation: how far the T is from a rigid one, 0 to 1. Residual: how far the agent's \
             track is from one that actions can follow. docs/evaluation.md defines them.</p>\n";
    if all.len() > 1 {
        html += "<p class=\"soft\">All generators are given the same ends where they make clips of that length. One that makes \
                 other lengths gets the nearest ends of that length in the same demonstration, where it is long enough; the \
                 rows without a generator say between which ends they are by their number of frames.</p>\n";
    }
    html += "<h3>By what start and end ask for</h3>\n";
    html += &grouped(&all, "The T's way in the demonstration, px", |quality| &quality.by_path);
    html += &grouped(&all, "Pushes in it", |quality| &quality.by_pushes);
    html
}

/// The generators' clips first, then what needs none, once for all that share their ends.
fn kinds(all: &[&QualityReport]) -> String {
    let mut rows: Vec<&QualityRow> = Vec::new();
    for place in 0..all.iter().map(|quality| quality.rows.len()).max().unwrap_or(0) {
        for row in all.iter().filter_map(|quality| quality.rows.get(place)) {
            if place == 0 || !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    let mut table = Table::new(&head("Clips"));
    for row in rows {
        table.row("", &cells(escape(&row.name), row));
    }
    table.html()
}

fn against(all: &[&QualityReport]) -> String {
    let mut table = Table::new(&[
        "Against the cross-fade, clip by clip",
        "Deformation of the T",
        "Pushed share of its motion",
        "Residual, px",
    ]);
    for quality in all {
        let name = quality.rows.first().map_or(String::new(), |row| escape(&row.name));
        let [deformation, pushed, residual] = quality.against_fade.map(|difference| optional(difference, 3));
        table.row("", &[name, deformation, pushed, residual]);
    }
    table.html()
}

/// A row a range and generator, so that generators stand below each other.
fn grouped(all: &[&QualityReport], what: &str, groups: fn(&QualityReport) -> &[QualityGroup]) -> String {
    let mut table = Table::new(&head(what));
    let mut found: Vec<&QualityGroup> = all.iter().flat_map(|quality| groups(quality)).collect();
    found.sort_by(|a, b| a.from.total_cmp(&b.from));
    for group in found {
        let mut name = group.range();
        if all.len() > 1 {
            name += &format!("<small>{}</small>", escape(&group.row.name));
        }
        table.row("", &cells(name, &group.row));
    }
    table.html()
}

fn optional(figure: Option<Interval>, digits: usize) -> String {
    figure.map_or_else(|| "–".to_owned(), |figure| interval(figure, digits))
}

fn head(first: &str) -> Vec<&str> {
    [first, "Clips × frames"].into_iter().chain(MEASURES).collect()
}

fn cells(name: String, row: &QualityRow) -> Vec<String> {
    let many = count(row.clips);
    let clips = match row.frames {
        // Of an earlier version.
        [_, 0] => many,
        [shortest, longest] if shortest == longest => format!("{many} × {longest}"),
        [shortest, longest] => format!("{many} × {shortest}–{longest}"),
    };
    vec![
        name,
        clips,
        interval(row.psnr, 1),
        interval(row.ssim, 2),
        interval(row.one_agent, 2),
        interval(row.deformation, 2),
        optional(row.pushed, 2),
        optional(row.residual, 2),
        number(row.given_error, 2),
    ]
}
