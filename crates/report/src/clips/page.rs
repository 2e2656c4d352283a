//! The page: all clips together, then each of them.

use std::path::Path;

use clip_review::{ClipVerdict, LabelSummary, Totals, Verdicts};
use maud::{Markup, html};

use super::clip::clip;
use super::markdown::markdown;
use super::policies::policies;
use crate::html::{Table, Width, answer, count, page, section, soft};

const LEGEND: &str = "Pushed: the share of the T's path that pushes of the agent explain in the simulator. Coverage: of the goal \
    by the T in the last frame. Reproduced: of the steps in which the T is pushed or moves at a touch, those that the simulator \
    reproduces when it is put into the state of the frame before. Replay: the actions extracted from the clip are played in the \
    exact simulator from its first frame on; for so many steps its T stays within 20 px and 20° of the clip's. Coverage there: of \
    the goal at the end of that replay. \
    Trusted: frames with an action that could be trained on. Pixels are those of the 512 × 512 board.";

/// Renders the page. Images are read from `folder`; the names of missing ones are shown in their place.
pub(super) fn clips_page(verdicts: &Verdicts, folder: &Path) -> String {
    let totals = &verdicts.totals;
    let distribution = verdicts.distribution.as_ref().and_then(|d| d.markdown().ok());
    let beside_real = (distribution.is_some() || verdicts.fvd.is_some()).then(|| {
        html! {
            @if let Some(text) = &distribution { (markdown(text)) }
            @if let Some(fvd) = &verdicts.fvd { p { (fvd.text()) } }
        }
    });
    let notes = (!verdicts.notes.is_empty()).then(|| html! { ul { @for note in &verdicts.notes { li { (note) } } } });
    let contents = [
        (
            "policies",
            "Do they help a policy?",
            verdicts.policies.as_ref().map(policies),
        ),
        ("scales", "The paper's scales, by rules", Some(scales(totals))),
        ("clips", "Clips", Some(html! { (table(verdicts)) (soft(LEGEND)) })),
        ("real", "Beside real ones", beside_real),
        (
            "people",
            "What people say",
            verdicts.people.as_ref().map(|people| markdown(&people.text)),
        ),
        (
            "judge",
            "What a model sees",
            verdicts.judged.as_ref().map(|judged| markdown(&judged.text)),
        ),
        ("notes", "What could not be done", notes),
        ("each", "Clip by clip", Some(each(verdicts, folder))),
    ];
    let contents: Vec<(&str, &str, Markup)> = (contents.into_iter())
        .filter_map(|(id, title, body)| Some((id, title, body?)))
        .collect();
    let (frames, trusted) = (count(totals.frames.frames), count(totals.frames.trusted));
    let diverged = totals
        .steps_to_divergence
        .map(|steps| format!("; median steps to divergence {steps}"));
    let body = html! {
        div.soft {
            (totals.tally()) "; " (frames) " frames at 10 per second, " (trusted)
            " with an action that can be trusted" (diverged.unwrap_or_default())
        }
        nav { @for (id, title, _) in &contents { a href={ "#" (id) } { (title) } } }
        (answer(&verdicts.sentence(), None))
        @for (id, title, body) in &contents { (section(id, title, body)) }
    };
    page(
        "PushT clips: verdicts",
        "What these clips are worth",
        Width::Tables,
        &body,
    )
}

