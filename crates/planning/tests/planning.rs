//! Planners reach goals in the simulator, in worlds and by clips; faults of models are found; threads do not matter.

#![allow(clippy::unwrap_used)]

use eval::{GoalProtocol, GoalRow, GoalRun, GoalTask, rollout_to_goals};
use planning::{
    ClipPlanner, ClipPlannerSettings, CrossEntropy, InSimulator, InWorldModel, PictureCost, SearchPolicy,
    SearchSettings, goal_tasks,
};
use pusht_data::{
    Episode, History, SeededTrajectory, SimulatedSet, Simulation, Start, VideoModel, VideoModelError, VideoRequest,
    WorldModel, WorldModelError, open, write_replay_buffer,
};
use pusht_env::{EnvConfig, FillRule, Frame, GOAL, Pose, PushT, Renderer, Scene, State};
use pusht_jobs::JobContext;
use pusht_vision::Tracker;
use world_eval::SimulatorWorld;

const ENV: EnvConfig = EnvConfig::diffusion_policy();

fn task(state: State, goal: State) -> GoalTask {
    GoalTask {
        start: GoalRow { episode: 0, row: 0 },
        state,
        velocity: [0.0; 2],
        before: state,
        goal,
        demonstrated: Vec::new(),
    }
}

/// The agent has to move; the T is far from it.
fn moving(px: f64) -> GoalTask {
    let state = |x| State {
        agent: [x, 100.0],
        block: Pose::new(330.0, 330.0, 0.5),
    };
    task(state(100.0), state(100.0 + px))
}

/// The T has to be pushed to where the agent pushes it on a straight way.
fn pushing() -> GoalTask {
    let state = State {
        agent: [110.0, 210.0],
        block: Pose::new(200.0, 190.0, 0.2),
    };
    let mut env = PushT::new(ENV).unwrap();
    env.set_motion(state, [0.0; 2]).unwrap();
    for step in 1..=25 {
        env.step([110.0 + 6.0 * step as f32, 215.0]).unwrap();
    }
    let goal = env.state();
    assert!(goal.block.x > 240.0, "{goal:?}");
    task(state, goal)
}

fn play(policy: &mut dyn eval::GoalPolicy, tasks: &[GoalTask], budget: usize) -> Result<GoalRun, eval::GoalError> {
    let protocol = GoalProtocol {
        episodes: tasks.len(),
        budget,
        ..GoalProtocol::default()
    };
    rollout_to_goals(policy, tasks, &protocol, ENV, None, &mut JobContext::silent())
}

#[test]
fn the_search_in_the_simulator_pushes_the_t_whatever_the_number_of_threads() {
    let small = SearchSettings {
        search: CrossEntropy {
            samples: 60,
            rounds: 12,
            elites: 10,
            enough: 1.0,
        },
        ..SearchSettings::SIMULATOR
    };
    let run = |threads: usize, tasks: &[GoalTask]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut policy = SearchPolicy::new(InSimulator, small, 5).unwrap();
        pool.install(|| play(&mut policy, tasks, 50).unwrap())
    };
    let tasks = [pushing(), moving(60.0)];
    let one = run(1, &tasks);
    assert_eq!(one.record.scores().unwrap().reached, 2, "{:?}", one.record.episodes);
    assert_eq!(one.record, run(3, &tasks).record);
    // An episode does not depend on the others.
    assert_eq!(one.record.episodes[..1], run(2, &tasks[..1]).record.episodes[..]);
    assert!(one.timing.decisions >= 2 && one.timing.seconds_per_decision.is_some());
    assert_eq!(one.record.settings["search"]["search"]["samples"], 60);
}

/// A search that is quick, in worlds that are slow.
const QUICK: SearchSettings = SearchSettings {
    search: CrossEntropy {
        samples: 12,
        rounds: 3,
        elites: 4,
        enough: 0.5,
    },
    attempts: 1,
    horizon: 8,
    waypoint_every: 4,
    spread: 25.0,
    play: 4,
};

