//! Policies in worlds: in the simulator behind the trait it is as in the simulator; faults of a world are found and counted.

#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicUsize, Ordering};

use eval::{Protocol, RandomTarget, RolloutConfig, StandStill, rollout};
use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{
    Action, ExpertConfig, ExpertPolicy, Frame, Modality, ObsBatch, ObsSpec, Observation, Policy, PolicyError,
};
use pusht_jobs::JobContext;
use world_eval::{
    PARTED, SimulatorWorld, WorldEpisode, WorldEpisodeEnd, WorldEvalError, WorldRollout, WorldRolloutJob,
    WorldRolloutRecord, corner_distance,
};

fn job(episodes: usize, steps: usize) -> WorldRolloutJob {
    let mut job = WorldRolloutJob::of(Protocol::Paper);
    job.config = RolloutConfig {
        episodes,
        steps,
        ..job.config
    };
    job
}

fn simulator() -> SimulatorWorld {
    SimulatorWorld::new(job(1, 1).config.env).unwrap()
}

fn run(job: &WorldRolloutJob, policy: &mut dyn Policy, world: &dyn WorldModel) -> WorldRollout {
    job.run(policy, world, &mut JobContext::silent()).unwrap()
}

/// A policy that always aims at the T, as it is observed; or gives what `target` makes of that.
struct Chase {
    modality: Modality,
    target: fn([f64; 2]) -> Action,
}

impl Chase {
    fn new(modality: Modality) -> Self {
        Self {
            modality,
            target: |at| at.map(|x| x as f32),
        }
    }
}

impl Policy for Chase {
    fn name(&self) -> String {
        "chase".to_owned()
    }

    fn needs(&self) -> ObsSpec {
        ObsSpec {
            modality: self.modality,
            history: 2,
        }
    }

    fn reset(&mut self, _: &[usize]) {}

    fn act(&mut self, obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        for (seen, action) in obs.observations.iter().zip(out) {
            assert_eq!(seen.len(), 2);
            let at = match &seen[1] {
                Observation::State(row) => [row[2], row[3]],
                Observation::Keypoints { environment_state, .. } => [environment_state[0], environment_state[1]],
                Observation::PixelsAgentPos { pixels, agent_pos } => {
                    assert_eq!(pixels.dimensions(), (96, 96));
                    [512.0 - agent_pos[0], 512.0 - agent_pos[1]]
                }
                Observation::Pixels(pixels) => [f64::from(pixels.get_pixel(48, 48)[0]), 256.0],
            };
            *action = (self.target)(at);
        }
        Ok(())
    }
}

/// A world in which nothing moves.
struct Still;

impl WorldModel for Still {
    fn name(&self) -> String {
        "still world".to_owned()
    }

    fn step(&self, histories: &[History], _: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        Ok(histories.iter().map(|history| history.current.clone()).collect())
    }
}

/// A world that shows nothing.
struct Blank(u32);

impl WorldModel for Blank {
    fn name(&self) -> String {
        "blank world".to_owned()
    }

    fn step(&self, histories: &[History], _: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        let white = Frame::from_pixel(self.0, 96, image::Rgb([255; 3]));
        Ok(vec![white; histories.len()])
    }
}

/// A still world that refuses a rollout at one of its calls.
struct Refusing {
    calls: AtomicUsize,
    at: usize,
    rollout: usize,
}

impl WorldModel for Refusing {
    fn name(&self) -> String {
        "refusing world".to_owned()
    }

    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        if self.calls.fetch_add(1, Ordering::SeqCst) == self.at {
            return Err(WorldModelError::Rollout {
                rollout: self.rollout,
                reason: "enough".to_owned(),
            });
        }
        Still.step(histories, actions)
    }
}

/// Whether the T of the world stays where it is, but for the tracker's errors.
fn rests(episode: &WorldEpisode) -> bool {
    let first = episode.world.states[0].block;
    let mut states = episode.world.states.iter();
    states.all(|state| corner_distance(state.block, first) < 0.2)
}

