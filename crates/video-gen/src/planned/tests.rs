//! Planned clips in the exact simulator, whose frames hold numbers instead of a picture.

use pusht_data::{Episode, History, Provenance, VideoModelError, VideoRequest, WorldModel, WorldModelError};
use pusht_env::{Action, EnvConfig, FillRule, Frame, GOAL, Pose, PushT, Renderer, Scene, State};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use pusht_vision::geometry::to_board;
use pusht_vision::{Tracked, VisionError};
use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::condition::{End, Situation};
use super::reader::ReadFrame;
use super::*;

/// The simulator; it loses the agent and the T after some steps if told so.
struct Numbers {
    blind: bool,
}

fn written(state: &State) -> Frame {
    let mut frame = Frame::new(96, 96);
    let bytes = state.to_row().into_iter().flat_map(f64::to_le_bytes);
    for (to, from) in frame.iter_mut().zip(bytes) {
        *to = from;
    }
    frame
}

fn read(frame: &Frame) -> State {
    let number = |i: usize| f64::from_le_bytes(std::array::from_fn(|k| frame.as_raw()[8 * i + k]));
    State::from_row(std::array::from_fn(number))
}

impl WorldModel for Numbers {
    fn name(&self) -> String {
        "numbers".to_owned()
    }

    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        let next = histories.iter().zip(actions).map(|(history, action)| {
            let state = State {
                agent: history.agent.position,
                ..read(&history.current)
            };
            let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
            env.set_motion(state, history.agent.velocity).unwrap();
            env.step(*action).unwrap();
            let mut state = env.state();
            if self.blind {
                state.agent = [f64::NAN; 2];
            }
            written(&state)
        });
        Ok(next.collect())
    }
}

struct ReadNumbers;

impl ReadFrame for ReadNumbers {
    fn check(&self, _: &Frame) -> Result<(), String> {
        Ok(())
    }

    fn read(&self, frame: &Frame, _: Option<&Tracked>) -> Result<Tracked, VisionError> {
        let state = read(frame);
        let mut seen = Tracked::from(state);
        seen.agent = seen.agent.filter(|p| p.iter().all(|x| x.is_finite()));
        Ok(seen)
    }
}

/// Episodes in which the agent pushes the bar of a T from outside.
fn pushes() -> Vec<Episode> {
    let push = |index: usize| {
        let block = Pose::new(
            180.0 + 40.0 * (index % 4) as f64,
            200.0 + 20.0 * index as f64,
            index as f64,
        );
        let side = 15.0 * (index % 3) as f64 - 15.0;
        let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
        let agent = to_board(block, [side, -50.0]);
        env.set_state(State { agent, block }).unwrap();
        let mut states = vec![env.state()];
        for step in 1..30 {
            let target = to_board(block, [side, 5.0 * f64::from(step) - 50.0]);
            env.step(target.map(|x| x as f32)).unwrap();
            states.push(env.state());
        }
        Episode {
            frames: vec![Frame::new(1, 1); states.len()],
            actions: vec![[0.0; 2]; states.len()],
            states: Some(states),
            goal: GOAL,
            provenance: Provenance {
                source: "pushes".into(),
                index,
                seed: None,
                actions: "recorded".into(),
            },
        }
    };
    (0..9).map(push).collect()
}

fn flow() -> PathFlow {
    let episodes = pushes();
    let spec = TrainSpec::new(PathTrainSettings::smoke()).with_train(&episodes);
    spec.run(&mut JobContext::silent()).unwrap().model
}

fn planner(blind: bool) -> PlannedVideo<Numbers> {
    let settings = PlanSettings {
        beams: 3,
        proposals: 3,
        tolerance: 12.0,
        variants: 4,
        ..PlanSettings::default()
    };
    PlannedVideo::new(Numbers { blind }, flow(), settings)
        .unwrap()
        .with_reader(ReadNumbers)
}

/// A T that was pulled back from the goal, and the agent behind it.
fn behind(distance: f64) -> State {
    let [x, y] = to_board(GOAL, [0.0, -distance]);
    let block = Pose::new(x, y, GOAL.angle);
    State {
        agent: to_board(block, [0.0, -30.0]),
        block,
    }
}

fn request(start: State, end: Option<State>, frames: usize, seed: u64) -> VideoRequest {
    VideoRequest {
        start: written(&start),
        end: end.map(|end| written(&end)),
        prompt: None,
        frames,
        seed,
    }
}

