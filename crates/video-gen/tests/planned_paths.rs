//! Planned clips through the public API: frames that are drawn and tracked, in the exact simulator as world model.

#![allow(clippy::unwrap_used)]

use pusht_data::{Episode, History, Provenance, VideoModel, VideoRequest, WorldModel, WorldModelError};
use pusht_env::{Action, EnvConfig, FillRule, Frame, GOAL, Pose, PushT, Renderer, State};
use pusht_jobs::JobContext;
use pusht_training::TrainSpec;
use pusht_vision::Tracker;
use video_gen::{PathTrainSettings, PlanSettings, PlannedVideo};

/// Tracks the last frame, plays a step in the environment, and draws the next one.
struct Simulator(Tracker);

impl WorldModel for Simulator {
    fn name(&self) -> String {
        "simulator".to_owned()
    }

    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
        let next = histories.iter().zip(actions).map(|(history, action)| {
            let block = self.0.track(&history.current).unwrap().block.unwrap();
            let agent = history.agent.position;
            let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
            env.set_motion(State { agent, block }, history.agent.velocity).unwrap();
            env.step(*action).unwrap();
            renderer.render(&env.scene())
        });
        Ok(next.collect())
    }
}

/// An episode without states: the agent pushes the T downward.
fn episode() -> Episode {
    let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
    let block = Pose::new(256.0, 150.0, 0.0);
    env.set_state(State {
        agent: [256.0, 100.0],
        block,
    })
    .unwrap();
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let (mut frames, mut actions) = (Vec::new(), Vec::new());
    for step in 0..16 {
        frames.push(renderer.render(&env.scene()));
        actions.push([256.0, 105.0 + 7.0 * step as f32]);
        env.step(actions[step]).unwrap();
    }
    Episode {
        frames,
        actions,
        states: None,
        goal: GOAL,
        provenance: Provenance {
            source: "made up".into(),
            index: 0,
            seed: None,
            actions: "recorded".into(),
        },
    }
}

#[test]
fn clips_are_the_world_models_own_frames_and_their_record_is_true() {
    let episode = episode();
    let mut settings = PathTrainSettings::smoke();
    settings.fit.steps_per_epoch = Some(20);
    let spec = TrainSpec::new(settings).with_train([&episode]);
    let paths = spec.run(&mut JobContext::silent()).unwrap().model;
    let plan = PlanSettings {
        beams: 2,
        proposals: 2,
        variants: 2,
        ..PlanSettings::default()
    };
    let model = PlannedVideo::new(Simulator(Tracker::new(GOAL).unwrap()), paths, plan).unwrap();
    assert_eq!(model.name(), "simulator along planned paths");
    let request = |end: Option<usize>, frames| VideoRequest {
        start: episode.frames[0].clone(),
        end: end.map(|at| episode.frames[at].clone()),
        prompt: None,
        frames,
        seed: 5,
    };
    let requests = [request(Some(9), 10), request(None, 8)];
    let clips = model.plan(&requests).unwrap();
    assert_eq!(clips[0].frames.len(), 10);
    assert!((2..=8).contains(&clips[1].frames.len()));
    let tracker = Tracker::new(GOAL).unwrap();
    for (clip, request) in clips.iter().zip(&requests) {
        assert_eq!(clip.frames[0], request.start);
        assert!(clip.end_tracked);
        for (frame, agent) in clip.frames.iter().zip(&clip.agent).skip(1) {
            let seen = tracker.track(frame).unwrap().agent.unwrap();
            let apart = (seen[0] - agent[0]).hypot(seen[1] - agent[1]);
            assert!(clip.end_handed_back || apart < 4.0, "{seen:?} {agent:?}");
        }
    }
    assert!(
        !clips[1].arrived && clips[1].arrival.corners > 20.0,
        "8 frames do not suffice"
    );
    let frames: Vec<_> = clips.into_iter().map(|clip| clip.frames).collect();
    assert_eq!(model.generate(&requests).unwrap(), frames);
}
