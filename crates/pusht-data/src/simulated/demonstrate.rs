//! Demonstrations of the expert.

use std::path::Path;

use pusht_env::{Action, EnvError, Expert, ExpertConfig};
use pusht_jobs::{JobContext, Shard};

use super::{SimulatedSet, Simulation, SimulationPlan, Start};
use crate::DataError;

/// Which demonstrations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demonstrations {
    /// How many.
    pub episodes: usize,
    /// The start seed of the first; the others follow one by one.
    pub first_seed: u64,
    /// The longest episode, steps; an episode ends earlier with success.
    pub max_steps: usize,
    /// The environment.
    pub simulation: Simulation,
    /// How the expert moves.
    pub expert: ExpertConfig,
    /// Threads; 0: as many as there are cores. The result does not depend on it.
    pub threads: usize,
}

/// Makes a set of expert demonstrations at `path`, in parallel over episodes; a killed run goes on where it was (see
/// [`SimulationPlan::make`]). Progress counts episodes.
///
/// # Errors
/// No episodes, settings that the expert refuses, seeds that the environment does not take, another set at `path`, a
/// place that cannot be written.
pub fn demonstrate(
    path: impl AsRef<Path>,
    what: &Demonstrations,
    ctx: &mut JobContext,
) -> Result<SimulatedSet, DataError> {
    let path = path.as_ref();
    let (plan, act) = plan(path, what)?;
    plan.make(path, act, ctx)
}

/// As [`demonstrate`], for one part of the demonstrations: a file that [`SimulatedSet::merge`] joins with those of the
/// other parts.
///
/// # Errors
/// As [`demonstrate`].
pub fn demonstrate_part(
    path: impl AsRef<Path>,
    what: &Demonstrations,
    part: Shard,
    ctx: &mut JobContext,
) -> Result<(), DataError> {
    let path = path.as_ref();
    let (plan, act) = plan(path, what)?;
    plan.make_part(path, part, act, ctx)
}

/// The plan, and how the expert makes an episode of it.
#[expect(clippy::type_complexity, reason = "a closure cannot be named")]
fn plan(
    path: &Path,
    what: &Demonstrations,
) -> Result<
    (
        SimulationPlan,
        impl Fn(usize, &Start) -> Result<Vec<Action>, EnvError> + Sync + use<>,
    ),
    DataError,
> {
    let refused = |reason: String| DataError::Demonstrations {
        path: path.to_path_buf(),
        reason,
    };
    if what.episodes == 0 || what.max_steps == 0 {
        return Err(refused("expected at least one episode of at least one step".to_owned()));
    }
    let last = what.first_seed.checked_add(what.episodes as u64 - 1);
    let last = last.ok_or_else(|| refused(format!("seed {} is too large", what.first_seed)))?;
    // Before hours of work: seeds that the generator does not take.
    what.simulation.seeding.draw(last).map_err(|e| refused(e.to_string()))?;
    let expert = Expert::new(what.expert).map_err(|e| refused(e.to_string()))?;
    let environment = what.simulation.config();
    let plan = SimulationPlan {
        source: "expert".to_owned(),
        simulation: what.simulation,
        starts: (what.first_seed..=last).map(Start::Seed).collect(),
        // The version, because another expert may act otherwise.
        settings: serde_json::json!({
            "expert": what.expert,
            "max_steps": what.max_steps,
            "version": env!("CARGO_PKG_VERSION"),
        }),
        threads: what.threads,
    };
    let Demonstrations {
        first_seed, max_steps, ..
    } = *what;
    let act = move |index: usize, _: &Start| {
        let played = expert.demonstrate(environment, first_seed + index as u64, max_steps);
        played.map(|d| d.actions)
    };
    Ok((plan, act))
}
