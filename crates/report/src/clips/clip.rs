//! One clip: its scores with their reasons, and film strips of its findings.

use std::path::Path;

use clip_audit::{ClipAudit, Finding, ScaleScore, VideoAudit};
use clip_review::{ClipVerdict, Execution, ShownStrip};
use maud::{Markup, html};

use crate::html::{data_uri, soft};

/// The section of an audited clip with index `index`.
pub(super) fn clip(index: usize, clip: &ClipVerdict, video: &VideoAudit, folder: &Path) -> Markup {
    let audit = &video.audit;
    html! {
        h3 id={ "c" (index) } { (clip.name) }
        (soft(&format!(
            "{}, {}, {} frames; board found with a residual of {:.1} levels",
            video.codec, video.size, audit.frames, video.registration.residual
        )))
        ul {
            (because("adherence", &audit.scores.adherence))
            (because("responsibility", &audit.scores.responsibility))
            (because("physics", &audit.scores.physics))
            li { "replay: " (played(clip.execution.as_ref())) }
        }
        @for strip in &clip.strips { (figure(strip, audit, clip.execution.as_ref(), folder)) }
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

fn figure(strip: &ShownStrip, audit: &ClipAudit, replay: Option<&Execution>, folder: &Path) -> Markup {
    let finding = strip.finding.and_then(|k| audit.findings.get(k));
    let numbers: Vec<String> = strip.frames.iter().map(ToString::to_string).collect();
    let caption = finding.map_or_else(|| without_findings(replay), ToString::to_string);
    html! {
        figure.pixels {
            @match pusht_jobs::read_file(folder.join(&strip.file)) {
                Ok(bytes) => { img alt="film strip" src=(data_uri("image/png", &bytes)); },
                Err(_) => { p { (strip.file) " is missing" } },
            }
            figcaption { (caption) "; frames " (numbers.join(", ")) }
        }
    }
}

/// A caption for a clip without findings: a replay that diverges is not one.
fn without_findings(replay: Option<&Execution>) -> String {
    match replay.filter(|replay| replay.diverged) {
        None => "no findings".to_owned(),
        Some(replay) => format!(
            "no findings, but the replay diverges after {} of {} steps",
            replay.steps_to_divergence, replay.steps
        ),
    }
}

/// The findings that no strip shows.
fn rest(audit: &ClipAudit, clip: &ClipVerdict) -> Markup {
    let shown: Vec<usize> = clip.strips.iter().filter_map(|s| s.finding).collect();
    let left = audit.findings.iter().enumerate().filter(|(k, _)| !shown.contains(k));
    let left: Vec<&Finding> = left.map(|(_, finding)| finding).collect();
    html! {
        @if !left.is_empty() {
            ul.soft { @for finding in left { li { (finding.to_string()) } } }
        }
    }
}

fn ranges(frames: &[impl ToString]) -> String {
    frames.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