fn in_world(model: Box<dyn WorldModel>, cost: PictureCost) -> SearchPolicy<InWorldModel> {
    SearchPolicy::new(InWorldModel::new(model, cost, None).unwrap(), QUICK, 1).unwrap()
}

#[test]
fn the_search_in_a_world_model_sees_frames_only_and_gets_there() {
    for cost in [PictureCost::Pose, PictureCost::Pixels] {
        let world = Box::new(SimulatorWorld::new(ENV).unwrap());
        let run = play(&mut in_world(world, cost), &[moving(45.0)], 16).unwrap();
        let episode = &run.record.episodes[0];
        assert!(episode.reached_after.is_some(), "{cost:?}: {:?}", episode.states);
        assert_eq!(run.timing.without_plan, 0);
    }
}

/// A world in which nothing moves, and that refuses rollouts whose action is right of a line, or returns too few frames.
struct Odd {
    line: f32,
    missing: usize,
}

impl WorldModel for Odd {
    fn name(&self) -> String {
        "odd world".to_owned()
    }

    fn step(&self, histories: &[History], actions: &[[f32; 2]]) -> Result<Vec<Frame>, WorldModelError> {
        if let Some(rollout) = actions.iter().position(|action| action[0] > self.line) {
            return Err(WorldModelError::Rollout {
                rollout,
                reason: "beyond the line".to_owned(),
            });
        }
        let kept = histories.len() - self.missing;
        Ok(histories[..kept]
            .iter()
            .map(|history| history.current.clone())
            .collect())
    }
}

#[test]
fn plans_that_a_world_refuses_are_not_played_and_broken_worlds_are_named() {
    let played = |line| {
        let world = Box::new(Odd { line, missing: 0 });
        play(&mut in_world(world, PictureCost::Pose), &[moving(60.0)], 8).unwrap()
    };
    let run = played(150.0);
    assert!(run.record.episodes[0].actions.iter().all(|action| action[0] <= 150.0));
    assert!(run.record.episodes[0].actions.iter().any(|action| action[0] > 110.0));
    // Where every plan is refused, the agent stays.
    let run = played(-1.0);
    assert_eq!((run.timing.decisions, run.timing.without_plan), (2, 2));
    assert!(
        run.record.episodes[0]
            .states
            .iter()
            .all(|state| state.agent == [100.0, 100.0])
    );

    let broken = Box::new(Odd {
        line: 600.0,
        missing: 2,
    });
    let error = play(&mut in_world(broken, PictureCost::Pose), &[moving(60.0)], 8).unwrap_err();
    assert!(error.to_string().contains("it returned 10 frames"), "{error}");
    // A goal without a T on the board.
    let mut unseen = moving(60.0);
    unseen.goal.block = Pose::new(900.0, 900.0, 0.0);
    let world = Box::new(Odd {
        line: 600.0,
        missing: 0,
    });
    let error = play(&mut in_world(world, PictureCost::Pose), &[unseen], 8).unwrap_err();
    assert!(error.to_string().contains("not seen in the goal's frame"), "{error}");
}

/// A video model in which the agent glides to where the last frame has it.
struct Glide {
    frames: Option<usize>,
    refuses: bool,
}

impl VideoModel for Glide {
    fn name(&self) -> String {
        "glide".to_owned()
    }

    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        if self.refuses {
            return Err(VideoModelError::Request {
                request: requests.len() - 1,
                reason: "no".to_owned(),
            });
        }
        let tracker = Tracker::new(GOAL).unwrap();
        let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
        let mut clip = |request: &VideoRequest| {
            let start = tracker.track(&request.start).unwrap().state().unwrap();
            let end = tracker.track(request.end.as_ref().unwrap()).unwrap().state().unwrap();
            let last = (request.frames - 1) as f64;
            let count = self.frames.unwrap_or(request.frames);
            (0..count)
                .map(|k| {
                    let share = k as f64 / last;
                    let agent = [0, 1].map(|i| start.agent[i] + share * (end.agent[i] - start.agent[i]));
                    renderer.render(&Scene::new(agent, start.block, GOAL))
                })
                .collect()
        };
        Ok(requests.iter().map(&mut clip).collect())
    }
}

