//! Recipes and their simulation.

use std::ops::Range;
use std::path::{Path, PathBuf};

use pusht_env::{
    Action, EnvConfig, EnvError, FillRule, Frame, GOAL, Pose, PushT, Renderer, ResetOrder, Seeding, State,
};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::file;
use crate::{DataError, Episode, EpisodeError, Provenance};
use pusht_jobs::JobContext;

/// The environment that all episodes of a set were recorded in, as far as frames and states depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Simulation {
    /// Which generator turns seeds into start states.
    pub seeding: Seeding,
    /// What a reset makes of a start state.
    pub reset_order: ResetOrder,
    /// Where the T should go.
    pub goal: Pose,
    /// How pictures are filled.
    pub fill_rule: FillRule,
    /// Side of the pictures, px.
    pub frame_size: u32,
}

impl Simulation {
    /// gym-pusht 0.1.8, 96 × 96.
    pub const GYM_PUSHT: Self = Self {
        seeding: Seeding::GymPusht,
        reset_order: ResetOrder::PositionFirst,
        goal: GOAL,
        fill_rule: FillRule::Pygame26,
        frame_size: 96,
    };
    /// diffusion_policy with the packages that recorded the public demonstrations (old fill rule), 96 × 96.
    pub const DIFFUSION_POLICY: Self = Self {
        seeding: Seeding::DiffusionPolicy,
        fill_rule: FillRule::Pygame25,
        ..Self::GYM_PUSHT
    };

    /// The environment's configuration; it never truncates.
    pub const fn config(&self) -> EnvConfig {
        EnvConfig {
            seeding: self.seeding,
            reset_order: self.reset_order,
            fill_rule: self.fill_rule,
            goal: self.goal,
            max_steps: None,
            ..EnvConfig::gym_pusht()
        }
    }
}

/// How an episode starts.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// The reset of this seed.
    Seed(u64),
    /// A reset to this state, through the reference's setters, which may move the T.
    Reset(State),
    /// Exactly this state, at rest.
    State(State),
}

/// All that an episode follows from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// How it starts.
    pub start: Start,
    /// What is done, 10 Hz.
    pub actions: Vec<Action>,
}

impl Recipe {
    /// An environment at the start of the episode.
    ///
    /// # Errors
    /// A start that the environment refuses.
    pub fn begin(&self, simulation: &Simulation) -> Result<PushT, EnvError> {
        let mut env = PushT::new(simulation.config())?;
        match self.start {
            Start::Seed(seed) => env.reset(seed).map(drop)?,
            Start::Reset(state) => env.reset_to(state).map(drop)?,
            Start::State(state) => env.set_state(state)?,
        }
        Ok(env)
    }

    /// Refuses what cannot be simulated; `path` and `index` are for the error.
    pub(super) fn check(&self, path: &Path, index: usize, simulation: &Simulation) -> Result<(), DataError> {
        if self.actions.is_empty() {
            return Err(DataError::episode(path, EpisodeError::Empty { index }));
        }
        if let Some(row) = self.actions.iter().position(|a| !a.iter().all(|x| x.is_finite())) {
            let action = self.actions[row];
            return Err(DataError::episode(path, EpisodeError::NotFinite { index, row, action }));
        }
        let begun = self.begin(simulation).map_err(|e| e.to_string());
        begun.map(drop).map_err(|reason| DataError::Simulation {
            path: path.to_path_buf(),
            index,
            reason,
        })
    }

    /// The reward of every step, without rendering.
    ///
    /// # Errors
    /// A start or action that the environment refuses.
    pub fn rewards(&self, simulation: &Simulation) -> Result<Vec<f64>, EnvError> {
        let mut env = self.begin(simulation)?;
        self.actions.iter().map(|&a| env.step(a).map(|r| r.reward)).collect()
    }

    /// Frames and states before every action.
    fn play(&self, simulation: &Simulation, renderer: &mut Renderer) -> Result<(Vec<Frame>, Vec<State>), EnvError> {
        let mut env = self.begin(simulation)?;
        let mut frames = Vec::with_capacity(self.actions.len());
        let mut states = Vec::with_capacity(self.actions.len());
        for &action in &self.actions {
            frames.push(renderer.render(&env.scene()));
            states.push(env.state());
            env.step(action)?;
        }
        Ok((frames, states))
    }

    /// States before every action, without pictures.
    fn states(&self, simulation: &Simulation) -> Result<Vec<State>, EnvError> {
        let mut env = self.begin(simulation)?;
        let before = |&action: &Action| {
            let state = env.state();
            env.step(action).map(|_| state)
        };
        self.actions.iter().map(before).collect()
    }
}

