//! What the policies did: distributions of rewards, where the agent ended, film strips.

use super::super::{Assets, Report, Shows};
use super::figure;
use super::pictures::gallery;
use crate::plot::{Board, HistogramRow, Mark, arm_colour, board_chart, histogram_chart};
use eval::EpisodeScores;

/// Figures 8, 10 and 11, and pictures of roll-outs.
pub fn rollouts(report: &Report, assets: &Assets) -> String {
    let limit = format!("protocol {}, {} steps", report.method.protocol, report.method.steps);
    let rows = |number: fn(&EpisodeScores) -> f64| -> Vec<HistogramRow> {
        let row = |arm: &eval::Arm| HistogramRow {
            name: arm.name.clone(),
            colour: arm_colour(&arm.name),
            values: arm.rollouts().map(number).collect(),
        };
        report.players().map(row).collect()
    };
    let still = |number: fn(&EpisodeScores) -> f64| -> Option<Mark> {
        let values: Vec<f64> = report
            .arms
            .iter()
            .find(|a| a.name == "still")?
            .rollouts()
            .map(number)
            .collect();
        let at = values.iter().sum::<f64>() / values.len() as f64;
        Some(Mark {
            name: format!("standing still {at:.3}"),
            at,
        })
    };
    let mut html = String::new();
    for (what, number) in [
        ("mean reward per step", (|e| e.mean_reward) as fn(&EpisodeScores) -> f64),
        ("maximum reward", |e| e.max_reward),
    ] {
        let axis = format!("{what} of an episode");
        let drawing = histogram_chart(
            &format!("Distribution of {what}"),
            &axis,
            [0.0, 1.0],
            &rows(number),
            still(number).as_ref(),
        );
        html += &figure(
            &drawing,
            &format!(
                "Distribution of the {what} over episodes and training seeds ({limit}); bars are shares of the \
                 arm's episodes, each arm to the height of its own highest bar; triangles are means. The dashed line is the mean of standing still. The paper's Figures 8 and 11 show \
                 such distributions."
            ),
        );
    }
    let boards: Vec<Board> = report
        .players()
        .map(|arm| Board {
            name: arm.name.clone(),
            colour: arm_colour(&arm.name),
            points: arm.rollouts().map(|e| e.final_agent).collect(),
        })
        .collect();
    html += &figure(
        &board_chart("Final agent positions", pusht_env::GOAL, &boards),
        &format!("Where the agent was when its episode ended ({limit}), the goal in green; the paper's Figure 10."),
    );
    html += &gallery(report, assets, Shows::Rollouts);
    html
}
