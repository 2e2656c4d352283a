//! Closed-loop roll-outs: every policy, the floors and the expert, from the same starts.

use std::path::Path;

use eval::{
    Picture, Protocol, RandomTarget, Role, RolloutConfig, RolloutRecord, Scores, Shows, StandStill, evenly, film,
    rollout,
};
use pusht_env::{ExpertConfig, ExpertPolicy, Policy};
use video_io::{FilmStrip, VideoOptions, film_strip, png_bytes, save_video};

use super::policy::TrainedPolicy;
use super::{Lab, Reference, failed};
use crate::PipelineError;
use crate::stage::{Stage, write};

const RECORD: &str = "rollouts.json";
const STRIP: &str = "strip.png";
const VIDEO: &str = "rollout.mp4";
/// Pictures in a film strip.
const PICTURES: usize = 12;

/// One policy of an arm, or of another kind.
pub(crate) fn policy(
    lab: &mut Lab<'_>,
    name: &str,
    seed: u64,
    trained: &TrainedPolicy,
    before: &Stage,
    pictures: &mut Vec<Picture>,
) -> Result<RolloutRecord, PipelineError> {
    let folder = format!("rollouts/{name}-{seed}");
    let config = config(lab, lab.config.rollout.episodes);
    let shown = lab.config.seeds.first() == Some(&seed);
    let stage = lab.stage(&folder, &(&lab.config.rollout, &before.hash), |lab, dir| {
        let mut policy = trained.load(lab)?;
        play(
            lab,
            dir,
            &format!("roll out {name}, seed {seed}"),
            &mut policy,
            &config,
            shown,
        )
    })?;
    if shown {
        show(
            pictures,
            &folder,
            &format!("Trained: {name}, seed {seed}"),
            lab.config.rollout.first_seed,
        );
    }
    read(&stage)
}

/// The floors and the ceiling, which need no training.
pub(crate) fn references(lab: &mut Lab<'_>, pictures: &mut Vec<Picture>) -> Result<Vec<Reference>, PipelineError> {
    let settings = lab.config.rollout.clone();
    let fail = failed("expert");
    let mut expert = ExpertPolicy::new(ExpertConfig::default()).map_err(|e| fail(&e))?;
    let mut references = Vec::new();
    let mut play_all = |name, what, role, episodes, policy: &mut dyn Policy| {
        if episodes == 0 {
            return Ok(());
        }
        let folder = format!("rollouts/{name}");
        let config = config(lab, episodes);
        let shown = role == Role::Ceiling;
        let stage = lab.stage(&folder, &(&settings, episodes), |lab, dir| {
            play(lab, dir, &format!("roll out {name}"), policy, &config, shown)
        })?;
        if shown {
            show(pictures, &folder, "The expert", settings.first_seed);
        }
        references.push(Reference {
            name,
            what,
            role,
            record: read(&stage)?,
        });
        Ok::<_, PipelineError>(())
    };
    play_all(
        "still",
        "stays where it starts",
        Role::Floor,
        settings.episodes,
        &mut StandStill::default(),
    )?;
    play_all(
        "random",
        "a new target at every step",
        Role::Floor,
        settings.episodes,
        &mut RandomTarget::new(0),
    )?;
    play_all(
        "expert",
        "plans with the simulator",
        Role::Ceiling,
        settings.expert_episodes,
        &mut expert,
    )?;
    Ok(references)
}

fn config(lab: &Lab<'_>, episodes: usize) -> RolloutConfig {
    let settings = &lab.config.rollout;
    RolloutConfig {
        episodes,
        steps: settings.steps,
        first_seed: settings.first_seed,
        ..RolloutConfig::of(Protocol::Paper)
    }
}

fn play(
    lab: &mut Lab<'_>,
    dir: &Path,
    label: &str,
    policy: &mut dyn Policy,
    config: &RolloutConfig,
    shown: bool,
) -> Result<(), PipelineError> {
    let fail = failed(label);
    let record = rollout(policy, config, lab.ctx).map_err(|e| fail(&e))?;
    let scores = Scores::with_limit(&record, Protocol::Paper, record.steps).map_err(|e| fail(&e))?;
    let rewards: f64 = scores.episodes.iter().map(|e| e.mean_reward).sum();
    lab.ctx.say(&format!(
        "{label}: {:.3} reward a step",
        rewards / scores.episodes.len().max(1) as f64
    ));
    record.write(&dir.join(RECORD)).map_err(|e| fail(&e))?;
    if shown {
        let frames = film(&record, 0, 96).map_err(|e| fail(&e))?;
        let strip = film_strip(&evenly(&frames, PICTURES), FilmStrip::new(PICTURES)).map_err(|e| fail(&e))?;
        write(&dir.join(STRIP), &png_bytes(&strip).map_err(|e| fail(&e))?)?;
        let options = VideoOptions {
            scale: 3,
            ..VideoOptions::default()
        };
        save_video(dir.join(VIDEO), &frames, options).map_err(|e| fail(&e))?;
    }
    Ok(())
}

fn show(pictures: &mut Vec<Picture>, folder: &str, who: &str, start: u64) {
    for file in [STRIP, VIDEO] {
        pictures.push(Picture {
            shows: Shows::Rollouts,
            caption: format!("{who}, start {start}"),
            file: format!("{folder}/{file}"),
        });
    }
}

fn read(stage: &Stage) -> Result<RolloutRecord, PipelineError> {
    RolloutRecord::read(&stage.dir.join(RECORD)).map_err(|e| failed("roll-outs")(&e))
}
