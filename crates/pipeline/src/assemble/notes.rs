//! Caveats in the report.

use eval::{Arm, GeneratorKind};

use pusht_jobs::counted;

use super::results::Results;
use crate::Config;
use crate::arms::{ClipSet, DEMO, DEMO_MATCHED, GENERATED};
use crate::config::{ClipEnds, VideoChoice};

pub(super) fn notes(config: &Config, results: &Results, arms: &[Arm], other_build: &[&str]) -> Vec<String> {
    let mut notes = match results.source.generator.kind {
        GeneratorKind::ObjectLatent => vec![
            "The generator is an object-latent model: it makes poses, which the renderer draws. Its shapes cannot morph, \
             its T can still move without contact, and its prompt is ignored."
                .to_owned(),
        ],
        GeneratorKind::Pixel | GeneratorKind::Unknown => Vec::new(),
    };
    if config.video.begins_anew() {
        notes.push(
            "The clips begin at resets at which no demonstration begins, and end with the T on its goal. The real clips of the \
             controls are whole episodes of the pool; where the expert played them, they begin at the same resets."
                .to_owned(),
        );
    } else if config.video.ends == ClipEnds::NewStarts && !matches!(config.video.model, VideoChoice::Clips(_)) {
        notes.push(format!(
            "video.ends is new-starts, but {} does not bring the T to its goal by itself: its clips are between frames of \
             demonstrations.",
            config.video.model
        ));
    }
    let [frames, trusted] = results.clip_frames;
    if trusted < frames {
        notes.push(format!(
            "Of the {frames} frames of clips, {trusted} have actions that can be trusted (docs/labeling.md); the others, \
             the last of each clip among them, are left out."
        ));
    }
    let frames = |name: &str| {
        let arm = arms.iter().find(|arm| arm.name == name)?;
        arm.data.as_ref().map(|data| data.frames)
    };
    if frames(DEMO_MATCHED.name) < frames(GENERATED.name) {
        notes.push(
            "The clips have more training frames than the demonstrations: demo-matched has all frames of the \
             demonstrations, and fewer than generated."
                .to_owned(),
        );
    }
    let beside = |name: &str| Some(frames(name)?.saturating_sub(frames(DEMO.name)?));
    for arm in results
        .arms
        .iter()
        .map(|trained| trained.arm)
        .filter(|arm| arm.doses > 0.0)
    {
        let wanted = results.dataset.frames_of(arm.doses);
        if let Some(found) = beside(arm.name).filter(|&found| found < wanted) {
            notes.push(format!(
                "{} has {} of clips beside the demonstrations, not {wanted}: there are no more whose actions can be trusted{}.",
                arm.name,
                counted(found, "frame"),
                if arm.needs.contains(&ClipSet::Real) {
                    " in the pool (demonstrations.pool)"
                } else {
                    ""
                }
            ));
        }
    }
    if !other_build.is_empty() {
        notes.push(format!(
            "Kept from a run of another build of the program, whose code may have differed: {}. Remove these folders and \
             run again to make them anew.",
            other_build.join(", ")
        ));
    }
    if config.rollout.expert_episodes < config.rollout.episodes {
        notes.push(match config.rollout.expert_episodes {
            0 => "The expert did not play.".to_owned(),
            1 => "The expert played the first of the starts only.".to_owned(),
            some => format!("The expert played the first {some} of the starts only."),
        });
    }
    if config.seeds.len() < 10 {
        notes.push(format!(
            "Intervals are bootstrapped over {} × starts. With so few seeds they are too narrow where seeds differ \
             more than starts do (docs/metrics.md); --set seeds=[0,1,2,3,4,5,6,7,8,9] tightens what can be said.",
            counted(config.seeds.len(), "training seed")
        ));
    }
    notes
}