#[test]
fn in_the_simulator_behind_the_trait_it_is_as_in_the_simulator() {
    // Its actions do not depend on what it sees.
    let job = job(4, 40);
    let world = run(&job, &mut RandomTarget::new(1), &simulator()).record;
    let exact = rollout(&mut RandomTarget::new(1), &job.config, &mut JobContext::silent()).unwrap();
    for (episode, exact) in world.episodes.iter().zip(&exact.episodes) {
        assert_eq!(
            (episode.start_seed, &episode.actions),
            (exact.start_seed, &exact.actions)
        );
        assert_eq!(episode.simulator.states, exact.states);
        assert_eq!(episode.simulator.rewards, exact.rewards);
        assert_eq!(episode.agent_difference, 0.0);
        for (state, exact) in episode.world.states.iter().zip(&exact.states) {
            assert_eq!(state.agent, exact.agent);
        }
        assert_eq!(
            (episode.parted_after, &episode.end),
            (None, &WorldEpisodeEnd::StepLimit)
        );
        assert!(episode.distance.iter().all(|&off| off < 2.0), "{:?}", episode.distance);
        assert!(
            episode.agent_off.is_some_and(|off| off < 0.3),
            "{:?}",
            episode.agent_off
        );
        assert!(episode.block_overlap > 0.9, "{}", episode.block_overlap);
        assert!(episode.block_lost.is_empty() && episode.agent_lost.is_empty());
    }
    let scores = world.scores().unwrap();
    assert!(
        scores.reward_difference.mean.abs() < 0.02,
        "{:?}",
        scores.reward_difference
    );
    assert_eq!((scores.steps_together.mean, scores.agent_difference), (40.0, 0.0));
}

#[test]
fn the_expert_comes_as_far_in_both() {
    let mut expert = ExpertPolicy::new(ExpertConfig::default()).unwrap();
    let record = run(&job(3, 150), &mut expert, &simulator()).record;
    let scores = record.scores().unwrap();
    assert_eq!((scores.parted, scores.agent_difference), (0, 0.0));
    // Where one is solved, the other is within the tracker's errors.
    for episode in &record.episodes {
        let last = |coverage: &[f64]| coverage.last().copied().unwrap();
        let [world, exact] = [&episode.world, &episode.simulator].map(|course| last(&course.coverage));
        assert!((world - exact).abs() < 0.04, "{world} {exact}");
    }
    let solved = record
        .episodes
        .iter()
        .find(|e| e.end == WorldEpisodeEnd::Solved)
        .unwrap();
    assert!(solved.actions.len() < 150 && solved.world.rewards.last() == Some(&1.0));
}

#[test]
fn a_still_world_parts_at_the_first_push() {
    let job = job(3, 40);
    for modality in [Modality::State, Modality::Keypoints] {
        let record = run(&job, &mut Chase::new(modality), &Still).record;
        let mut parted = 0;
        for episode in &record.episodes {
            let start = episode.simulator.states[0].block;
            let moved = episode.simulator.states[1..]
                .iter()
                .position(|state| corner_distance(start, state.block) > PARTED + 1.0);
            match (episode.parted_after, moved) {
                (Some(parted), Some(moved)) => assert!(parted.abs_diff(moved + 1) <= 3, "{parted} {moved}"),
                (None, None) => {}
                other => panic!("{other:?}"),
            }
            parted += usize::from(episode.parted_after.is_some());
            // The T of the world stays, the agent moves by the control law whatever the frames show.
            assert!(rests(episode));
            assert_eq!(episode.agent_difference, 0.0);
            assert!(
                episode.agent_off.is_some_and(|off| off > 2.0),
                "{:?}",
                episode.agent_off
            );
        }
        assert!(parted >= 1);
        assert_eq!(record.scores().unwrap().parted, parted);
    }
}

#[test]
fn an_episode_goes_on_where_the_world_shows_nothing() {
    let played = run(&job(2, 5), &mut Chase::new(Modality::State), &Blank(96));
    for episode in &played.record.episodes {
        assert_eq!(
            (&episode.block_lost[..], &episode.agent_lost[..]),
            (&[1, 2, 3, 4, 5][..], &[1, 2, 3, 4, 5][..])
        );
        assert_eq!((episode.agent_off, episode.actions.len()), (None, 5));
        assert!(rests(episode));
    }
    let table = played.record.markdown().unwrap();
    assert!(
        table.contains("| frames without a T | 10 of 10, in 2 episodes |"),
        "{table}"
    );
    let error = job(1, 5)
        .run(&mut StandStill::default(), &Blank(64), &mut JobContext::silent())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "blank world, clip 0, frame 1: 64 × 96 px; expected 96 × 96"
    );
}

