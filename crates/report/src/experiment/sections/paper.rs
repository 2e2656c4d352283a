//! The paper's policies beside ours; its other numbers stand in the tables of actions.

use super::super::fill::{fit_own, played};
use super::super::paper::{TABLE_2, TABLE_5};
use super::super::table::{NOT_GIVEN, Table, interval, number};
use super::super::{FitFloor, Report};
use super::outcome::trained;
use crate::plot::escape;
use eval::{Arm, Role};

/// Tables 2 and 5, and where the rest is to be found.
pub fn paper(report: &Report) -> String {
    let m = &report.method;
    let mut html = String::from("<h3>Table 2: how well the policies fit their labels</h3>\n");
    let mut table = Table::new(&["Policy", "Split", "Test MSE, px²", "Test R²", "Validation MSE, px²"]);
    for (policy, mse, r2, validation) in TABLE_2 {
        let cells = [
            format!("paper: {policy}"),
            "by frame, 80/10/10".to_owned(),
            number(Some(mse), 0),
            number(Some(r2), 4),
            number(Some(validation), 0),
        ];
        table.row("paper", &cells);
    }
    let mut ours = |policy: &str, arm: &Arm, data: &str| {
        let [mse, r2] = fit_own(arm);
        let cells = [
            format!("{}<small>{}</small>", escape(policy), escape(data)),
            escape(&m.split),
            number(mse, 0),
            number(r2, 4),
            number(arm.over_seeds(|t| t.validation_mse), 0),
        ];
        table.row("", &cells);
    };
    for other in &report.other_policies {
        ours(&other.arm.name, &other.arm, "demo");
    }
    for arm in trained(report) {
        ours(&m.policy, arm, &arm.name);
    }
    for FitFloor { name, fit } in &report.fit_floors {
        let cells = [
            escape(name),
            escape(&m.split),
            number(Some(fit.mse), 0),
            number(fit.r2, 4),
            "–".to_owned(),
        ];
        table.row("floor", &cells);
    }
    html += &format!("<div class=\"left2\">{}</div>", table.html());
    html += "<p class=\"soft\">Each on its own labels, as the paper reports it; the name of the arm stands below the policy's. The last rows need no policy. A split by frame puts neighbours of test \
             frames into the training part, so its errors are not comparable with those of a split by episode.</p>\n";
    html += "<h3>Table 5: closed loop</h3>\n";
    let mut table = Table::new(&["Policy", "Protocol", "Mean reward per step", "Maximum reward"]);
    let [low, high] = TABLE_5;
    let range = format!("{} to {}", number(Some(low), 3), number(Some(high), 3));
    let published = "100 episodes, 200 steps, start seeds not stated".to_owned();
    table.row(
        "paper",
        &[
            "paper: its four policies".to_owned(),
            published,
            range,
            NOT_GIVEN.to_owned(),
        ],
    );
    for arm in report.players() {
        let class = if arm.role == Role::Trained { "" } else { "floor" };
        let starts = arm.starts();
        let seeds = match (starts.first(), starts.last()) {
            (Some(first), Some(last)) => format!(", start seeds {first} to {last}"),
            _ => String::new(),
        };
        let ours = format!("{}: {} episodes, {} steps{seeds}", m.protocol, played(arm), m.steps);
        let cells = [
            escape(&arm.name),
            escape(&ours),
            interval(arm.mean_reward, 3),
            interval(arm.max_reward, 3),
        ];
        table.row(class, &cells);
    }
    html += &format!("<div class=\"left2\">{}</div>", table.html());
    html += "<p class=\"soft\">Table 4, Figure 6 and the distances of extracted actions stand under <a \
             href=\"#actions\">Actions</a>, Figures 4 and 7 under <a href=\"#training\">Training</a>, Figures 8, 10 and 11 \
             under <a href=\"#rollouts\">Roll-outs</a>; the values that those five show are not given here. <code>report.json</code> lists each number with ours under \
             <code>beside_the_paper</code>.</p>\n";
    html
}
