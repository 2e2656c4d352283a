//! Goals from the public demonstrations, if `PUSHT_REFERENCE` points to them.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use eval::{AlongDemonstration, GoalPolicy, GoalProtocol, GoalScores, StandStill, WithoutAgentGoal, rollout_to_goals};
use planning::{InSimulator, SearchPolicy, SearchSettings, goal_tasks};
use pusht_data::open;
use pusht_env::EnvConfig;
use pusht_jobs::JobContext;

fn real_set() -> Result<PathBuf, String> {
    Ok(test_support::reference()?.join("data/pusht/pusht_cchi_v7_replay.zarr"))
}

fn scores(path: &Path, policy: &mut dyn GoalPolicy) -> GoalScores {
    let protocol = GoalProtocol {
        episodes: 200,
        ..GoalProtocol::default()
    };
    let tasks = goal_tasks(&open(path).unwrap(), &protocol).unwrap();
    let env = EnvConfig::diffusion_policy();
    let run = rollout_to_goals(policy, &tasks, &protocol, env, None, &mut JobContext::silent()).unwrap();
    run.record.scores().unwrap()
}

fn the_demonstrations_reach_their_goals(path: &Path) {
    let shown = scores(path, &mut AlongDemonstration);
    assert!(shown.reached >= 199, "{shown}");
    let still = scores(path, &mut WithoutAgentGoal(Box::new(StandStill::default())));
    assert!(still.share.mean < 0.1, "{still}");
}

fn the_search_in_the_simulator_reaches_nearly_all(path: &Path) {
    let mut policy = SearchPolicy::new(InSimulator, SearchSettings::SIMULATOR, 42).unwrap();
    let found = scores(path, &mut policy);
    assert!(found.share.mean >= 0.98, "{found}");
}

test_support::main!(real_set => [
    the_demonstrations_reach_their_goals,
    the_search_in_the_simulator_reaches_nearly_all,
]);
