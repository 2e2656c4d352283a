//! What policies make of the clips: the experiment's answer in short.

use clip_review::Policies;
use eval::Role;
use traj_metrics::Interval;

use super::page::{escape, table};

/// What policies make of the clips.
pub(super) fn policies(of: &Policies) -> String {
    let comparisons: String = (of.verdict.comparisons())
        .map(|c| {
            format!(
                "<tr><th scope=\"row\">{} against {}</th><td class=\"text\">{}</td><td>{}</td><td class=\"text\">{}</td></tr>\n",
                escape(&c.treatment),
                escape(&c.control),
                c.outcome.words(),
                interval(c.difference, true),
                escape(&c.reason)
            )
        })
        .collect();
    let arms: String = (of.arms.iter())
        .map(|arm| {
            let role = match arm.role {
                Role::Trained => "",
                Role::Floor => " (floor)",
                Role::Ceiling => " (ceiling)",
            };
            let solved = Interval {
                mean: 100.0 * arm.solved.mean,
                low: 100.0 * arm.solved.low,
                high: 100.0 * arm.solved.high,
            };
            format!(
                "<tr><th scope=\"row\">{}{role}</th><td class=\"text\">{}</td><td>{}</td><td>{}</td><td>{}</td><td>{:.0} [{:.0}, {:.0}]</td></tr>\n",
                escape(&arm.name),
                escape(&arm.what),
                arm.frames.map_or("–".to_owned(), |frames| frames.to_string()),
                interval(arm.mean_reward, false),
                interval(arm.max_reward, false),
                solved.mean,
                solved.low,
                solved.high
            )
        })
        .collect();
    let warning = of
        .warning
        .as_ref()
        .map_or_else(String::new, |w| format!("<p><b>{}</b></p>\n", escape(w)));
    format!(
        "<h2>Do they help a policy?</h2>\n{warning}<div class=\"answer\">{}</div>\n{}{}\
         <p class=\"soft\">Policies were trained alike on each arm's frames and rolled out from the same starts; 95 % \
         intervals over training seeds and starts. How, with curves and films: <a href=\"{page}\">{page}</a>.</p>\n",
        escape(&of.verdict.sentence()),
        table(
            &["comparison", "answer", "difference in mean reward a step", "because"],
            &comparisons
        ),
        table(
            &[
                "arm",
                "what it is",
                "training frames",
                "mean reward a step",
                "maximum reward",
                "solved, %"
            ],
            &arms
        ),
        page = escape(&of.page),
    )
}

fn interval(i: Interval, signed: bool) -> String {
    let number = |x: f64| {
        let text = if signed { format!("{x:+.3}") } else { format!("{x:.3}") };
        text.replace('-', "−")
    };
    format!("{} [{}, {}]", number(i.mean), number(i.low), number(i.high))
}
