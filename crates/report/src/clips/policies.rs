//! Summary of an experiment with policies trained on the clips.

use clip_review::Policies;
use eval::Role;
use maud::{Markup, html};

use crate::html::{Table, answer, badge, count, interval, percent, signed, warning};

/// The verdict, its comparisons and the arms.
pub(super) fn policies(of: &Policies) -> Markup {
    html! {
        @if let Some(text) = &of.warning { (warning(text)) }
        (answer(&of.verdict.sentence(), None))
        (comparisons(of))
        (arms(of))
        p.soft {
            "Policies were trained alike on each arm's frames and rolled out from the same starts; 95 % intervals over training \
             seeds and starts. How, with curves and films: " a href=(of.page) { (of.page) } "."
        }
    }
}

fn comparisons(of: &Policies) -> Markup {
    let head = ["comparison", "answer", "difference in mean reward a step", "because"];
    let mut table = Table::new(&head).text(&[1, 2, 3]);
    for c in of.verdict.comparisons() {
        let arms = format!("{} against {}", c.treatment, c.control);
        table.row("", &[&arms, &badge(c.outcome), &signed(c.difference), &c.reason]);
    }
    table.html()
}

fn arms(of: &Policies) -> Markup {
    let mut table = Table::new(&[
        "arm",
        "what it is",
        "training frames",
        "mean reward a step",
        "maximum reward",
        "solved, %",
    ])
    .text(&[1]);
    for arm in &of.arms {
        let (class, role) = match arm.role {
            Role::Trained => ("", ""),
            Role::Floor => ("floor", " (floor)"),
            Role::Ceiling => ("ceiling", " (ceiling)"),
        };
        table.row(
            class,
            &[
                &format!("{}{role}", arm.name),
                &arm.what,
                &arm.frames.map_or("–".to_owned(), count),
                &interval(arm.mean_reward, 3),
                &interval(arm.max_reward, 3),
                &interval(percent(arm.solved), 0),
            ],
        );
    }
    table.html()
}