/// The three scales, and the number of clips with each kind of finding.
fn scales(totals: &Totals) -> Markup {
    let mut table = Table::new(&["scale", "mean", "clips by points"]).text(&[2]);
    let mut points = |name: &str, counts: &[usize], first: usize| {
        let read: usize = counts.iter().sum();
        let sum: usize = counts.iter().enumerate().map(|(k, n)| n * (k + first)).sum();
        let mean = match read {
            0 => "–".to_owned(),
            read => format!("{:.2}", sum as f64 / read as f64),
        };
        let cells = counts.iter().enumerate().map(|(k, n)| format!("{}: {n}", k + first));
        table.row("", &[&name, &mean, &cells.collect::<Vec<_>>().join(" · ")]);
    };
    points("adherence to the task, 0–2", &totals.adherence, 0);
    points("agent responsibility, 0–1", &totals.responsibility, 0);
    points("physics, 1–5", &totals.physics, 1);
    let mut kinds = Table::new(&["what is found", "clips"]);
    for (kind, clips) in &totals.findings {
        kinds.row("", &[&kind.description(), clips]);
    }
    html! {
        (table.html())
        @if totals.no_board > 0 {
            (soft(&format!("{} without a PushT board count here with the lowest scores.", totals.no_board)))
        }
        @if !totals.findings.is_empty() {
            (kinds.html())
        } @else if totals.no_board + totals.failed < totals.clips {
            p { (without_findings(totals)) }
        }
    }
}

/// A sentence for clips without findings: a replay that diverges is not one.
fn without_findings(totals: &Totals) -> String {
    let executed = totals.executed;
    match executed.played - executed.followed.min(executed.played) {
        0 => "Nothing is wrong with any of the clips that show a board.".to_owned(),
        diverged => format!(
            "There is no finding in any of the clips that show a board, but {diverged} of {} diverge from the replay of their \
             actions in the simulator.",
            executed.played
        ),
    }
}

fn table(verdicts: &Verdicts) -> Markup {
    let mut table = Table::new(&[
        "clip",
        "frames",
        "adherence",
        "responsibility",
        "physics",
        "pushed",
        "coverage",
        "main finding",
        "reproduced",
        "replay",
        "coverage there",
        "trusted",
    ])
    .text(&[7, 9]);
    for (index, clip) in verdicts.clips.iter().enumerate() {
        row(&mut table, index, clip, verdicts.labels.get(index));
    }
    table.html()
}

fn row(table: &mut Table, index: usize, clip: &ClipVerdict, labels: Option<&LabelSummary>) {
    let Some(audit) = clip.audit.as_ref().map(|a| &a.audit) else {
        let error = clip.error.as_deref().unwrap_or("not read");
        let scores = if clip.no_board {
            "No PushT board, so the lowest scores (0, 0, 1): "
        } else {
            ""
        };
        return table.spanned(&clip.name, &format!("{scores}{error}"));
    };
    let name = html! { a href={ "#c" (index) } { (clip.name) } };
    let coverage = audit
        .progress
        .map_or("–".to_owned(), |r| format!("{:.2}", r.last_coverage));
    let [replay, coverage_there] = clip.execution.as_ref().map_or(["–".to_owned(), "–".to_owned()], |e| {
        let steps = if e.diverged {
            format!("diverges after {} of {}", e.steps_to_divergence, e.steps)
        } else {
            format!("all {}", e.steps)
        };
        [steps, format!("{:.2}", e.coverage.replay)]
    });
    let trusted = labels.map_or("–".to_owned(), |l| {
        format!("{} of {}", l.frames.trusted, l.frames.frames)
    });
    let scores = &audit.scores;
    table.row(
        "",
        &[
            &name,
            &audit.frames,
            &scores.adherence.value,
            &scores.responsibility.value,
            &scores.physics.value,
            &format!("{:.0} %", 100.0 * audit.motion.share()),
            &coverage,
            &audit.main().map_or("–", |k| k.description()),
            &audit.steps.map_or("–".to_owned(), |steps| {
                format!("{} of {}", steps.reproduced, steps.moving)
            }),
            &replay,
            &coverage_there,
            &trusted,
        ],
    );
}

/// The sections of all audited clips.
fn each(verdicts: &Verdicts, folder: &Path) -> Markup {
    html! {
        (soft("Frames with a red bar belong to the finding, those with a gray bar stand around it; the box is where it was \
               measured, an orange outline the T as the simulator has it."))
        @for (index, of) in verdicts.clips.iter().enumerate() {
            @if let Some(audit) = &of.audit { (clip(index, of, audit, folder)) }
        }
    }
}
