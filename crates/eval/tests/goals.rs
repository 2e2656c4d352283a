//! Rollouts to goals: the demonstration reaches its own goals, floors do not, records are read back, parts join, bad ones are
//! refused.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::path::PathBuf;

use eval::*;
use pusht_env::{Action, EnvConfig, PolicyError, Pose, PushT, State};
use pusht_jobs::{JobContext, Shard};

const ENV: EnvConfig = EnvConfig::diffusion_policy();

/// The agent goes through the T from the left, which takes it 50 px along.
fn task(number: usize) -> GoalTask {
    let state = State {
        agent: [100.0, 200.0 + number as f64],
        block: Pose::new(200.0, 200.0, 0.3),
    };
    let mut env = PushT::new(ENV).unwrap();
    env.set_motion(state, [0.0; 2]).unwrap();
    let demonstrated: Vec<Action> = (1..=25).map(|step| [100.0 + 8.0 * step as f32, 220.0]).collect();
    for action in &demonstrated {
        env.step(*action).unwrap();
    }
    GoalTask {
        start: GoalRow {
            episode: number,
            row: 4,
        },
        state,
        velocity: [0.0; 2],
        before: state,
        goal: env.state(),
        demonstrated,
    }
}

fn run(policy: &mut dyn GoalPolicy, episodes: usize, part: Option<Shard>) -> Result<GoalRun, GoalError> {
    let tasks: Vec<GoalTask> = (0..episodes).map(task).collect();
    let protocol = GoalProtocol {
        episodes,
        ..GoalProtocol::default()
    };
    rollout_to_goals(policy, &tasks, &protocol, ENV, part, &mut JobContext::silent())
}

#[test]
fn a_demonstration_reaches_its_own_goal_and_standing_still_does_not() {
    let shown = run(&mut AlongDemonstration, 3, None).unwrap();
    let scores = shown.record.scores().unwrap();
    assert_eq!((scores.reached, scores.episodes), (3, 3));
    let bounds = scores.share.bounds.unwrap();
    assert!(bounds.low < 0.5 && bounds.high == 1.0, "{bounds:?}");
    let episode = &shown.record.episodes[1];
    let after = episode.reached_after.unwrap();
    assert!((5..=25).contains(&after), "{after}");
    assert_eq!((episode.actions.len(), episode.states.len()), (after, after + 1));
    assert!(episode.nearest() < 2.0);
    let text = shown.record.summary().unwrap();
    assert!(
        text.starts_with(
            "demonstration: protocol goal-conditioned, 3 episodes, goals 25 rows ahead, at most 50 steps, seed 42"
        ),
        "{text}"
    );
    assert!(
        text.contains("1.000 [0.439, 1.000]") && text.contains("Wilson"),
        "{text}"
    );
    assert_eq!(shown.timing.seconds_per_decision, None);

    let still = run(&mut WithoutAgentGoal(Box::new(StandStill::default())), 3, None).unwrap();
    let scores = still.record.scores().unwrap();
    assert_eq!((scores.reached, scores.mean_steps), (0, None));
    let bounds = scores.share.bounds.unwrap();
    assert!(bounds.low == 0.0 && bounds.high > 0.5, "{bounds:?}");
    assert!(still.record.episodes.iter().all(|episode| episode.actions.len() == 50));

    // A random policy draws by the number of the episode.
    let random = || WithoutAgentGoal(Box::new(RandomTarget::new(3)));
    let (three, two) = (
        run(&mut random(), 3, None).unwrap(),
        run(&mut random(), 2, None).unwrap(),
    );
    assert_eq!(three.record.episodes[..2], two.record.episodes[..]);
}

#[test]
fn the_start_is_in_motion_and_the_film_shows_the_goal() {
    let mut tasks = vec![task(0)];
    tasks[0].velocity = [0.0, -200.0];
    let protocol = GoalProtocol {
        episodes: 1,
        budget: 2,
        ..GoalProtocol::default()
    };
    let mut ctx = JobContext::silent();
    let mut still = WithoutAgentGoal(Box::new(StandStill::default()));
    let record = rollout_to_goals(&mut still, &tasks, &protocol, ENV, None, &mut ctx)
        .unwrap()
        .record;
    assert!(record.episodes[0].states[1].agent[1] < 197.0);
    assert!(record.summary().unwrap().contains("(changed)"));
    let film = record.film(0, 96).unwrap();
    assert_eq!((film.len(), film[0].dimensions()), (3, (196, 96)));
    let text = record.film(1, 96).unwrap_err().to_string();
    assert!(text.contains("there is no episode 1"), "{text}");
}

