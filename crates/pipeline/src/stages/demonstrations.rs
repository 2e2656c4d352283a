//! Demonstrations: recorded ones, or the expert's; tracked once, so that everything later sees what a picture shows and
//! nothing that only a simulator knows.

use std::path::Path;

use bc_policy::track_states;
use eval::{Picture, Shows, evenly};
use pusht_data::{Episode, Simulation, Source, Split, demonstrate, open};
use pusht_env::{ExpertConfig, Frame, State};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use video_io::{FilmStrip, film_strip, png_bytes};

use super::{Lab, failed};
use crate::PipelineError;
use crate::stage::{Stage, read_json, write, write_json};

/// Longest episode of the expert, steps.
const EXPERT_STEPS: usize = 300;
/// Fewest frames that the longest demonstration must have.
const SHORTEST: usize = idm::WINDOW;
/// Pictures in a film strip.
const STRIP: usize = 12;

/// The demonstrations of a run. `states` of an episode are tracked ones.
pub(crate) struct Demonstrations {
    pub(crate) name: String,
    pub(crate) episodes: Vec<Episode>,
    /// Recorded agent positions, where known, for the floor `next position`.
    pub(crate) recorded: Vec<Option<Vec<State>>>,
    pub(crate) stage: Stage,
    pub(crate) pictures: Vec<Picture>,
}

#[derive(Serialize, Deserialize)]
struct Tracks(Vec<Vec<[f64; 5]>>);

pub(crate) fn run(lab: &mut Lab<'_>, data: Option<&Path>) -> Result<Demonstrations, PipelineError> {
    let fail = failed("demonstrations");
    let (source, name, hash) = match data {
        Some(path) => {
            let source = open(path).map_err(|e| fail(&e))?;
            let name = format!("{} ({} episodes)", source.name(), source.len());
            let fingerprint = fingerprint(&source).map_err(|e| fail(&e))?;
            (source, name, fingerprint)
        }
        None => expert(lab)?,
    };
    let mut episodes = source.episodes(0..source.len(), lab.ctx).map_err(|e| fail(&e))?;
    for episode in &episodes {
        episode.check().map_err(|e| fail(&e))?;
    }
    let longest = episodes.iter().map(Episode::len).max().unwrap_or(0);
    if episodes.len() < 3 || longest < SHORTEST {
        return Err(fail(&format!(
            "{} demonstrations, the longest with {longest} frames; expected at least 3 (for training, validation and \
             test part) and {SHORTEST} frames (the window of the inverse dynamics)",
            episodes.len()
        )));
    }
    let recorded: Vec<Option<Vec<State>>> = episodes.iter().map(|e| e.states.clone()).collect();
    let stage = lab.stage("tracks", &hash, |lab, dir| {
        let states = track(lab, "track demonstrations", &episodes)?;
        write_json(&dir.join("tracks.json"), &Tracks(states))?;
        strips(dir, &episodes)
    })?;
    let Tracks(tracks) = read_json(&stage.dir.join("tracks.json"))?;
    for (episode, rows) in episodes.iter_mut().zip(tracks) {
        episode.states = Some(rows.into_iter().map(State::from_row).collect());
    }
    let pictures = (0..episodes.len().min(3))
        .map(|i| Picture {
            shows: Shows::Demonstrations,
            caption: format!("Demonstration {i}, {} steps", episodes[i].len()),
            file: format!("tracks/strip_{i}.png"),
        })
        .collect();
    Ok(Demonstrations {
        name,
        episodes,
        recorded,
        stage,
        pictures,
    })
}

fn expert(lab: &mut Lab<'_>) -> Result<(Source, String, String), PipelineError> {
    let fail = failed("demonstrations");
    let settings = lab.config.demonstrations.clone();
    let wanted = pusht_data::Demonstrations {
        episodes: settings.episodes,
        first_seed: settings.first_seed,
        max_steps: EXPERT_STEPS,
        // As the human demonstrations were recorded: start e of theirs is seed e of ours.
        simulation: Simulation::DIFFUSION_POLICY,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    let file = "expert.jsonl";
    let stage = lab.stage("demonstrations", &(&settings, wanted.expert), |lab, dir| {
        demonstrate(dir.join(file), &wanted, lab.ctx).map_err(|e| fail(&e))?;
        Ok(())
    })?;
    let source = open(stage.dir.join(file)).map_err(|e| fail(&e))?;
    Ok((source, format!("expert, {} episodes", settings.episodes), stage.hash))
}

/// What tells one data set from another: its name and all of its actions.
fn fingerprint(source: &Source) -> Result<String, pusht_data::DataError> {
    use sha2::{Digest, Sha256};
    let mut sha = Sha256::new();
    sha.update(source.name());
    for episode in 0..source.len() {
        let actions = source.actions(episode)?;
        sha.update(actions.len().to_le_bytes());
        for x in actions.iter().flatten() {
            sha.update(x.to_le_bytes());
        }
    }
    Ok(sha.finalize().iter().map(|b| format!("{b:02x}")).collect())
}

/// Tracks every frame of every episode; where agent or T is not seen, the state before is kept.
fn track(lab: &mut Lab<'_>, label: &str, episodes: &[Episode]) -> Result<Vec<Vec<[f64; 5]>>, PipelineError> {
    let fail = failed(label);
    let task = lab.ctx.task(label, episodes.len());
    let mut all = Vec::with_capacity(episodes.len());
    // Enough at a time to keep the cores busy, few enough to show progress and to stop in between.
    for (chunk, batch) in episodes.chunks(16).enumerate() {
        task.check().map_err(|e| fail(&e))?;
        let tracked: Result<Vec<_>, PipelineError> = batch
            .par_iter()
            .enumerate()
            .map(|(i, episode)| {
                let states = track_states(chunk * 16 + i, &episode.frames, episode.goal).map_err(|e| fail(&e))?;
                Ok(states.iter().map(|state| state.to_row()).collect())
            })
            .collect();
        all.extend(tracked?);
        task.advance_to(all.len(), "");
    }
    task.finish(&format!("{} episodes", all.len()));
    Ok(all)
}

/// Film strips of the first episodes.
fn strips(dir: &Path, episodes: &[Episode]) -> Result<(), PipelineError> {
    let mut first = episodes.iter().take(3).enumerate();
    first.try_for_each(|(i, episode)| strip(dir, i, &episode.frames))
}

/// Number `index` of the film strips of a stage.
pub(super) fn strip(dir: &Path, index: usize, frames: &[Frame]) -> Result<(), PipelineError> {
    let fail = failed("film strips");
    let strip = film_strip(&evenly(frames, STRIP), FilmStrip::new(STRIP)).map_err(|e| fail(&e))?;
    let bytes = png_bytes(&strip).map_err(|e| fail(&e))?;
    write(&dir.join(format!("strip_{index}.png")), &bytes)
}

/// Training, validation and test part, before anything else looks at the data.
pub(crate) fn split(lab: &mut Lab<'_>, demos: &Demonstrations) -> Result<(Split, Stage), PipelineError> {
    let settings = lab.config.split.clone();
    let lengths: Vec<usize> = demos.episodes.iter().map(Episode::len).collect();
    let stage = lab.stage("split", &(&settings, &demos.stage.hash), |_, dir| {
        let split = Split::new(&lengths, settings.protocol, 1, settings.seed).map_err(|e| failed("split")(&e))?;
        write_json(&dir.join("split.json"), &split)
    })?;
    Ok((read_json(&stage.dir.join("split.json"))?, stage))
}
