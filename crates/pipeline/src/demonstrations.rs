//! Demonstrations: recorded ones, or the expert's; tracked once, so that everything later sees what a picture shows and
//! nothing that only a simulator knows.

use std::path::Path;

use bc_policy::track_states;
use pusht_data::{Episode, Simulation, Source, demonstrate, open};
use pusht_env::{ExpertConfig, State};
use pusht_jobs::{Done, Hasher, JobContext, Key, Stage};
use rayon::prelude::*;
use report::{Picture, PictureGroup};
use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::config;
use crate::error::failed;
use crate::files::{read_json, write_json};
use crate::pictures::write_strip;

/// Longest episode of the expert, steps.
const EXPERT_STEPS: usize = 300;
/// Fewest frames that the longest demonstration must have.
const SHORTEST: usize = idm::WINDOW;
/// Demonstrations of which the report shows a film strip.
const SHOWN: usize = 3;

/// The expert's file in its stage.
const FILE: &str = "expert.jsonl";

/// Demonstrations that the expert plays.
pub(crate) struct PlayExpert<'a> {
    pub(crate) settings: &'a config::Demonstrations,
}

impl PlayExpert<'_> {
    fn wanted(&self) -> pusht_data::Demonstrations {
        pusht_data::Demonstrations {
            episodes: self.settings.episodes,
            first_seed: self.settings.first_seed,
            max_steps: EXPERT_STEPS,
            // As the human demonstrations were recorded: start e of theirs is seed e of ours.
            simulation: Simulation::DIFFUSION_POLICY,
            expert: ExpertConfig::default(),
            threads: 0,
        }
    }
}

impl Stage for PlayExpert<'_> {
    type Output = Source;
    type Error = PipelineError;

    fn name(&self) -> String {
        "demonstrations".to_owned()
    }

    fn inputs(&self) -> impl Serialize {
        (self.settings, self.wanted().expert)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let made = demonstrate(dir.join(FILE), &self.wanted(), ctx);
        made.map(drop).map_err(|e| failed("demonstrations")(&e))
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Source, PipelineError> {
        open(dir.join(FILE)).map_err(|e| failed("demonstrations")(&e))
    }
}

/// Demonstrations on the disk.
pub(crate) struct Recording {
    source: Source,
    /// As the report names them.
    name: String,
    /// What tells them from others.
    key: Key,
}

impl Recording {
    /// A data set of the user's.
    pub(crate) fn open(path: &Path) -> Result<Self, PipelineError> {
        let fail = failed("demonstrations");
        let source = open(path).map_err(|e| fail(&e))?;
        Ok(Self {
            name: format!("{} ({} episodes)", source.name(), source.len()),
            key: Key::external(fingerprint(&source).map_err(|e| fail(&e))?),
            source,
        })
    }

    /// What the expert has played.
    pub(crate) fn of_expert(played: Done<Source>) -> Self {
        Self {
            name: format!("expert, {} episodes", played.output.len()),
            key: played.key,
            source: played.output,
        }
    }

    /// All of them in memory.
    pub(crate) fn read(&self, ctx: &mut JobContext) -> Result<Vec<Episode>, PipelineError> {
        let fail = failed("demonstrations");
        let source = &self.source;
        let episodes = source.episodes(0..source.len(), ctx).map_err(|e| fail(&e))?;
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
        Ok(episodes)
    }
}

/// What tells one data set from another: its name and all of its actions.
fn fingerprint(source: &Source) -> Result<String, pusht_data::DataError> {
    let mut hasher = Hasher::new();
    hasher.bytes(source.name());
    for episode in 0..source.len() {
        let actions = source.actions(episode)?;
        hasher.bytes(actions.len().to_le_bytes());
        for x in actions.iter().flatten() {
            hasher.bytes(x.to_le_bytes());
        }
    }
    Ok(hasher.finish())
}

/// Agent and T in every frame; where one of them is not seen, the state before is kept.
pub(crate) struct Track<'a> {
    pub(crate) recording: &'a Recording,
    pub(crate) episodes: &'a [Episode],
}

#[derive(Serialize, Deserialize)]
struct Tracks(Vec<Vec<[f64; 5]>>);

impl Stage for Track<'_> {
    type Output = Vec<Vec<State>>;
    type Error = PipelineError;

    fn name(&self) -> String {
        "tracks".to_owned()
    }

    fn inputs(&self) -> impl Serialize {
        &self.recording.key
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let label = "track demonstrations";
        let fail = failed(label);
        let task = ctx.task(label, self.episodes.len());
        let mut all = Vec::with_capacity(self.episodes.len());
        // Enough at a time to keep the cores busy, few enough to show progress and to stop in between.
        for (chunk, batch) in self.episodes.chunks(16).enumerate() {
            task.check()?;
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
        write_json(&dir.join("tracks.json"), &Tracks(all))?;
        let mut first = self.episodes.iter().take(SHOWN).enumerate();
        first.try_for_each(|(i, episode)| write_strip(&dir.join(strip(i)), &episode.frames))
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Vec<Vec<State>>, PipelineError> {
        let Tracks(tracks) = read_json(&dir.join("tracks.json"))?;
        let states = |rows: Vec<_>| rows.into_iter().map(State::from_row).collect();
        Ok(tracks.into_iter().map(states).collect())
    }
}

/// The demonstrations of a run. `states` of an episode are tracked ones.
pub(crate) struct Demonstrations {
    pub(crate) name: String,
    pub(crate) episodes: Vec<Episode>,
    /// Recorded agent positions, where known, for the floor `next position`.
    pub(crate) recorded: Vec<Option<Vec<State>>>,
    /// Of the tracks.
    pub(crate) key: Key,
    pub(crate) pictures: Vec<Picture>,
}

impl Demonstrations {
    /// Puts the tracked states in place of recorded ones.
    pub(crate) fn new(recording: Recording, mut episodes: Vec<Episode>, tracks: Done<Vec<Vec<State>>>) -> Self {
        let recorded = episodes.iter().map(|e| e.states.clone()).collect();
        for (episode, states) in episodes.iter_mut().zip(tracks.output) {
            episode.states = Some(states);
        }
        let picture = |(i, episode): (usize, &Episode)| Picture {
            group: PictureGroup::Demonstrations,
            caption: format!("Demonstration {i}, {} steps", episode.len()),
            file: format!("{}/{}", tracks.name, strip(i)),
        };
        Self {
            name: recording.name,
            pictures: episodes.iter().take(SHOWN).enumerate().map(picture).collect(),
            episodes,
            recorded,
            key: tracks.key,
        }
    }
}

/// Film strip of a demonstration.
fn strip(index: usize) -> String {
    format!("strip_{index}.png")
}