/// Simulator episodes as recipes.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedSet {
    pub(super) path: PathBuf,
    /// Where the episodes come from: `expert`, or the set that was converted.
    pub source: String,
    /// Where the actions come from, as in [`Provenance::actions`].
    pub actions: String,
    /// What they were recorded in.
    pub simulation: Simulation,
    /// The settings of whatever made them, for the record; null where there are none.
    pub settings: serde_json::Value,
    pub(super) recipes: Vec<Recipe>,
}

impl SimulatedSet {
    /// A set of at least one episode.
    ///
    /// # Errors
    /// No episode, an empty one, an action or start that is not finite.
    pub fn new(source: &str, actions: &str, simulation: Simulation, recipes: Vec<Recipe>) -> Result<Self, DataError> {
        let set = Self {
            path: PathBuf::from(source),
            source: source.to_owned(),
            actions: actions.to_owned(),
            simulation,
            settings: serde_json::Value::Null,
            recipes,
        };
        set.check()?;
        Ok(set)
    }

    /// Reads a file that [`SimulatedSet::save`] wrote.
    ///
    /// # Errors
    /// No such file, another format or version, a truncated file, and all that [`SimulatedSet::new`] refuses.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let set = file::read(path.as_ref())?;
        set.check()?;
        Ok(set)
    }

    /// Writes one file of text, one line an episode; beside it first, then renamed.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        file::write(self, path.as_ref())
    }

    pub(super) fn check(&self) -> Result<(), DataError> {
        if self.recipes.is_empty() {
            return Err(DataError::Unrecognised {
                path: self.path.clone(),
                found: "a set without episodes".to_owned(),
                expected: "at least one episode",
            });
        }
        Renderer::new(self.simulation.frame_size, self.simulation.fill_rule).map_err(|e| self.refused(0, &e))?;
        for (index, recipe) in self.recipes.iter().enumerate() {
            recipe.check(&self.path, index, &self.simulation)?;
        }
        Ok(())
    }

    fn refused(&self, index: usize, reason: &impl ToString) -> DataError {
        DataError::Simulation {
            path: self.path.clone(),
            index,
            reason: reason.to_string(),
        }
    }

    /// Number of episodes, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "a set is never empty")]
    pub fn len(&self) -> usize {
        self.recipes.len()
    }

    /// How the episodes come about.
    pub fn recipes(&self) -> &[Recipe] {
        &self.recipes
    }

    /// Simulates and renders episodes, in parallel; the result does not depend on the number of threads. Block angles
    /// of the states are not wrapped. Progress counts frames.
    ///
    /// # Errors
    /// No such episodes.
    pub fn episodes(&self, range: Range<usize>, ctx: &mut JobContext) -> Result<Vec<Episode>, DataError> {
        let chosen = self.recipes.get(range.clone()).ok_or_else(|| DataError::OutOfRange {
            path: self.path.clone(),
            asked: format!("episodes {} to {}", range.start, range.end.saturating_sub(1)),
            available: format!("{} episodes", self.recipes.len()),
        })?;
        let total = chosen.iter().map(|r| r.actions.len()).sum();
        let renderer = Renderer::new(self.simulation.frame_size, self.simulation.fill_rule)
            .map_err(|e| self.refused(range.start, &e))?;
        let mut episodes = Vec::with_capacity(chosen.len());
        let task = ctx.task("simulate frames", total);
        let batch = 4 * rayon::current_num_threads();
        for (b, recipes) in chosen.chunks(batch).enumerate() {
            task.check()?;
            let first = range.start + b * batch;
            let simulated: Vec<Episode> = recipes
                .par_iter()
                .enumerate()
                .map_with(renderer.clone(), |renderer, (i, recipe)| {
                    self.episode(first + i, recipe, renderer)
                })
                .collect::<Result<_, _>>()?;
            task.add(simulated.iter().map(Episode::len).sum::<usize>());
            episodes.extend(simulated);
        }
        task.finish(&format!("{total} frames"));
        Ok(episodes)
    }

    /// The states of one episode, simulated without rendering.
    pub(crate) fn states(&self, index: usize) -> Result<Vec<State>, DataError> {
        let states = self.recipes[index].states(&self.simulation);
        states.map_err(|e| self.refused(index, &e))
    }

    fn episode(&self, index: usize, recipe: &Recipe, renderer: &mut Renderer) -> Result<Episode, DataError> {
        let played = recipe.play(&self.simulation, renderer);
        let (frames, states) = played.map_err(|e| self.refused(index, &e))?;
        Ok(Episode {
            frames,
            actions: recipe.actions.clone(),
            states: Some(states),
            goal: self.simulation.goal,
            provenance: Provenance {
                source: self.source.clone(),
                index,
                seed: match recipe.start {
                    Start::Seed(seed) => Some(seed),
                    Start::Reset(_) | Start::State(_) => None,
                },
                actions: self.actions.clone(),
            },
        })
    }
}
