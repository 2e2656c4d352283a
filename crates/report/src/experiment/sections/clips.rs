//! Quality of the generated clips, compared with cross-fades and demonstrations.

use clip_audit::{QualityGroup, QualityReport, QualityRow};
use maud::{Markup, Render, html};
use traj_metrics::{Estimate, Interval, Summary};

use super::super::{ExperimentReport, NewStartClips};
use crate::html::{Table, count, interval, named, number, soft};

const MEASURES: [&str; 7] = [
    "PSNR, dB",
    "SSIM",
    "One agent",
    "Deformation of the T",
    "Pushed share of its motion",
    "Residual, px",
    "Given frames off by, px of 96",
];

/// The clips from new starts, and those between frames of demonstrations; `None` without evaluated clips.
pub(crate) fn clips(report: &ExperimentReport) -> Option<Markup> {
    let (alone, between) = (report.new_starts.as_ref().map(new_starts), compared(report));
    (alone.is_some() || between.is_some()).then(|| {
        html! {
            @if let Some(alone) = alone { (alone) }
            @if let Some(between) = between {
                @if report.new_starts.is_some() { h3 { "Other generators, between frames of demonstrations" } }
                (between)
            }
        }
    })
}

fn new_starts(of: &NewStartClips) -> Markup {
    let mut table = Table::new(&[
        "Clips from new starts",
        "Clips × frames",
        "T on its goal at the end",
        "One agent",
        "Deformation of the T",
        "Steps that the simulator reproduces",
        "Without a finding",
    ]);
    let Summary { min, median, max, .. } = of.frames;
    let share = |of: Estimate| Interval {
        mean: of.value,
        bounds: of.bounds,
    };
    table.row(
        "",
        &[
            &of.name,
            &format!("{} × {min:.0}–{max:.0}, median {median:.0}", of.clips),
            &format!("{} of {}", of.at_goal, of.clips),
            &interval(of.one_agent, 3),
            &interval(of.deformation, 3),
            &optional(of.reproduced.map(share), 3),
            &interval(of.no_finding, 2),
        ],
    );
    let found = of.findings.iter().map(|(kind, clips)| format!("{kind} in {clips}"));
    let found: Vec<String> = found.collect();
    html! {
        (table.html())
        (soft("The first frame is a reset that no demonstration begins at; the clip ends when the generator has the T on its goal, \
               at the latest after the largest number of frames. The T counts as on its goal within 20 px of the 512 board and 20°. \
               Steps: those in which the T moves, played from what the clip shows by the exact simulator."))
        @if !found.is_empty() { p { "Findings of the audit, clips with: " (found.join("; ")) "." } }
    }
}

/// One table of all kinds of clips between frames of demonstrations, and tables of the generators' clips by path length and
/// number of pushes of the demonstrations.
fn compared(report: &ExperimentReport) -> Option<Markup> {
    let others = report.other_generators.iter().map(|other| &other.quality);
    let all: Vec<&QualityReport> = report.clips.iter().chain(others).collect();
    (!all.is_empty()).then(|| {
        html! {
            (kinds(&all))
            (against(&all))
            (soft("Means with 95 % intervals over clips. PSNR and SSIM: with the demonstration between the same ends, first and \
                   last frame left out, at most 99 dB, which the demonstration has with itself. They are no criterion of quality: a \
                   cross-fade between the ends scores high, too. One agent: share of frames \
                   with exactly one. Deformation: how far the T is from a rigid one, 0 to 1. Residual: how far the agent's \
                   track is from one that actions can follow. docs/evaluation.md defines them."))
            @if all.len() > 1 {
                (soft("All generators are given the same ends where they make clips of that length. One that makes other lengths \
                       gets the nearest ends of that length in the same demonstration, where it is long enough; the rows \
                       without a generator say between which ends they are by their number of frames."))
            }
            h3 { "By what start and end ask for" }
            (grouped(&all, "The T's path in the demonstration, px", |quality| &quality.by_path))
            (grouped(&all, "Pushes in it", |quality| &quality.by_pushes))
        }
    })
}

/// The generators' clips first, then the references, once for all generators with the same start and end frames.
fn kinds(all: &[&QualityReport]) -> Markup {
    let mut rows: Vec<&QualityRow> = Vec::new();
    for place in 0..all.iter().map(|quality| quality.rows.len()).max().unwrap_or(0) {
        for row in all.iter().filter_map(|quality| quality.rows.get(place)) {
            if place == 0 || !rows.contains(&row) {
                rows.push(row);
            }
        }
    }
    let mut table = Table::new(&head("Clips")).dense();
    for of in rows {
        row(&mut table, &of.name, of);
    }
    table.html()
}

fn against(all: &[&QualityReport]) -> Markup {
    let mut table = Table::new(&[
        "Against the cross-fade, clip by clip",
        "Deformation of the T",
        "Pushed share of its motion",
        "Residual, px",
    ]);
    for quality in all {
        let name = quality.rows.first().map_or("", |row| &row.name);
        let [deformation, pushed, residual] = quality.against_fade.map(|difference| optional(difference, 3));
        table.row("", &[&name, &deformation, &pushed, &residual]);
    }
    table.html()
}

/// One row per range and generator, so that the generators of a range are adjacent.
fn grouped(all: &[&QualityReport], what: &str, groups: fn(&QualityReport) -> &[QualityGroup]) -> Markup {
    let mut table = Table::new(&head(what)).dense();
    let mut found: Vec<&QualityGroup> = all.iter().flat_map(|quality| groups(quality)).collect();
    found.sort_by(|a, b| a.from.total_cmp(&b.from));
    for group in found {
        let range = group.range();
        if all.len() > 1 {
            row(&mut table, &named(&range, &group.row.name), &group.row);
        } else {
            row(&mut table, &range, &group.row);
        }
    }
    table.html()
}

fn optional(figure: Option<Interval>, digits: usize) -> Markup {
    figure.map_or_else(|| html! { "–" }, |figure| interval(figure, digits))
}

fn head(first: &str) -> Vec<&str> {
    [first, "Clips × frames"].into_iter().chain(MEASURES).collect()
}

fn row(table: &mut Table, name: &dyn Render, of: &QualityRow) {
    let many = count(of.clips);
    let clips = match of.frames {
        // A report of an earlier version.
        [_, 0] => many,
        [shortest, longest] if shortest == longest => format!("{many} × {longest}"),
        [shortest, longest] => format!("{many} × {shortest}–{longest}"),
    };
    table.row(
        "",
        &[
            name,
            &clips,
            &interval(of.psnr, 1),
            &interval(of.ssim, 2),
            &interval(of.one_agent, 2),
            &interval(of.deformation, 2),
            &optional(of.pushed, 2),
            &optional(of.residual, 2),
            &number(of.given_error, 2),
        ],
    );
}