#[test]
fn an_episode_ends_where_the_world_refuses() {
    let refusing = |at| Refusing {
        calls: AtomicUsize::new(0),
        at,
        rollout: 1,
    };
    let record = run(&job(3, 6), &mut StandStill::default(), &refusing(4)).record;
    let steps: Vec<usize> = record.episodes.iter().map(|e| e.actions.len()).collect();
    assert_eq!(steps, [6, 4, 6]);
    assert_eq!(record.episodes[1].end, WorldEpisodeEnd::Refused("enough".to_owned()));
    assert_eq!(record.scores().unwrap().refused, 1);
    let error = job(3, 6)
        .run(&mut StandStill::default(), &refusing(0), &mut JobContext::silent())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "refusing world refuses the start of seed 100001: enough"
    );
}

#[test]
fn targets_beyond_the_board_are_moved_and_counted() {
    let mut outside = Chase {
        modality: Modality::PixelsAgentPos,
        target: |_| [-50.0, 600.0],
    };
    let record = run(&job(2, 4), &mut outside, &Still).record;
    for episode in &record.episodes {
        assert_eq!((episode.actions_moved, &episode.actions), (4, &vec![[0.0, 512.0]; 4]));
    }
    let mut lost = Chase {
        modality: Modality::Pixels,
        target: |_| [f32::NAN, 0.0],
    };
    let error = job(2, 4).run(&mut lost, &Still, &mut JobContext::silent()).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("its action in step 0 of episode 0 is [NaN, 0.0]"),
        "{error}"
    );
}

#[test]
fn an_episode_does_not_depend_on_the_others() {
    let mut chase = Chase::new(Modality::State);
    // More than are stepped together.
    let all = run(&job(35, 3), &mut chase, &Still).record;
    let mut last = job(1, 3);
    last.config.first_seed += 34;
    let one = run(&last, &mut chase, &Still).record;
    assert_eq!((all.episodes.len(), &all.episodes[34]), (35, &one.episodes[0]));
}

#[test]
fn what_is_written_is_read_again() {
    let mut job = job(2, 30);
    job.filmed.extend([0, 1]);
    let played = run(&job, &mut Chase::new(Modality::State), &Still);
    let folder = tempfile::tempdir().unwrap();
    played.write(folder.path(), &mut JobContext::silent()).unwrap();
    for name in [
        "rollout.md",
        "strip.png",
        "films/episode-000.mp4",
        "films/episode-001.mp4",
    ] {
        assert!(folder.path().join(name).is_file(), "{name}");
    }
    let film = played.film(1).unwrap();
    assert_eq!((film.len(), film[0].dimensions()), (31, (196, 102)));
    assert_eq!(played.strip().unwrap().dimensions(), (12 * 104 - 4, 4 * 104 - 4));
    assert!(matches!(
        played.film(2),
        Err(WorldEvalError::NotFilmed { episode: 2, .. })
    ));
    let file = folder.path().join("rollout.json");
    let read = WorldRolloutRecord::read(&file).unwrap();
    assert_eq!(read.in_world().episodes.len(), 2);
    assert_eq!(read.to_json().unwrap(), played.record.to_json().unwrap());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains(r#""end":"step-limit""#) && text.contains(r#""steps_together":{"mean""#),
        "{text}"
    );
    // Not such a file.
    let refused = |text: &str| {
        std::fs::write(&file, text).unwrap();
        WorldRolloutRecord::read(&file).unwrap_err().to_string()
    };
    assert!(refused("{}").contains("is not a file of rollouts in a world model"));
    assert!(refused(&text.replacen(r#""schema":1"#, r#""schema":9"#, 1)).contains("schema 9 instead of 1"));
    let mut short = read;
    short.episodes[1].world.rewards.pop();
    assert!(
        refused(&serde_json::to_string(&short).unwrap()).contains("the episode of start seed 100001 has 30 actions")
    );
    assert!(matches!(short.scores(), Err(WorldEvalError::Scores(_))));
}

#[test]
fn settings_and_cancellation() {
    let mut ctx = JobContext::silent();
    let error = job(0, 5).run(&mut StandStill::default(), &Still, &mut ctx).unwrap_err();
    assert!(error.to_string().contains("at least 1 episode"), "{error}");
    ctx.cancel_flag().cancel();
    let error = job(1, 5).run(&mut StandStill::default(), &Still, &mut ctx).unwrap_err();
    assert!(matches!(error, WorldEvalError::Cancelled(_)), "{error}");
}
