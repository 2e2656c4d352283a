//! One clip: its scores with their reasons, and film strips of its findings.

use std::path::Path;

use clip_audit::{ClipAudit, Finding, Kind, ScaleScore, VideoAudit};
use clip_review::{ClipVerdict, Execution, ShownStrip};
use maud::{Markup, html};

use crate::html::{data_uri, soft};

/// The section of an audited clip with index `index`.
pub(super) fn clip(index: usize, clip: &ClipVerdict, video: &VideoAudit, folder: &Path) -> Markup {
    let audit = &video.audit;
    let [width, height] = video.size;
    html! {
        h3 id={ "c" (index) } { (clip.name) }
        (soft(&format!(
            "{}, {width} × {height}, {} frames; board found with a residual of {:.1} levels",
            video.codec, audit.frames, video.registration.residual
        )))
        ul {
            (because("adherence", &audit.scores.adherence))
            (because("responsibility", &audit.scores.responsibility))
            (because("physics", &audit.scores.physics))
            li { "replay: " (played(clip.execution.as_ref())) }
        }
        @for strip in &clip.strips { (figure(strip, audit, folder)) }
        (rest(audit, clip))
    }
}

fn because(name: &str, score: &ScaleScore) -> Markup {
    html! {
        li {
            (name) " " b { (score.value) } ": " (score.why)
            @if !score.frames.is_empty() { " (frames " (ranges(&score.frames)) ")" }
        }
    }
}

/// Text on whether the clip's actions reproduce it.
fn played(replay: Option<&Execution>) -> String {
    let Some(replay) = replay else {
        return "agent or T are not seen long enough".to_owned();
    };
    let follows = if replay.diverged {
        format!(
            "follows it for {} of {} steps and then diverges",
            replay.steps_to_divergence, replay.steps
        )
    } else {
        format!("follows it for all {} steps", replay.steps)
    };
    format!(
        "played in the exact simulator from the clip's first frame, its actions make a T that {follows} (20 px or 20°); at the \
         end {:.2} of the goal is covered in the clip, {:.2} in the simulator",
        replay.coverage.clip, replay.coverage.replay
    )
}

fn figure(strip: &ShownStrip, audit: &ClipAudit, folder: &Path) -> Markup {
    let finding = strip.finding.and_then(|k| audit.findings.get(k));
    let numbers: Vec<String> = strip.frames.iter().map(ToString::to_string).collect();
    let caption = finding.map_or_else(|| "no findings".to_owned(), said);
    html! {
        figure.pixels {
            @match std::fs::read(folder.join(&strip.file)) {
                Ok(bytes) => { img alt="film strip" src=(data_uri("image/png", &bytes)); },
                Err(_) => { p { (strip.file) " is missing" } },
            }
            figcaption { (caption) "; frames " (numbers.join(", ")) }
        }
    }
}

/// The findings that no strip shows.
fn rest(audit: &ClipAudit, clip: &ClipVerdict) -> Markup {
    let shown: Vec<usize> = clip.strips.iter().filter_map(|s| s.finding).collect();
    let left = audit.findings.iter().enumerate().filter(|(k, _)| !shown.contains(k));
    let left: Vec<&Finding> = left.map(|(_, finding)| finding).collect();
    html! {
        @if !left.is_empty() {
            ul.soft { @for finding in left { li { (said(finding)) } } }
        }
    }
}

fn said(finding: &Finding) -> String {
    let Finding {
        kind,
        frames,
        value,
        threshold,
        ..
    } = finding;
    format!(
        "{}: frames {}, measured {value:.2}, limit {threshold:.2}{}",
        kind.description(),
        ranges(&[*frames]),
        unit(*kind)
    )
}

/// Unit of the measure of a kind of finding (docs/audit.md).
fn unit(kind: Kind) -> &'static str {
    match kind {
        Kind::AgentJump | Kind::BlockJump | Kind::MotionWithoutContact => " px of 512",
        Kind::SeveralAgents => " discs",
        Kind::AgentGone => " of a disc missing",
        Kind::BlockSplit => " pieces",
        Kind::Noise => " levels of 255",
        _ => "",
    }
}

fn ranges(frames: &[[usize; 2]]) -> String {
    let range = |[a, b]: &[usize; 2]| if a == b { a.to_string() } else { format!("{a}–{b}") };
    frames.iter().map(range).collect::<Vec<_>>().join(", ")
}
