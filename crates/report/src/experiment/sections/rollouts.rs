//! Rollouts of the policies: distributions of rewards, final positions of the agent, film strips.

use eval::{Arm, EpisodeScores};
use maud::{Markup, html};

use super::super::{Assets, ExperimentReport, PictureGroup};
use super::pictures::gallery;
use crate::html::{drawing, figure};
use crate::plot::{Board, HistogramRow, Mark, arm_color, board_chart, histogram_chart};

/// Figures 8, 10 and 11, and images of rollouts.
pub(crate) fn rollouts(report: &ExperimentReport, assets: &Assets) -> Markup {
    let limit = format!("protocol {}, {} steps", report.method.protocol, report.method.steps);
    html! {
        (distribution(report, "mean reward per step", |e| e.mean_reward, &limit))
        (distribution(report, "maximum reward", |e| e.max_reward, &limit))
        (figure(
            &drawing(&board_chart("Final agent positions", pusht_env::GOAL, &boards(report))),
            &format!("Where the agent was when its episode ended ({limit}), the goal in green; the paper's Figure 10. Nothing keeps \
                 the agent on the board: positions off it are drawn at its edge and counted below it."),
        ))
        (gallery(report, assets, PictureGroup::Rollouts))
    }
}

fn distribution(report: &ExperimentReport, what: &str, number: fn(&EpisodeScores) -> f64, limit: &str) -> Markup {
    let row = |arm: &Arm| HistogramRow {
        name: arm.name.clone(),
        color: arm_color(&arm.name),
        values: arm.rollouts().map(number).collect(),
    };
    let rows: Vec<HistogramRow> = report.players().map(row).collect();
    let chart = histogram_chart(
        &format!("Distribution of {what}"),
        &format!("{what} of an episode"),
        [0.0, 1.0],
        &rows,
        still(report, number).as_ref(),
    );
    figure(
        &drawing(&chart),
        &format!(
            "Distribution of the {what} over episodes and training seeds ({limit}); bars are shares of the arm's episodes, each \
             arm to the height of its own highest bar, whose share is written beside it; triangles are means. The dashed line is the mean of standing still. The \
             paper's Figures 8 and 11 show such distributions."
        ),
    )
}

/// Mean of the floor that stands still.
fn still(report: &ExperimentReport, number: fn(&EpisodeScores) -> f64) -> Option<Mark> {
    let arm = report.arms.iter().find(|a| a.name == "still")?;
    let values: Vec<f64> = arm.rollouts().map(number).collect();
    let at = values.iter().sum::<f64>() / values.len() as f64;
    Some(Mark {
        name: format!("standing still {at:.3}"),
        at,
    })
}

fn boards(report: &ExperimentReport) -> Vec<Board> {
    let board = |arm: &Arm| Board {
        name: arm.name.clone(),
        color: arm_color(&arm.name),
        points: arm.rollouts().map(|e| e.final_agent).collect(),
    };
    report.players().map(board).collect()
}