fn gliding(model: Glide, settings: ClipPlannerSettings) -> ClipPlanner {
    ClipPlanner::new(Box::new(model), settings, 0, None).unwrap()
}

#[test]
fn clips_are_played_and_asked_for_again() {
    let settings = ClipPlannerSettings {
        together: 2,
        ..ClipPlannerSettings::default()
    };
    let glide = || Glide {
        frames: None,
        refuses: false,
    };
    let tasks = [moving(150.0), moving(90.0), moving(60.0)];
    let all = play(&mut gliding(glide(), settings.clone()), &tasks, 50).unwrap();
    assert_eq!(all.record.scores().unwrap().reached, 3, "{:?}", all.record.episodes);
    assert!(all.timing.decisions > 3);
    let alone = play(&mut gliding(glide(), ClipPlannerSettings::default()), &tasks, 50).unwrap();
    assert_eq!(alone.record.episodes, all.record.episodes);

    // A refused request leaves the agent where it is; a clip of one frame has no actions.
    for model in [
        Glide {
            frames: None,
            refuses: true,
        },
        Glide {
            frames: Some(1),
            refuses: false,
        },
    ] {
        let run = play(&mut gliding(model, settings.clone()), &tasks, 10).unwrap();
        assert_eq!((run.timing.decisions, run.timing.without_plan), (6, 6));
        assert_eq!(run.record.episodes[0].states[10].agent, [100.0, 100.0]);
    }
    let none = ClipPlannerSettings { play: 0, ..settings };
    let error = ClipPlanner::new(Box::new(glide()), none, 0, None).err().unwrap();
    assert!(error.to_string().contains("steps played is 0"), "{error}");
}

#[test]
fn goals_are_states_of_demonstrations_and_their_actions_lead_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.jsonl");
    let trajectory = |seed| {
        let actions = (0..40).map(|step| [100.0 + 7.0 * step as f32, 250.0 + seed as f32]);
        SeededTrajectory::new(Start::Seed(seed), actions.collect())
    };
    let set = SimulatedSet::new("test", "line", Simulation::GYM_PUSHT, (0..3).map(trajectory).collect());
    set.unwrap().save(&path).unwrap();
    let source = open(&path).unwrap();
    let protocol = GoalProtocol {
        episodes: 44,
        ..GoalProtocol::default()
    };
    let tasks = goal_tasks(&source, &protocol).unwrap();
    assert_eq!(tasks.len(), 44);
    assert_eq!((tasks[43].start.episode, tasks[43].start.row), (2, 13));
    let run = play(&mut eval::AlongDemonstration, &tasks, 50).unwrap();
    assert_eq!(run.record.scores().unwrap().reached, 44);

    let many = GoalProtocol {
        episodes: 45,
        ..protocol
    };
    let error = goal_tasks(&source, &many).unwrap_err().to_string();
    assert!(
        error.contains("set.jsonl: 45 episodes were asked for") && error.contains("have 44 starts"),
        "{error}"
    );

    // Demonstrations of which only images and actions are known.
    let episodes = source.episodes(0..1, &mut JobContext::silent()).unwrap();
    let without = episodes.into_iter().map(|episode| {
        Ok(Episode {
            states: None,
            ..episode
        })
    });
    let path = folder.path().join("images.zarr");
    write_replay_buffer(&path, &[40], without, &mut JobContext::silent()).unwrap();
    let error = goal_tasks(&open(&path).unwrap(), &protocol).unwrap_err().to_string();
    assert!(
        error.contains("images.zarr: the demonstrations have no states"),
        "{error}"
    );
}
