//! Demonstrations: recorded ones, or the expert's. They are tracked once, so that later stages use only what the images
//! show.

use std::path::Path;

use bc_policy::track_states;
use dataset_checks::{DatasetFault, check_dataset};
use pusht_data::{Episode, Simulation, Source, SourceOptions, demonstrate, open, open_with};
use pusht_env::{ExpertConfig, State};
use pusht_jobs::{Done, Hasher, JobContext, Key, Stage, counted};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use rayon::prelude::*;
use report::{Picture, PictureGroup};
use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::config;
use crate::error::failed;
use crate::files::{read_json, write_json};
use crate::pictures::write_strip;

/// Maximum steps per episode of the expert.
const EXPERT_STEPS: usize = 300;
/// Minimum number of frames of the longest demonstration.
const SHORTEST: usize = idm::WINDOW;
/// Number of demonstrations shown in the report as film strip.
const SHOWN: usize = 3;

/// The expert's file in its stage.
const FILE: &str = "expert.jsonl";

/// Stage that records demonstrations of the expert.
pub(crate) struct PlayExpert<'a> {
    pub(crate) settings: &'a config::Demonstrations,
}

impl PlayExpert<'_> {
    fn wanted(&self) -> pusht_data::Demonstrations {
        pusht_data::Demonstrations {
            episodes: self.settings.episodes + self.settings.pool,
            first_seed: self.settings.first_seed,
            max_steps: EXPERT_STEPS,
            // As for the human demonstrations: episode e starts from seed e.
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

/// Demonstrations on disk.
pub(crate) struct Recording {
    source: Source,
    /// Name in the report.
    name: String,
    /// Key that identifies their contents.
    key: Key,
    /// Seed of the first episode, if the expert played them for this run, the pool last.
    first_seed: Option<u64>,
}

/// Seed of the first new start beside recorded demonstrations: none of the environment's own protocols begins there.
const UNUSED: u64 = 2_000_000;

impl Recording {
    /// Opens the user's dataset.
    pub(crate) fn open(path: &Path, options: &SourceOptions) -> Result<Self, PipelineError> {
        let fail = failed("demonstrations");
        let source = open_with(path, options).map_err(|e| fail(&e))?;
        Ok(Self {
            name: format!("{} ({})", source.name(), counted(source.len(), "episode")),
            key: Key::external(fingerprint(&source).map_err(|e| fail(&e))?),
            source,
            first_seed: None,
        })
    }

    /// The recorded demonstrations of the expert.
    pub(crate) fn of_expert(played: Done<Source>, settings: &config::Demonstrations) -> Self {
        Self {
            name: format!("expert, {}", counted(played.output.len(), "episode")),
            key: played.key,
            source: played.output,
            first_seed: Some(settings.first_seed),
        }
    }

    /// Indices of the pool, in order: of the expert's episodes the last ones; of others as large a part, drawn with the
    /// seed of the split from all but the first, which the report shows.
    fn pool(&self, settings: &config::Demonstrations, seed: u64) -> Vec<usize> {
        let count = self.source.len();
        if self.first_seed.is_some() {
            return (settings.episodes.min(count)..count).collect();
        }
        let share = settings.pool as f64 / (settings.episodes + settings.pool) as f64;
        let mut drawn: Vec<usize> = (SHOWN.min(count)..count).collect();
        drawn.shuffle(&mut Pcg64::seed_from_u64(seed));
        drawn.truncate((share * count as f64).round() as usize);
        drawn.sort_unstable();
        drawn
    }

    /// Seed of the first reset at which no demonstration begins; the next ones follow. Where the expert played, the episodes
    /// of the pool begin at the same resets, so that real clips show what else could have come of them.
    fn new_starts(&self, settings: &config::Demonstrations) -> u64 {
        self.first_seed.map_or(UNUSED, |first| first + settings.episodes as u64)
    }

    /// Reads all episodes into memory.
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
        let warn = |fault: &DatasetFault| ctx.say(&format!("warning: {}: {fault}", source.name()));
        check_dataset(&episodes, warn).map_err(|e| fail(&e))?;
        Ok(episodes)
    }
}

/// Hash that identifies a dataset: of its name (with the camera), all its actions, and how its frames are chosen.
fn fingerprint(source: &Source) -> Result<String, pusht_data::DataError> {
    let mut hasher = Hasher::new();
    hasher.bytes(source.name());
    let tolerance = source.options().tolerance;
    if tolerance != SourceOptions::TOLERANCE {
        hasher.field(tolerance.to_le_bytes());
    }
    for episode in 0..source.len() {
        let actions = source.actions(episode)?;
        hasher.bytes(actions.len().to_le_bytes());
        for x in actions.iter().flatten() {
            hasher.bytes(x.to_le_bytes());
        }
    }
    Ok(hasher.finish())
}

/// Stage that tracks agent and T in every frame; where one of them is not seen, its previous state is kept.
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
        let task = ctx.task(label, self.episodes.len(), "episode");
        let mut all = Vec::with_capacity(self.episodes.len());
        // Chunks large enough to keep the cores busy, small enough to show progress and to stop in between.
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
        task.finish(&counted(all.len(), "episode"));
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

/// Demonstrations of a run. The `states` of an episode are tracked.
pub(crate) struct Demonstrations {
    pub(crate) name: String,
    pub(crate) episodes: Vec<Episode>,
    /// Episodes that are held back: no generator, inverse dynamics or policy sees them, but for the arms with real clips.
    pub(crate) pool: Vec<Episode>,
    /// Seed of the first reset at which none of `episodes` begins.
    pub(crate) new_starts: u64,
    /// Recorded states, if known, for the baseline `next position`.
    pub(crate) recorded: Vec<Option<Vec<State>>>,
    /// Key of the tracks.
    pub(crate) key: Key,
    pub(crate) pictures: Vec<Picture>,
}

impl Demonstrations {
    /// Replaces recorded states with tracked ones, and holds back the pool.
    pub(crate) fn new(
        recording: Recording,
        all: Vec<Episode>,
        tracks: Done<Vec<Vec<State>>>,
        settings: &config::Demonstrations,
        seed: u64,
    ) -> Self {
        let held_back = recording.pool(settings, seed);
        let new_starts = recording.new_starts(settings);
        let (mut episodes, mut pool, mut recorded) = (Vec::new(), Vec::new(), Vec::new());
        for (index, (mut episode, states)) in all.into_iter().zip(tracks.output).enumerate() {
            if held_back.binary_search(&index).is_ok() {
                pool.push(episode);
            } else {
                recorded.push(episode.states.replace(states));
                episodes.push(episode);
            }
        }
        let name = match pool.len() {
            0 => recording.name,
            some => format!("{}, of which {some} are held back as the pool", recording.name),
        };
        let picture = |(i, episode): (usize, &Episode)| Picture {
            group: PictureGroup::Demonstrations,
            caption: format!("Demonstration {i}, {} steps", episode.len()),
            file: format!("{}/{}", tracks.name, strip(i)),
        };
        Self {
            name,
            pictures: episodes.iter().take(SHOWN).enumerate().map(picture).collect(),
            episodes,
            pool,
            new_starts,
            recorded,
            key: tracks.key,
        }
    }
}

/// File name of the film strip of a demonstration.
fn strip(index: usize) -> String {
    format!("strip_{index}.png")
}
