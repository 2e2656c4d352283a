//! Policies scored in worlds: the simulator as the world agrees with itself, a world whose T never moves ranks nothing.

#![allow(clippy::unwrap_used)]

use eval::{Protocol, RandomTarget, RolloutConfig, StandStill};
use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{
    Action, EnvConfig, Expert, ExpertConfig, Frame, Modality, ObsBatch, ObsSpec, Policy, PolicyError, Renderer, Scene,
};
use pusht_jobs::JobContext;
use pusht_vision::Tracker;
use world_eval::{NamedPolicy, NoCorrelation, SimulatorWorld, WorldScoreJob, WorldScoreReport};

fn job(episodes: usize, steps: usize) -> WorldScoreJob {
    let mut job = WorldScoreJob::of(Protocol::Paper);
    job.config = RolloutConfig {
        episodes,
        steps,
        ..job.config
    };
    job
}

fn run(job: &WorldScoreJob, policies: &mut [NamedPolicy], world: &dyn WorldModel) -> WorldScoreReport {
    job.run(policies, world, &mut JobContext::silent()).unwrap()
}

/// Plays the expert's first actions from each start, whatever it sees, and keeps the last target then.
struct Played {
    steps: usize,
    actions: Vec<Vec<Action>>,
    at: Vec<usize>,
}

impl Played {
    fn named(config: &RolloutConfig, steps: usize) -> NamedPolicy {
        let expert = Expert::new(ExpertConfig::default()).unwrap();
        let actions = (0..config.episodes).map(|number| {
            let seed = config.first_seed + number as u64;
            expert.demonstrate(config.env, seed, config.steps).unwrap().actions
        });
        NamedPolicy::new(Box::new(Self {
            steps,
            actions: actions.collect(),
            at: vec![0; config.episodes],
        }))
    }
}

impl Policy for Played {
    fn name(&self) -> String {
        format!("played {}", self.steps)
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: Modality::State,
            history: 1,
        }
    }

    fn reset(&mut self, envs: &[usize]) {
        for &env in envs {
            self.at[env] = 0;
        }
    }

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        for (&env, action) in obs.envs.iter().zip(out) {
            let actions = &self.actions[env];
            *action = actions[self.at[env].min(self.steps - 1).min(actions.len() - 1)];
            self.at[env] += 1;
        }
        Ok(())
    }
}

/// The simulator's agent, and a T that stays where the rollout began.
struct FixedBlock {
    tracker: Tracker,
    renderer: Renderer,
    config: EnvConfig,
}

impl FixedBlock {
    fn new(config: EnvConfig) -> Self {
        Self {
            tracker: Tracker::new(config.goal).unwrap(),
            renderer: Renderer::new(96, config.fill_rule).unwrap(),
            config,
        }
    }
}

impl WorldModel for FixedBlock {
    fn name(&self) -> String {
        "world with a fixed T".to_owned()
    }

    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        let next = |(history, action): (&History, &Action)| {
            let block = self.tracker.track(&history.first).unwrap().block.unwrap();
            let mut agent = history.agent;
            agent.step(*action);
            let scene = Scene::new(agent.position, block, self.config.goal);
            self.renderer.clone().render(&scene)
        };
        Ok(histories.iter().zip(actions).map(next).collect())
    }
}

/// A world in which nothing at all moves.
struct Still;

impl WorldModel for Still {
    fn name(&self) -> String {
        "still world".to_owned()
    }

    fn step(&self, histories: &[History], _: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        Ok(histories.iter().map(|history| history.current.clone()).collect())
    }
}

/// Policies whose actions do not depend on what they see.
fn open_loop(config: &RolloutConfig) -> Vec<NamedPolicy> {
    vec![
        NamedPolicy::new(Box::new(StandStill::default())),
        NamedPolicy::new(Box::new(RandomTarget::new(1))),
        Played::named(config, 30),
        Played::named(config, 50),
        Played::named(config, 70),
    ]
}

#[test]
fn the_simulator_as_the_world_ranks_policies_as_the_simulator() {
    let job = job(4, 70);
    let world = SimulatorWorld::new(job.config.env).unwrap();
    let report = run(&job, &mut open_loop(&job.config), &world);
    for policy in &report.policies {
        // Every episode of both is as long as the other, but for one that is just solved, and none parts.
        assert_eq!(
            (policy.parted, policy.steps_together.mean),
            (0, policy.steps_compared),
            "{policy:?}"
        );
        assert_eq!(
            (policy.block_lost.frames, policy.agent_lost.frames, policy.refused),
            (0, 0, 0)
        );
    }
    for open in &report.policies[..2] {
        assert_eq!((open.steps_together.mean, open.frames), (70.0, 280));
    }
    let found = report.correlation.unwrap();
    assert!(found.pearson.value > 0.999, "{found:?}");
    // One pair of neighbors may be so near each other that the tracker's errors change their order.
    assert!(found.spearman.value >= 0.9, "{found:?}");
}

#[test]
fn a_world_whose_t_never_moves_ranks_nothing() {
    let job = job(4, 70);
    let world = FixedBlock::new(job.config.env);
    let report = run(&job, &mut open_loop(&job.config), &world);
    let [.., last] = &report.policies[..] else {
        unreachable!()
    };
    assert!(
        last.parted >= 3 && last.steps_together.mean < 0.8 * last.steps_compared,
        "{last:?}"
    );
    assert!(
        last.simulator.max_reward.mean > last.world.max_reward.mean + 0.3,
        "{last:?}"
    );
    let found = report.correlation.as_ref().unwrap();
    assert!(found.pearson.value < 0.7, "{}", report.markdown());

    // Where the frames themselves stay, all returns are those of the starts.
    let report = run(&job, &mut open_loop(&job.config), &Still);
    assert_eq!(report.correlation, Err(NoCorrelation::SameInWorld));
    let text = report.markdown();
    assert!(
        text.ends_with("No correlation: the mean return is the same for all policies in the world."),
        "{text}"
    );
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(
        json["correlation"]["none"],
        "no correlation: the mean return is the same for all policies in the world"
    );
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let refused = |job: WorldScoreJob, names: &[&str]| job.check(names).unwrap_err().to_string();
    assert!(refused(job(0, 5), &["a", "b"]).contains("at least 1 episode"));
    assert!(refused(job(2, 5), &["a"]).contains("the number of policies is 1; expected at least 2"));
    assert!(refused(job(2, 5), &["a", "b", "a"]).contains("the policy a is given twice"));
    let mut one = [NamedPolicy::new(Box::new(StandStill::default()))];
    assert!(job(2, 5).run(&mut one, &Still, &mut JobContext::silent()).is_err());
}
