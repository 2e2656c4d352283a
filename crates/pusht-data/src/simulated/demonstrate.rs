//! Demonstrations of the expert.

use std::path::Path;

use pusht_env::{Action, EnvError, Expert, ExpertConfig};
use pusht_jobs::{JobContext, Shard};

use super::{SimulatedSet, Simulation, SimulationPlan, Start};
use crate::DataError;

/// Settings of a set of demonstrations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demonstrations {
    /// Number of episodes.
    pub episodes: usize,
    /// Start seed of the first episode; the others use the following seeds.
    pub first_seed: u64,
    /// Step limit; an episode ends earlier with success.
    pub max_steps: usize,
    /// Settings of the environment.
    pub simulation: Simulation,
    /// Settings of the expert.
    pub expert: ExpertConfig,
    /// Threads; 0 for the number of cores. The result does not depend on it.
    pub threads: usize,
}

/// Makes a set of expert demonstrations at `path`, in parallel over episodes; an interrupted run resumes (see
/// [`SimulationPlan::make`]). Progress counts episodes.
///
/// # Errors
/// No episodes, settings that the expert refuses, seeds that the environment does not accept, another dataset at
/// `path`, or a path that cannot be written.
pub fn demonstrate(
    path: impl AsRef<Path>,
    what: &Demonstrations,
    ctx: &mut JobContext,
) -> Result<SimulatedSet, DataError> {
    let path = path.as_ref();
    let (plan, act) = plan(path, what)?;
    plan.make(path, act, ctx)
}

/// Like [`demonstrate`], for one part of the demonstrations: a file that [`SimulatedSet::merge`] joins with those of
/// the other parts.
///
/// # Errors
/// Those of [`demonstrate`].
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

/// The plan, and the function by which the expert plays an episode of it.
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
    // Checked before hours of work: seeds that the generator does not accept.
    what.simulation.seeding.draw(last).map_err(|e| refused(e.to_string()))?;
    let expert = Expert::new(what.expert).map_err(|e| refused(e.to_string()))?;
    let environment = what.simulation.config();
    let plan = SimulationPlan {
        source: "expert".to_owned(),
        simulation: what.simulation,
        starts: (what.first_seed..=last).map(Start::Seed).collect(),
        // Includes the version, because another expert may act differently.
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
