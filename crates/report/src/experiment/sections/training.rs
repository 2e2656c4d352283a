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
                     validation part, px² of the 512 board. Means over training seeds, each arm on its own labels; the kind of \
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
        "Last validation",
        "Time, s",
    ]);
    for model in models {
        let last = model.curve.last();
        let validation = model.curve.iter().rev().find_map(|p| p.validation);
        let what = match &model.validation {
            Some(validation) => format!("training: {}; validation: {validation}", model.loss),
            None => model.loss.clone(),
        };
        table.row(
            "",
            &[
                &named(&model.name, &what),
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

/// Training and validation losses side by side, means over seeds; `None` if there are none.
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
        let curves = trainings.map(|t| t.curve.iter().filter_map(|p| Some([p.epoch, number(p)?])).collect());
        mean_curve(curves.collect()).into_iter().map(|points| LineSeries {
            name: (*name).to_owned(),
            color,
            dash,
            points,
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

/// The mean of curves over the same epochs; the curves as they are if their epochs differ.
fn mean_curve(curves: Vec<Vec<[f64; 2]>>) -> Vec<Vec<[f64; 2]>> {
    let epochs = |curve: &[[f64; 2]]| curve.iter().map(|p| p[0]).collect::<Vec<_>>();
    let Some(first) = curves
        .first()
        .filter(|first| curves.iter().all(|c| epochs(c) == epochs(first)))
    else {
        return curves;
    };
    let mean = |(k, p): (usize, &[f64; 2])| [p[0], curves.iter().map(|c| c[k][1]).sum::<f64>() / curves.len() as f64];
    vec![first.iter().enumerate().map(mean).collect()]
}

/// Curve of a model; empty for fewer than two points. A validation of another quantity has a panel of its own.
fn one_model(model: &ModelTraining) -> Markup {
    if model.curve.len() < 2 {
        return Markup::default();
    }
    let chart = |what: &str, title: &str, series: Vec<LineSeries>, width: f64| {
        let axes = LineAxes {
            x: "epoch".to_owned(),
            y: what.to_owned(),
            log_y: true,
        };
        let panel = LinePanel {
            title: title.to_owned(),
            series,
        };
        drawing(&line_chart(
            &format!("{what} of {}", model.name),
            &axes,
            &[panel],
            width,
        ))
    };
    let mut lines = series(&model.curve, crate::plot::color(0));
    let Some(measured) = &model.validation else {
        let caption = format!(
            "{}: training (solid) and validation (dashed) loss, {}.",
            model.name, model.loss
        );
        return figure(&chart("loss", &model.name, lines, 560.0), &caption);
    };
    let validation = lines.split_off(1);
    let caption = format!(
        "{}. Left: training loss, {}. Right: validation, {measured}.",
        model.name, model.loss
    );
    let charts = html! {
        div.pair {
            (chart("training loss", &model.name, lines, 540.0))
            @if !validation.is_empty() { (chart("validation error", "", validation, 540.0)) }
        }
    };
    figure(&charts, &caption)
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
