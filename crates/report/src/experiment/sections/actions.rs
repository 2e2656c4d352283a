//! Smoothness, directness and distance of actions, with the paper's numbers and the floors in the same tables.

use super::super::paper::{EXTRACTION, EXTRACTION_FRAMES, TABLE_4};
use super::super::table::{Table, count, mean_sd, number};
use super::super::{Report, RowKind};
use super::figure;
use crate::plot::{Mark, StripRow, colour, escape, strip_chart};
use traj_metrics::{Directness, MeanSd};

/// Table 4, Figure 6, and the distances of extracted actions.
pub fn actions(report: &Report) -> String {
    let mut html = String::from("<h3>Smoothness and directness</h3>\n");
    html += &smoothness(report);
    html += "<p class=\"soft\">Velocity, acceleration, jerk: norms of the first, second and third differences in px per step \
             (0.1 s), mean ± SD within an episode, averaged over episodes. Directness: path length over displacement, mean \
             (median); it grows with the length of an episode, so windows of equal length stand beside it. Lag-1: \
             autocorrelation of velocity; −0.5 means white noise. Variance: of x and y, px². Yellow rows: published numbers. Grey rows: floors.</p>\n";
    let strips: Vec<StripRow> = report
        .actions
        .iter()
        .filter(|r| !r.directness_episodes.is_empty())
        .enumerate()
        .map(|(i, row)| StripRow {
            name: row.name.clone(),
            colour: colour(i),
            values: row.directness_episodes.clone(),
        })
        .collect();
    if !strips.is_empty() {
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
        html += &figure(
            &strip_chart(
                "Directness per episode",
                "directness (path length over displacement)",
                &strips,
                &marks,
            ),
            "Directness of each episode or clip with quartiles; the paper's Figure 6 gives means over whole episodes.",
        );
    }
    html += "<h3>Distance of extracted to recorded actions</h3>\n";
    html += &extraction(report);
    html
}

fn smoothness(report: &Report) -> String {
    let mut table = Table::new(&[
        "Actions",
        "Velocity",
        "Acceleration",
        "Jerk",
        "whole",
        "16 steps",
        "32 steps",
        "Lag&#8209;1",
        "Variance",
    ])
    .groups(&[
        ("", 1),
        ("Smoothness, px, mean ± SD", 3),
        ("Directness, mean (median)", 3),
        ("", 2),
    ]);
    for (name, orders, directness) in TABLE_4 {
        let mut cells = vec![escape(name)];
        cells.extend(orders.map(|(mean, sd)| match sd {
            Some(sd) => mean_sd(MeanSd { mean, sd }, 2),
            None => number(Some(mean), 2),
        }));
        cells.push(number(directness, 2));
        table.row("paper", &cells);
    }
    for row in &report.actions {
        let m = &row.measures;
        let size = format!("{} episodes, {} actions", count(m.episodes), count(m.actions));
        table.row(
            class(row.kind),
            &[
                format!("{}<small>{size}</small>", escape(&row.name)),
                mean_sd(m.velocity, 2),
                mean_sd(m.acceleration, 2),
                mean_sd(m.jerk, 2),
                direct(&m.directness),
                direct(&m.directness_16),
                direct(&m.directness_32),
                number(m.velocity_autocorrelation, 2),
                format!(
                    "{}, {}",
                    number(Some(m.label_variance[0]), 0),
                    number(Some(m.label_variance[1]), 0)
                ),
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

fn extraction(report: &Report) -> String {
    let mut table = Table::new(&["Inverse dynamics", "On", "Frames", "L2, px, mean ± SD"]);
    for (name, mean, sd) in EXTRACTION {
        let cells = [
            "demonstration set".to_owned(),
            count(EXTRACTION_FRAMES),
            mean_sd(MeanSd { mean, sd }, 2),
        ];
        table.row("paper", &[&[escape(name)][..], &cells].concat());
    }
    for row in &report.extraction {
        table.row(
            class(row.kind),
            &[
                escape(&row.name),
                escape(&row.on),
                count(row.frames),
                mean_sd(row.l2, 2),
            ],
        );
    }
    format!(
        "<div class=\"left2\">{}</div><p class=\"soft\">The learned inverse dynamics predicts eight actions for each frame and \
         reduces them to one: the first, their mean, or, because the paper tried it, their sum. Actions are positions, so the \
         sum of eight lies eight times too far out, off the board (docs/idm.md): its distance is no mistake of the \
         measurement.</p>\n",
        table.html()
    )
}

fn class(kind: RowKind) -> &'static str {
    match kind {
        RowKind::Measured => "measured",
        RowKind::Floor => "floor",
    }
}
