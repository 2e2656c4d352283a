//! The verdict, the chart of arms and their table.

use super::super::Report;
use super::super::fill::{fit_own, fit_recorded, played};
use super::super::table::{Table, count, interval, number};
use super::figure;
use crate::plot::{DotRow, Mark, arm_colour, dot_chart, escape};
use eval::{Arm, Comparison, Outcome, Role};
use traj_metrics::Interval;

/// The box above everything.
pub fn warning(text: &str) -> String {
    format!("<p class=\"warning\">{}</p>\n", escape(text))
}

/// The sentence, and the comparisons behind it.
pub fn verdict(report: &Report) -> String {
    let v = &report.verdict;
    let mut table = Table::new(&["Question", "Answer", "Difference in mean reward per step", "Because"]);
    let questions = [
        "Does adding generated data to the demonstrations help?",
        "Does it stand in for as many demonstrations?",
        "Do extracted actions serve as well as the recorded ones?",
    ];
    for (question, c) in questions.into_iter().zip(v.comparisons()) {
        let names = format!(
            "{question}<small>{} against {}</small>",
            escape(&c.treatment),
            escape(&c.control)
        );
        table.row("left", &[names, badge(c), signed(c.difference), escape(&c.reason)]);
    }
    format!(
        "<div class=\"verdict\">\n<p>{}</p>\n{}</div>\n<p class=\"soft\">The rule was fixed beforehand. An interval above 0 \
         says <i>helps</i>, below 0 <i>hurts</i>; within ±{margin} of reward a step it says <i>no difference shown</i>; one \
         that holds 0 and reaches beyond ±{margin} is <i>uninformative</i>. So is everything when the lower bound of \
         <i>demo</i> ({low}) is not {above} above standing still ({still}).</p>\n",
        escape(&v.sentence()),
        table.html(),
        margin = v.margin,
        above = v.above_floor,
        low = number(Some(v.demo.low), 3),
        still = number(Some(v.standing_still), 3),
    )
}

fn badge(c: &Comparison) -> String {
    let class = match c.outcome {
        Outcome::Helps => "helps",
        Outcome::Hurts => "hurts",
        Outcome::NoDifference => "no-difference",
        Outcome::Uninformative => "uninformative",
    };
    format!("<span class=\"badge {class}\">{}</span>", c.outcome.words())
}

fn signed(i: Interval) -> String {
    let sign = |x: f64| format!("{x:+.3}").replace('-', "−");
    format!(
        "<b>{}</b> <span class=\"ci\">[{}, {}]</span>",
        sign(i.mean),
        sign(i.low),
        sign(i.high)
    )
}

/// Chart and table of all arms, and how to read them.
pub fn results(report: &Report) -> String {
    let m = &report.method;
    let protocol = format!(
        "protocol {}: {} episodes a policy{}, {} steps, start seeds {} to {}",
        m.protocol,
        m.episodes,
        fewer(report),
        m.steps,
        m.start_seeds[0],
        m.start_seeds[1]
    );
    let mut html = figure(
        &chart(report),
        &format!(
            "Mean reward per step with 95 % interval ({protocol}); small dots: single training seeds. Dashed lines: what \
             needs no training."
        ),
    );
    html += &arms_table(report);
    html += &format!(
        "<p class=\"soft\">All roll-outs under {}. MSE in px² of the 512 board, the mean over x and y and over training \
         seeds; episodes: training seeds × starts; shaded rows need no training.</p>\n",
        escape(&protocol)
    );
    html += "<h3>How to read this</h3>\n<p>The reward is the share of the goal that the T covers, over 0.95, at most 1; an \
         episode with more than 0.95 covered is solved, ends, and keeps its reward of 1 for the steps that remain. The T \
         already covers some of the goal at many starts, so a policy that never moves scores above 0: only what exceeds \
         <i>still</i> was learned. Intervals are bootstrapped over training seeds and starts, differences on the same \
         starts; with few seeds they are rather too narrow. A small test MSE says that a policy predicts its labels, not \
         that it pushes the T: where labels are wrong (<i>idm</i>, <i>generated</i>), compare the error against recorded \
         actions.</p>\n";
    html
}

/// The arms that played fewer of the starts than the others, e.g. ` (expert: first 20)`.
fn fewer(report: &Report) -> String {
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

fn chart(report: &Report) -> String {
    let rows: Vec<DotRow> = trained(report)
        .map(|arm| DotRow {
            name: arm.name.clone(),
            colour: arm_colour(&arm.name),
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

pub(super) fn trained(report: &Report) -> impl Iterator<Item = &Arm> {
    report.arms.iter().filter(|a| a.role == Role::Trained)
}

fn arms_table(report: &Report) -> String {
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
        ("Roll-outs, 95 % intervals", 4),
    ]);
    for arm in &report.arms {
        let [own_mse, own_r2] = fit_own(arm);
        let [recorded_mse, recorded_r2] = fit_recorded(arm);
        let [played, mean_reward, max_reward, solved] = rollout_cells(arm);
        table.row(
            class(arm.role),
            &[
                format!("{}<small>{}</small>", escape(&arm.name), escape(&arm.what)),
                arm.data.as_ref().map_or("–".to_owned(), |d| count(d.frames)),
                number(own_mse, 0),
                number(own_r2, 4),
                number(recorded_mse, 0),
                number(recorded_r2, 4),
                number(arm.over_seeds(|t| t.validation_mse), 0),
                played,
                mean_reward,
                max_reward,
                solved,
            ],
        );
    }
    table.html()
}

/// How a row of this role is drawn.
pub(super) fn class(role: Role) -> &'static str {
    match role {
        Role::Trained => "trained",
        Role::Floor => "floor",
        Role::Ceiling => "ceiling",
    }
}

/// Episodes, mean and maximum reward, and the share solved in %.
pub(super) fn rollout_cells(arm: &Arm) -> [String; 4] {
    let percent = |share: Interval| Interval {
        mean: share.mean * 100.0,
        low: share.low * 100.0,
        high: share.high * 100.0,
    };
    [
        played(arm),
        interval(arm.mean_reward, 3),
        interval(arm.max_reward, 3),
        interval(percent(arm.success), 0),
    ]
}
