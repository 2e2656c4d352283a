//! Loss curves.

use eval::{Arm, LossPoint};
use maud::{Markup, html};

use super::super::{ExperimentReport, ModelTraining};
use super::outcome::trained;
use crate::html::{Table, count, drawing, figure, named, number};
use crate::plot::{LineAxes, LinePanel, LineSeries, arm_color, arm_dash, line_chart};

/// Curves of every arm (Figures 4 and 7) and of the other models; `None` if nothing was trained.
pub(crate) fn training(report: &ExperimentReport) -> Option<Markup> {
    let arms: Vec<Learner<'_>> = trained(report)
        .map(|arm| (arm.name.as_str(), arm_color(&arm.name), arm_dash(&arm.name), arm))
        .collect();
    let curves = curves(&arms);
    (curves.is_some() || !report.models.is_empty()).then(|| {
        html! {
            @if let Some(drawings) = curves {
                (figure(
                    &drawings,
                    "Left: the loss that training minimizes, in the policy's own unit. Right: mean squared error on the \
                     validation part, px² of the 512 board. One line a training seed, each arm on its own labels; the kind of \
                     curve that the paper's Figures 4 and 7 show.",
                ))
            }
            @for model in &report.models { (one_model(model)) }
            @if !report.models.is_empty() { (models(&report.models)) }
        }
    })
}

fn models(models: &[ModelTraining]) -> Markup {
    let mut table = Table::new(&[
        "Model",
        "Parameters",
        "Last training loss",
        "Last validation loss",
        "Time, s",
    ]);
    for model in models {
        let last = model.curve.last();
        let validation = model.curve.iter().rev().find_map(|p| p.validation);
        table.row(
            "",
            &[
                &named(&model.name, &model.loss),
                &count(model.parameters),
                &number(last.map(|p| p.train), 4),
                &number(validation, 4),
                &number(Some(model.seconds), 1),
            ],
        );
    }
    table.html()
}

/// Name, color, dash and arm of a set of lines.
pub(super) type Learner<'a> = (&'a str, &'static str, &'static str, &'a Arm);

/// Training and validation losses side by side, one line per seed; `None` if there are none.
pub(super) fn curves(learners: &[Learner<'_>]) -> Option<Markup> {
    let train = panel(learners, "training loss, as minimized", |p| Some(p.train))?;
    let validation = panel(learners, "validation MSE, px²", |p| p.validation);
    Some(html! {
        div.pair {
            (drawing(&train))
            @if let Some(validation) = validation { (drawing(&validation)) }
        }
    })
}

fn panel(learners: &[Learner<'_>], what: &str, number: fn(&LossPoint) -> Option<f64>) -> Option<String> {
    let axes = LineAxes {
        x: "epoch".to_owned(),
        y: what.to_owned(),
        log_y: true,
    };
    let lines = learners.iter().flat_map(|(name, color, dash, arm)| {
        let trainings = arm.seeds.iter().filter_map(|s| s.training.as_ref());
        trainings.map(|t| LineSeries {
            name: (*name).to_owned(),
            color,
            dash,
            points: t.curve.iter().filter_map(|p| Some([p.epoch, number(p)?])).collect(),
        })
    });
    let series: Vec<LineSeries> = lines.filter(|l| !l.points.is_empty()).collect();
    let title = format!("{what} of the policies");
    let panel = LinePanel {
        title: String::new(),
        series,
    };
    (!panel.series.is_empty()).then(|| line_chart(&title, &axes, &[panel], 540.0))
}

/// Curve of a model; empty for fewer than two points.
fn one_model(model: &ModelTraining) -> Markup {
    if model.curve.len() < 2 {
        return Markup::default();
    }
    let axes = LineAxes {
        x: "epoch".to_owned(),
        y: "loss".to_owned(),
        log_y: true,
    };
    let panel = LinePanel {
        title: model.name.clone(),
        series: series(&model.curve, crate::plot::color(0)),
    };
    figure(
        &drawing(&line_chart(
            &format!("Loss curve of {}", model.name),
            &axes,
            &[panel],
            560.0,
        )),
        &format!(
            "{}: training (solid) and validation (dashed) loss, {}.",
            model.name, model.loss
        ),
    )
}

/// The lines of training and validation loss of a curve.
fn series(curve: &[LossPoint], color: &'static str) -> Vec<LineSeries> {
    let line = |name: &str, dash, points: Vec<[f64; 2]>| LineSeries {
        name: name.to_owned(),
        color,
        dash,
        points,
    };
    let train = curve.iter().map(|p| [p.epoch, p.train]).collect();
    let validation: Vec<[f64; 2]> = curve.iter().filter_map(|p| Some([p.epoch, p.validation?])).collect();
    let mut lines = vec![line("training", "", train)];
    if !validation.is_empty() {
        lines.push(line("validation", "4 3", validation));
    }
    lines
}