#[test]
fn the_t_is_pushed_to_the_goal_and_the_clip_ends_there() {
    let requests = [request(behind(40.0), None, 60, 0), request(behind(2.0), None, 60, 1)];
    let clips = planner(false).plan(&requests).unwrap();
    for (clip, request) in clips.iter().zip(&requests) {
        assert!(
            clip.arrived && clip.end_tracked && !clip.end_handed_back,
            "{:?}",
            clip.arrival
        );
        assert!(clip.arrival.corners <= 12.0 && clip.arrival.agent.is_none());
        assert!(clip.frames.len() < 60 && clip.frames[0] == request.start);
        assert_eq!(
            (clip.agent.len(), clip.actions.len() + 1),
            (clip.frames.len(), clip.frames.len())
        );
        // The other rollouts went on for a segment while the agent stopped.
        assert!(clip.frames_rolled_out <= (clip.actions.len() + 8) * 9 + 3 * 9);
        // The frames are those of the actions.
        let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
        env.set_motion(read(&request.start), [0.0; 2]).unwrap();
        for (action, frame) in clip.actions.iter().zip(&clip.frames[1..]) {
            env.step(*action).unwrap();
            assert!(
                read(frame)
                    .agent
                    .iter()
                    .zip(env.state().agent)
                    .all(|(a, b)| (a - b).abs() < 1e-6)
            );
        }
    }
    assert_eq!(clips[1].frames.len(), 4, "the agent only stops");
}

#[test]
fn a_clip_depends_on_its_request_only() {
    let end = State {
        agent: [150.0, 160.0],
        ..behind(20.0)
    };
    let requests: Vec<VideoRequest> = (0..10)
        .map(|i| {
            let frames = 6 + 2 * (i as usize % 4);
            request(behind(30.0 + i as f64), (i % 2 == 0).then_some(end), frames, i)
        })
        .collect();
    let planner = planner(false);
    let together = planner.plan(&requests).unwrap();
    for (request, clip) in requests.iter().zip(&together) {
        assert_eq!(&planner.plan(std::slice::from_ref(request)).unwrap()[0], clip);
    }
    assert_ne!(
        planner.plan(&[request(behind(30.0), Some(end), 6, 77)]).unwrap()[0],
        together[0]
    );
}

#[test]
fn a_prescribed_end_is_handed_back_only_if_it_was_reached() {
    let start = behind(60.0);
    let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
    env.set_state(start).unwrap();
    for step in 1..12 {
        let target = to_board(start.block, [0.0, 5.0 * f64::from(step) - 30.0]);
        env.step(target.map(|x| x as f32)).unwrap();
    }
    let near = env.state();
    let far = State {
        block: Pose::new(400.0, 400.0, 0.0),
        ..near
    };
    let requests = [request(start, Some(near), 12, 0), request(start, Some(far), 12, 0)];
    let clips = planner(false).plan(&requests).unwrap();
    assert!(clips.iter().all(|clip| clip.frames.len() == 12));
    assert!(clips[0].end_handed_back && clips[0].arrived, "{:?}", clips[0].arrival);
    assert_eq!(Some(&clips[0].frames[11]), requests[0].end.as_ref());
    assert!(!clips[1].end_handed_back && !clips[1].arrived);
    assert!(clips[1].arrival.corners > 50.0);
    assert!(
        read(&clips[1].frames[11]).block.x < 300.0,
        "the world model's own frame"
    );
}

#[test]
fn an_end_that_is_lost_is_never_reached() {
    let end = Some(behind(60.0));
    let clips = planner(true)
        .plan(&[request(behind(60.0), end, 9, 0), request(behind(2.0), None, 9, 0)])
        .unwrap();
    assert_eq!(clips[0].frames.len(), 9);
    assert!(clips.iter().all(|clip| !clip.arrived && !clip.end_handed_back));
    assert!(clips.iter().all(|clip| !clip.end_tracked && clip.frames.len() >= 2));
}

