//! Comparison of policies that were all trained on the demonstrations, to check the one that the arms train.

use eval::{Arm, Role};
use maud::{Markup, html};

use super::super::ExperimentReport;
use super::super::fill::{fit_own, played};
use super::outcome::{class, rollout_cells};
use super::training::{Learner, curves};
use crate::html::{Table, count, figure, named, number};
use crate::plot::color;

/// Fits, closed-loop scores and loss curves; `None` if there is only one policy.
pub(crate) fn policies(report: &ExperimentReport) -> Option<Markup> {
    let main = report.arms.iter().find(|arm| arm.name == "demo")?;
    if report.other_policies.is_empty() {
        return None;
    }
    let others = report
        .other_policies
        .iter()
        .map(|other| (other.arm.name.as_str(), &other.arm));
    let lines: Vec<Learner<'_>> = std::iter::once((report.method.policy.as_str(), main))
        .chain(others)
        .enumerate()
        .map(|(i, (name, arm))| (name, color(i), ["", "9 3", "4 4", "1.5 2.5"][i % 4], arm))
        .collect();
    Some(html! {
        (table(report, main))
        @if let Some(drawings) = curves(&lines) {
            (figure(
                &drawings,
                "The same policies learning. Left: the loss that training minimizes, in each policy's own unit. Right: mean \
                 squared error on the validation part, px² of the 512 board; the paper's Figures 4 and 7 show such curves of its \
                 two policies.",
            ))
        }
    })
}

fn table(report: &ExperimentReport, main: &Arm) -> Markup {
    let m = &report.method;
    let mut table = Table::new(&[
        "Policy",
        "Parameters",
        "Updates × batch",
        "MSE, px²",
        "R²",
        "MSE, px²",
        "Episodes",
        "Mean reward per step",
        "Maximum reward",
        "Solved, %",
    ])
    .groups(&[
        ("", 1),
        ("Training", 2),
        ("Test", 2),
        ("Validation", 1),
        ("Rollouts, 95 % intervals", 4),
    ]);
    let mut row = |name: &str, what: &str, [parameters, updates]: [String; 2], arm: &Arm| {
        let [mse, r2] = fit_own(arm);
        let [mean_reward, max_reward, solved] = rollout_cells(arm);
        table.row(
            class(arm.role),
            &[
                &named(name, what),
                &parameters,
                &updates,
                &number(mse, 0),
                &number(r2, 4),
                &number(arm.over_seeds(|t| t.validation_mse), 0),
                &played(arm),
                &mean_reward,
                &max_reward,
                &solved,
            ],
        );
    };
    let amount = |updates, batch| format!("{} × {}", count(updates), count(batch));
    let training = [count(m.policy_parameters), amount(m.updates, m.batch)];
    row(&m.policy, "the policy of all arms", training, main);
    for other in &report.other_policies {
        let training = [count(other.parameters), amount(other.updates, other.batch)];
        row(&other.arm.name, &other.arm.what, training, &other.arm);
    }
    for arm in report.arms.iter().filter(|arm| arm.role != Role::Trained) {
        row(&arm.name, &arm.what, ["–".to_owned(), "–".to_owned()], arm);
    }
    table.html()
}
