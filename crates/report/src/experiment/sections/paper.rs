//! The paper's policies compared with ours; its other numbers are in the tables of actions.

use eval::{Arm, Role};
use maud::{Markup, html};
use pusht_jobs::counted;

use super::super::fill::{fit_own, played};
use super::super::paper::{TABLE_2, TABLE_5};
use super::super::{ExperimentReport, FitFloor};
use super::outcome::trained;
use crate::html::{Table, interval, named, number, soft};

/// Text in place of a number of the paper that is not known here.
const NOT_GIVEN: &str = "not given here";

/// Tables 2 and 5, with references to the other numbers.
pub(crate) fn paper(report: &ExperimentReport) -> Markup {
    html! {
        h3 { "Table 2: how well the policies fit their labels" }
        (fits(report))
        (soft("Each on its own labels, as the paper reports it; the name of the arm stands below the policy's. The last rows need \
               no policy. A split by frame puts neighbors of test frames into the training part, so its errors are not \
               comparable with those of a split by episode."))
        h3 { "Table 5: closed loop" }
        (closed_loop(report))
        p.soft {
            "Table 4, Figure 6 and the distances of extracted actions stand under " a href="#actions" { "Actions" }
            ", Figures 4 and 7 under " a href="#training" { "Training" } ", Figures 8, 10 and 11 under "
            a href="#rollouts" { "Rollouts" } "; the values that those five show are not given here. "
            code { "report.json" } " lists each number with ours under " code { "beside_the_paper" } "."
        }
    }
}

fn fits(report: &ExperimentReport) -> Markup {
    let m = &report.method;
    let mut table = Table::new(&["Policy", "Split", "Test MSE, px²", "Test R²", "Validation MSE, px²"]).text(&[1]);
    for (policy, mse, r2, validation) in TABLE_2 {
        table.row(
            "paper",
            &[
                &format!("paper: {policy}"),
                &"by frame, 80/10/10",
                &number(Some(mse), 0),
                &number(Some(r2), 4),
                &number(Some(validation), 0),
            ],
        );
    }
    let mut ours = |policy: &str, arm: &Arm, data: &str| {
        let [mse, r2] = fit_own(arm);
        let validation = number(arm.over_seeds(|t| t.validation_mse), 0);
        let name = named(policy, data);
        table.row("", &[&name, &m.split, &number(mse, 0), &number(r2, 4), &validation]);
    };
    for other in &report.other_policies {
        ours(&other.arm.name, &other.arm, "demo");
    }
    for arm in trained(report) {
        ours(&m.policy, arm, &arm.name);
    }
    for FitFloor { name, fit } in &report.fit_floors {
        let (mse, r2) = (number(Some(fit.mse), 0), number(fit.r2, 4));
        table.row("floor", &[name, &m.split, &mse, &r2, &"–"]);
    }
    table.html()
}

fn closed_loop(report: &ExperimentReport) -> Markup {
    let m = &report.method;
    let mut table = Table::new(&["Policy", "Protocol", "Mean reward per step", "Maximum reward"]).text(&[1]);
    let [low, high] = TABLE_5.map(|value| number(Some(value), 3));
    let published = "100 episodes, 200 steps, start seeds not stated";
    let range = format!("{low} to {high}");
    table.row("paper", &[&"paper: its four policies", &published, &range, &NOT_GIVEN]);
    for arm in report.players() {
        let class = if arm.role == Role::Trained { "" } else { "floor" };
        let starts = arm.starts();
        let seeds = match (starts.first(), starts.last()) {
            (Some(first), Some(last)) => format!(", start seeds {first} to {last}"),
            _ => String::new(),
        };
        let episodes = if arm.rollouts().count() == 1 {
            "episode"
        } else {
            "episodes"
        };
        let steps = counted(m.steps, "step");
        let protocol = format!("{}: {} {episodes}, {steps}{seeds}", m.protocol, played(arm));
        let (mean_reward, max_reward) = (interval(arm.mean_reward, 3), interval(arm.max_reward, 3));
        table.row(class, &[&arm.name, &protocol, &mean_reward, &max_reward]);
    }
    table.html()
}
