//! What a generated frame is worth: the curve of real data, as a chart and a table.

use eval::{ExchangeRate, NEGATIVE_CONTROL};
use maud::{Markup, html};

use super::super::ExperimentReport;
use crate::html::{Table, drawing, figure, number, soft};
use crate::plot::{LineAxes, LinePanel, LineSeries, arm_color, line_chart};

/// What a generated frame is worth in real ones, and the curve that says so.
pub(super) fn worth(report: &ExperimentReport, exchange: &ExchangeRate) -> Markup {
    let mut table = Table::new(&[
        "Arm",
        "Real frames beside the demonstrations, doses",
        "Mean reward per step",
    ]);
    for point in &exchange.curve {
        let (doses, reward) = (number(Some(point.doses), 2), number(Some(point.reward), 3));
        table.row("", &[&point.arm, &doses, &reward]);
    }
    html! {
        h3 { "What is a generated frame worth? The curve of real data" }
        (figure(&drawing(&chart(report, exchange)), "Mean reward per step of policies trained on the demonstrations and more and \
                 more real clips. Dashed: the demonstrations and one dose of other clips. Where a dashed line meets the curve \
                 stands what its clips are worth."))
        @if let Some(again) = &report.verdict.calibration {
            p { "Calibration: one frame of other real clips is worth " (again.words()) "; it should be 1." }
        }
        (table.html())
        (soft("A dose is as many labeled real frames, from episodes that nothing else of the run has seen, as the arm mixed \
               has generated ones. The rewards are made monotone (isotonic regression); the rate is the number of doses at which \
               this curve has the reward of mixed. Its interval refits the curve in each bootstrap draw over training seeds × \
               starts."))
    }
}

/// The curve, and the rewards of the arms with other clips as horizontal lines.
fn chart(report: &ExperimentReport, exchange: &ExchangeRate) -> String {
    let end = exchange.curve.last().map_or(1.0, |last| last.doses);
    let mut series = vec![LineSeries {
        name: "real clips".to_owned(),
        color: arm_color(eval::POSITIVE_CONTROL),
        dash: "",
        points: exchange.curve.iter().map(|at| [at.doses, at.reward]).collect(),
    }];
    for name in [exchange.treatment.as_str(), NEGATIVE_CONTROL] {
        if let Some(arm) = report.arms.iter().find(|arm| arm.name == name) {
            let reward = arm.mean_reward.mean;
            series.push(LineSeries {
                name: name.to_owned(),
                color: arm_color(name),
                dash: "5 4",
                points: vec![[0.0, reward], [end, reward]],
            });
        }
    }
    let axes = LineAxes {
        x: "real clips beside the demonstrations, doses".to_owned(),
        y: "mean reward per step".to_owned(),
        log_y: false,
    };
    let panel = LinePanel {
        title: String::new(),
        series,
    };
    line_chart("The curve of real data", &axes, &[panel], 640.0)
}
