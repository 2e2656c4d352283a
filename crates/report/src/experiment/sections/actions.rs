//! Smoothness, directness and distance of actions, with the paper's numbers and the floors in the same tables.

use maud::{Markup, html};
use traj_metrics::{Directness, MeanSd};

use super::super::paper::{EXTRACTION, EXTRACTION_FRAMES, TABLE_4};
use super::super::{ExperimentReport, RowKind};
use crate::html::{Table, count, counts, drawing, figure, mean_sd, named, number, soft};
use crate::plot::{Mark, StripRow, color, strip_chart};

/// Table 4, Figure 6, and the distances of extracted actions.
pub(crate) fn actions(report: &ExperimentReport) -> Markup {
    html! {
        h3 { "Smoothness and directness" }
        (smoothness(report))
        (soft("Velocity, acceleration, jerk: norms of the first, second and third differences in px per step (0.1 s), mean ± SD \
               within an episode, averaged over episodes. Directness: path length over displacement, mean (median); it grows \
               with the length of an episode, so windows of equal length stand beside it. Lag-1: autocorrelation of velocity; \
               −0.5 means white noise. Variance: of x and y, px². Yellow rows: published numbers. Gray rows: floors."))
        @if let Some(strips) = strips(report) {
            (figure(
                &drawing(&strips),
                "Directness of each episode or clip with quartiles; the paper's Figure 6 gives means over whole episodes.",
            ))
        }
        h3 { "Distance of extracted to recorded actions" }
        (extraction(report))
    }
}

/// Chart of the directness of each episode; `None` if it was not measured.
fn strips(report: &ExperimentReport) -> Option<String> {
    let strips: Vec<StripRow> = report
        .actions
        .iter()
        .filter(|r| !r.directness_episodes.is_empty())
        .enumerate()
        .map(|(i, row)| StripRow {
            name: row.name.clone(),
            color: color(i),
            values: row.directness_episodes.clone(),
        })
        .collect();
    let marks: Vec<Mark> = TABLE_4
        .iter()
        .filter_map(|(name, _, directness)| {
            let at = (*directness)?;
            Some(Mark {
                name: format!("{name} {at:.2}"),
                at,
            })
        })
        .collect();
    let axis = "directness (path length over displacement)";
    (!strips.is_empty()).then(|| strip_chart("Directness per episode", axis, &strips, &marks))
}

fn smoothness(report: &ExperimentReport) -> Markup {
    let mut table = Table::new(&[
        "Actions",
        "Velocity",
        "Acceleration",
        "Jerk",
        "whole",
        "16 steps",
        "32 steps",
        // A non-breaking hyphen.
        "Lag\u{2011}1",
        "Variance",
    ])
    .groups(&[
        ("", 1),
        ("Smoothness, px, mean ± SD", 3),
        ("Directness, mean (median)", 3),
        ("", 2),
    ]);
    for (name, orders, directness) in TABLE_4 {
        let [velocity, acceleration, jerk] = orders.map(|(mean, sd)| match sd {
            Some(sd) => mean_sd(MeanSd { mean, sd }, 2),
            None => number(Some(mean), 2),
        });
        table.row(
            "paper",
            &[&name, &velocity, &acceleration, &jerk, &number(directness, 2)],
        );
    }
    for row in &report.actions {
        let m = &row.measures;
        let size = format!("{}, {}", counts(m.episodes, "episode"), counts(m.actions, "action"));
        let [x, y] = m.label_variance.map(|v| number(Some(v), 0));
        table.row(
            class(row.kind),
            &[
                &named(&row.name, &size),
                &mean_sd(m.velocity, 2),
                &mean_sd(m.acceleration, 2),
                &mean_sd(m.jerk, 2),
                &direct(&m.directness),
                &direct(&m.directness_16),
                &direct(&m.directness_32),
                &number(m.velocity_autocorrelation, 2),
                &format!("{x}, {y}"),
            ],
        );
    }
    table.html()
}

fn direct(d: &Directness) -> String {
    d.summary.map_or("–".to_owned(), |s| {
        format!("{} ({})", number(Some(s.mean), 2), number(Some(s.median), 2))
    })
}

fn extraction(report: &ExperimentReport) -> Markup {
    let mut table = Table::new(&["Inverse dynamics", "On", "Frames", "L2, px, mean ± SD"]).text(&[1]);
    for (name, mean, sd) in EXTRACTION {
        let distance = mean_sd(MeanSd { mean, sd }, 2);
        table.row(
            "paper",
            &[&name, &"demonstration set", &count(EXTRACTION_FRAMES), &distance],
        );
    }
    for row in &report.extraction {
        table.row(
            class(row.kind),
            &[&row.name, &row.on, &count(row.frames), &mean_sd(row.l2, 2)],
        );
    }
    html! {
        (table.html())
        (soft("The learned inverse dynamics predicts eight actions for each frame and reduces them to one: the first, their mean, \
               or, because the paper tried it, their sum. Actions are positions, so the sum of eight lies eight times too far \
               out, off the board (docs/idm.md): its distance is no mistake of the measurement."))
    }
}

fn class(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Measured => "measured",
        RowKind::Floor => "floor",
    }
}