#[test]
fn requests_that_cannot_be_fulfilled_are_refused_by_number() {
    let planner = PlannedVideo::new(Numbers { blind: false }, flow(), PlanSettings::default()).unwrap();
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let mut drawn = |agent, block| renderer.render(&Scene::new(agent, block, GOAL));
    let block = Pose::new(200.0, 150.0, 1.0);
    let good = drawn([300.0, 400.0], block);
    let turned = image_turned(&good);
    let large = Renderer::new(128, FillRule::default())
        .unwrap()
        .render(&Scene::new([300.0, 400.0], block, GOAL));
    let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
    let cases: [(Frame, Option<Frame>, usize, &str); 7] = [
        (good.clone(), None, 0, "0 frames"),
        (good.clone(), None, 1, "1 frames"),
        (drawn([f64::NAN; 2], block), None, 9, "start frame: no blue agent"),
        (drawn([300.0, 400.0], nowhere), None, 9, "start frame: no gray T"),
        (turned, None, 9, "start frame: the board is turned"),
        (good.clone(), Some(large), 9, "end frame: 128 × 128 px"),
        (good.clone(), Some(Frame::new(96, 96)), 9, "end frame: "),
    ];
    for (start, end, frames, expected) in cases {
        let request = |start: &Frame, end, frames| VideoRequest {
            start: start.clone(),
            end,
            prompt: None,
            frames,
            seed: 0,
        };
        let error = planner
            .plan(&[request(&good, None, 2), request(&start, end, frames)])
            .unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("request 1: ") && text.contains(expected), "{text}");
    }
}

fn image_turned(frame: &Frame) -> Frame {
    Frame::from_fn(96, 96, |x, y| *frame.get_pixel(y, 95 - x))
}

#[test]
fn a_world_model_that_fails_is_named() {
    struct Broken;
    impl WorldModel for Broken {
        fn name(&self) -> String {
            "broken".to_owned()
        }

        fn step(&self, _: &[History], _: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
            Ok(Vec::new())
        }
    }
    let planner = PlannedVideo::new(Broken, flow(), PlanSettings::default())
        .unwrap()
        .with_reader(ReadNumbers);
    let error = planner.plan(&[request(behind(30.0), None, 9, 0)]).unwrap_err();
    assert!(matches!(error, VideoModelError::Failed { .. }));
    assert!(
        error
            .to_string()
            .contains("broken along planned paths failed: 0 frames"),
        "{error}"
    );
}

#[test]
fn a_saved_network_proposes_the_same() {
    let flow = flow();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("paths.safetensors");
    flow.save(&path).unwrap();
    let loaded = PathFlow::load(&path, &burn::tensor::Device::flex()).unwrap();
    let now = Situation {
        agent: [100.0, 200.0],
        moved: [1.0, 2.0],
        block: Pose::new(200.0, 250.0, 0.5),
    };
    let end = End {
        block: GOAL,
        agent: None,
        left: None,
    };
    let draw = |flow: &PathFlow| {
        let paths = flow.propose(&[(now, end); 3], 1.0, &mut Pcg64::seed_from_u64(4));
        (paths, flow.steps_left(&[(now, end)]))
    };
    assert_eq!(draw(&flow), draw(&loaded));
    assert_eq!(loaded.trained_on().episodes.len(), 9);
    std::fs::write(&path, b"no model").unwrap();
    assert!(PathFlow::load(&path, &burn::tensor::Device::flex()).is_err());
}

#[test]
fn training_needs_a_step() {
    let mut episode = pushes().remove(0);
    episode.frames.truncate(1);
    episode.actions.truncate(1);
    episode.states.as_mut().unwrap().truncate(1);
    let spec = TrainSpec::new(PathTrainSettings::smoke()).with_train([&episode]);
    let error = spec.run(&mut JobContext::silent()).unwrap_err();
    assert!(error.to_string().contains("2 frames or more"), "{error}");
}

#[test]
fn the_base_paths_bring_the_t_to_its_goal_from_new_starts() {
    let base = PathFlow::base(&burn::tensor::Device::flex()).unwrap();
    let planner = PlannedVideo::new(Numbers { blind: false }, base, PlanSettings::default())
        .unwrap()
        .with_reader(ReadNumbers);
    let start = |seed: u64| {
        PushT::new(EnvConfig::gym_pusht())
            .unwrap()
            .reset(2_000_000 + seed)
            .unwrap()
    };
    let requests: Vec<VideoRequest> = (0..8).map(|seed| request(start(seed), None, 200, seed)).collect();
    let clips = planner.plan(&requests).unwrap();
    let near = clips.iter().filter(|clip| clip.arrival.within(20.0, 20.0)).count();
    let arrived = clips.iter().filter(|clip| clip.arrived).count();
    eprintln!(
        "within 20 px and 20 degrees: {near}, at rest: {arrived}, of {}",
        clips.len()
    );
    assert!(near >= 7 && arrived >= 6, "{near}, {arrived}");
}
