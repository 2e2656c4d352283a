//! The verdict, the chart of arms and their table.

use eval::{Arm, NEGATIVE_CONTROL, POSITIVE_CONTROL, Role};
use maud::{Markup, html};
use pusht_jobs::counted;

use super::super::ExperimentReport;
use super::super::fill::{fit_own, fit_recorded, played};
use super::exchange::worth;
use crate::html::{Table, answer, badge, count, drawing, figure, interval, named, number, percent, signed, soft};
use crate::plot::{DotRow, Mark, arm_color, dot_chart};

/// The verdict as a sentence, with its comparisons.
pub(crate) fn verdict(report: &ExperimentReport) -> Markup {
    let v = &report.verdict;
    let mut table =
        Table::new(&["Question", "Answer", "Difference in mean reward per step", "Because"]).text(&[1, 2, 3]);
    for c in v.comparisons() {
        let question = question(&c.treatment);
        let arms = format!("{} against {}", c.treatment, c.control);
        table.row(
            "",
            &[
                &named(question, &arms),
                &badge(c.outcome),
                &signed(c.difference),
                &c.reason,
            ],
        );
    }
    html! {
        (answer(&v.sentence(), Some(&table.html())))
        @if let Some(exchange) = &v.exchange { (worth(report, exchange)) }
        p.soft {
            "The rule was fixed beforehand. An interval above 0 says " i { "helps" } ", below 0 " i { "hurts" } "; within ±"
            (v.margin) " of reward a step it says " i { "no difference shown" } "; one that holds 0 and reaches beyond ±"
            (v.margin) " is " i { "uninformative" } ". A policy that learns too little from demonstrations cannot tell data apart: if \
             the lower bound of " i { "demo" } " (" (number(v.demo.bounds.map(|bounds| bounds.low), 3)) ") is less than "
            (v.above_floor) " above standing still (" (number(Some(v.standing_still), 3)) "), every answer is "
            i { "uninformative" } "."
            @if v.positive.is_some() || v.negative.is_some() {
                " The controls stand above this rule: where as many real frames do not help (" i { (POSITIVE_CONTROL) }
                "), whether generated ones do is " i { "uninformative" } "; where cross-fades help (" i { (NEGATIVE_CONTROL) }
                "), the run is " i { "invalid" } "."
            }
        }
    }
}

/// The question that a comparison answers.
fn question(treatment: &str) -> &'static str {
    match treatment {
        "mixed" => "Does adding generated data to the demonstrations help?",
        "generated" => "Does it stand in for as many demonstrations?",
        "idm" => "Do extracted actions serve as well as the recorded ones?",
        POSITIVE_CONTROL => "Positive control: do as many real frames help?",
        NEGATIVE_CONTROL => "Negative control: do cross-fades help? (They must not.)",
        _ => "Does this data help?",
    }
}

/// Chart and table of all arms, and how to read them.
pub(crate) fn results(report: &ExperimentReport) -> Markup {
    let m = &report.method;
    let protocol = format!(
        "protocol {}: {} a policy{}, {}, start seeds {} to {}",
        m.protocol,
        counted(m.episodes, "episode"),
        fewer(report),
        counted(m.steps, "step"),
        m.start_seeds[0],
        m.start_seeds[1]
    );
    let caption = format!(
        "Mean reward per step with 95 % interval ({protocol}); small dots: single training seeds. Dashed lines: what needs no \
         training."
    );
    html! {
        (figure(&drawing(&chart(report)), &caption))
        (arms_table(report))
        (soft(&format!(
            "All rollouts under {protocol}. MSE in px² of the 512 board, the mean over x and y and over training seeds; \
             episodes: training seeds × starts; shaded rows need no training."
        )))
        h3 { "How to read this" }
        p {
            "The reward is the share of the goal that the T covers, over 0.95, at most 1; an episode with more than 0.95 covered \
             is solved, ends, and keeps its reward of 1 for the steps that remain. The T already covers some of the goal at many \
             starts, so a policy that never moves scores above 0: only what exceeds " i { "still" } " was learned. Intervals are \
             bootstrapped over training seeds and starts, differences on the same starts; with few seeds they are rather too \
             narrow. A small test MSE says that a policy predicts its labels, not that it pushes the T: where labels are wrong ("
            i { "idm" } ", " i { "generated" } "), compare the error against recorded actions."
        }
    }
}

/// The arms with fewer starts than the others, e.g. ` (expert: first 20)`.
fn fewer(report: &ExperimentReport) -> String {
    let some: Vec<String> = report
        .arms
        .iter()
        .map(|a| (&a.name, a.starts().len()))
        .filter(|(_, n)| *n < report.method.episodes)
        .map(|(name, n)| format!("{name}: first {n}"))
        .collect();
    if some.is_empty() {
        return String::new();
    }
    format!(" ({})", some.join(", "))
}

fn chart(report: &ExperimentReport) -> String {
    let rows: Vec<DotRow> = trained(report)
        .map(|arm| DotRow {
            name: arm.name.clone(),
            color: arm_color(&arm.name),
            interval: arm.mean_reward,
            singles: arm
                .rewards()
                .iter()
                .map(|r| r.iter().sum::<f64>() / r.len() as f64)
                .collect(),
        })
        .collect();
    let marks: Vec<Mark> = report
        .arms
        .iter()
        .filter(|a| a.role != Role::Trained)
        .map(|a| Mark {
            name: format!("{} {:.3}", a.name, a.mean_reward.mean),
            at: a.mean_reward.mean,
        })
        .collect();
    dot_chart("Mean reward per step by arm", "mean reward per step", &rows, &marks)
}

pub(super) fn trained(report: &ExperimentReport) -> impl Iterator<Item = &Arm> {
    report.arms.iter().filter(|a| a.role == Role::Trained)
}

fn arms_table(report: &ExperimentReport) -> Markup {
    let mut table = Table::new(&[
        "Arm",
        "Frames",
        "MSE",
        "R²",
        "MSE",
        "R²",
        "MSE",
        "Episodes",
        "Mean reward per step",
        "Maximum reward",
        "Solved, %",
    ])
    .groups(&[
        ("", 1),
        ("Training", 1),
        ("Test, own labels", 2),
        ("Test, recorded actions", 2),
        ("Validation", 1),
        ("Rollouts, 95 % intervals", 4),
    ]);
    for arm in &report.arms {
        let [own_mse, own_r2] = fit_own(arm);
        let [recorded_mse, recorded_r2] = fit_recorded(arm);
        let [mean_reward, max_reward, solved] = rollout_cells(arm);
        table.row(
            class(arm.role),
            &[
                &named(&arm.name, &arm.what),
                &arm.data.as_ref().map_or("–".to_owned(), |d| count(d.frames)),
                &number(own_mse, 0),
                &number(own_r2, 4),
                &number(recorded_mse, 0),
                &number(recorded_r2, 4),
                &number(arm.over_seeds(|t| t.validation_mse), 0),
                &played(arm),
                &mean_reward,
                &max_reward,
                &solved,
            ],
        );
    }
    table.html()
}

/// CSS class of a row with this role.
pub(super) fn class(role: Role) -> &'static str {
    match role {
        Role::Trained => "trained",
        Role::Floor => "floor",
        Role::Ceiling => "ceiling",
    }
}

/// Cells of mean reward, maximum reward, and share solved in %.
pub(super) fn rollout_cells(arm: &Arm) -> [Markup; 3] {
    [
        interval(arm.mean_reward, 3),
        interval(arm.max_reward, 3),
        interval(percent(arm.success), 0),
    ]
}