#[test]
fn records_are_read_back_and_parts_join_to_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(&mut AlongDemonstration, 3, None).unwrap();
    let path = folder.path().join("whole.json");
    whole.record.write(&path, Some(whole.timing)).unwrap();
    assert!(GoalRecord::is_ours(&path));
    assert_eq!(GoalRecord::read(&path).unwrap(), whole.record);

    let mut files: Vec<PathBuf> = Vec::new();
    // More parts than episodes: one is empty.
    for index in [3, 1, 4, 2] {
        let part = run(&mut AlongDemonstration, 3, Some(Shard::new(index, 4).unwrap())).unwrap();
        let file = folder.path().join(format!("{index}.json"));
        part.record.write(&file, None).unwrap();
        files.push(file);
    }
    let joined = GoalRecord::merge(&files).unwrap();
    assert_eq!(joined.to_json(None).unwrap(), whole.record.to_json(None).unwrap());

    let refused = |files: &[PathBuf]| GoalRecord::merge(files).unwrap_err().to_string();
    assert!(refused(&files[..3]).contains("2/4"), "{}", refused(&files[..3]));
    assert!(refused(std::slice::from_ref(&path)).contains("it is no part"));
    let other = run(
        &mut WithoutAgentGoal(Box::new(StandStill::default())),
        3,
        Some(Shard::new(2, 4).unwrap()),
    );
    other.unwrap().record.write(&files[3], None).unwrap();
    let text = refused(&files);
    assert!(
        text.contains("is of another rollout: its policy is \"still\""),
        "{text}"
    );
}

#[test]
fn files_that_contradict_themselves_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("record.json");
    let record = run(&mut AlongDemonstration, 1, None).unwrap().record;
    let refused = |record: &GoalRecord| {
        record.write(&path, None).unwrap();
        GoalRecord::read(&path).unwrap_err().to_string()
    };
    let mut other = record.clone();
    other.schema = 9;
    assert!(refused(&other).contains("schema 9 instead of 1"));
    let mut other = record.clone();
    other.protocol.episodes = 4;
    assert!(refused(&other).contains("it has 1 episodes; expected 4"));
    let mut other = record.clone();
    other.episodes[0].states.pop();
    assert!(refused(&other).contains("its episode 0 has"));
    let mut other = record.clone();
    other.episodes[0].goal.agent[0] += 60.0;
    assert!(refused(&other).contains("its goal reached after"));
    let mut other = record;
    other.protocol.budget = 0;
    assert!(refused(&other).contains("the step limit is 0"));
    std::fs::write(&path, "{}").unwrap();
    assert!(
        GoalRecord::read(&path)
            .unwrap_err()
            .to_string()
            .contains("is not a file of rollouts to goals")
    );
}

/// A policy whose action is not a number.
struct Lost;

impl GoalPolicy for Lost {
    fn name(&self) -> String {
        "lost".to_owned()
    }

    fn act(&mut self, _: &[GoalView<'_>], _: &mut [Action]) -> Result<(), PolicyError> {
        Ok(())
    }
}

#[test]
fn bad_tasks_and_policies_are_named() {
    let text = run(&mut Lost, 1, None).unwrap_err().to_string();
    assert!(text.contains("its action in step 0 of episode 0"), "{text}");
    let protocol = GoalProtocol::default();
    let mut ctx = JobContext::silent();
    let few = rollout_to_goals(&mut Lost, &[task(0)], &protocol, ENV, None, &mut ctx).unwrap_err();
    assert!(few.to_string().contains("1 tasks for 50 episodes"), "{few}");
    let mut wrong = task(0);
    wrong.goal.agent[1] = f64::NAN;
    let one = GoalProtocol {
        episodes: 1,
        ..protocol
    };
    let text = rollout_to_goals(&mut Lost, &[wrong], &one, ENV, None, &mut ctx)
        .unwrap_err()
        .to_string();
    assert!(
        text.contains("the goal of demonstration 0, row 4 is not finite"),
        "{text}"
    );
}
