//! Replays of simulated clips, of such clips read from their pixels, and of clips that no agent can execute.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use clip_audit::*;
use pusht_env::{
    Action, Demonstration, EnvConfig, Expert, ExpertConfig, FillRule, Frame, GOAL, Pose, PushT, Renderer, Scene, State,
};
use pusht_vision::{ActionSmoother, InitialMotion, Tracked, Tracker};
use std::sync::OnceLock;
use traj_metrics::Bootstrap;

const SEEDS: std::ops::Range<u64> = 0..4;

/// The expert's episodes, simulated once.
fn episodes() -> &'static [Demonstration] {
    static EPISODES: OnceLock<Vec<Demonstration>> = OnceLock::new();
    EPISODES.get_or_init(|| {
        let expert = Expert::new(ExpertConfig::default()).unwrap();
        let env = EnvConfig::diffusion_policy();
        SEEDS.map(|seed| expert.demonstrate(env, seed, 60).unwrap()).collect()
    })
}

fn known(states: &[State]) -> Vec<Tracked> {
    states.iter().map(|&s| s.into()).collect()
}

fn frames(states: &[State]) -> Vec<Frame> {
    let mut renderer = Renderer::new(96, FillRule::Pygame26).unwrap();
    let scene = |s: &State| Scene {
        agent: s.agent,
        block: s.block,
        goal: GOAL,
        contacts: Vec::new(),
    };
    states.iter().map(|s| renderer.render(&scene(s))).collect()
}

fn track(frames: &[Frame]) -> Vec<Tracked> {
    Tracker::new(GOAL).unwrap().track_video(frames).unwrap()
}

fn closed_form(track: &[Tracked]) -> Vec<Action> {
    let agents: Vec<_> = track.iter().map(|t| t.agent).collect();
    ActionSmoother::default()
        .smooth(&agents, InitialMotion::Moving)
        .unwrap()
        .actions
}

/// The first frame fading into the last one.
fn cross_fade(frames: &[Frame]) -> Vec<Frame> {
    let (first, last) = (&frames[0], &frames[frames.len() - 1]);
    let fade = |t: usize| {
        let share = t as f64 / (frames.len() - 1) as f64;
        let mut out = first.clone();
        for (a, b) in out.iter_mut().zip(last.iter()) {
            *a = (f64::from(*a) * (1.0 - share) + f64::from(*b) * share).round() as u8;
        }
        out
    };
    (0..frames.len()).map(fade).collect()
}

#[test]
fn recorded_actions_reproduce_their_episode() {
    for episode in episodes() {
        let track = known(&episode.states);
        // Equal except for contacts left by the reset where agent and T overlap, which are not part of the state.
        let start = ReplayStart::at_rest(0, episode.states[0]);
        let replay = replay_from(start, &track, &episode.actions, GOAL).unwrap();
        assert!(!replay.diverged && replay.steps_to_divergence == episode.actions.len());
        let agent = replay.agent_error.iter().flatten().copied().fold(0.0, f64::max);
        assert!(agent < 1e-9, "{agent}");
        assert!(replay.end.coverage_error() < 0.02, "{:?}", replay.end);
        assert_eq!(replay.followed, replay.shown);
    }
}

#[test]
fn clips_are_reproduced_from_their_pixels_alone_and_cross_fades_are_not() {
    let (mut clean, mut faded) = (Vec::new(), Vec::new());
    for episode in episodes() {
        let pictures = frames(&episode.states);
        for (pictures, out) in [(cross_fade(&pictures), &mut faded), (pictures, &mut clean)] {
            let track = track(&pictures);
            out.push(replay(&track, &closed_form(&track), InitialMotion::Moving, GOAL).unwrap());
        }
    }
    let bootstrap = Bootstrap {
        resamples: 200,
        ..Bootstrap::default()
    };
    let [clean, faded] = [&clean, &faded].map(|r| ReplaySummary::of(r, &bootstrap).unwrap());
    assert_eq!((clean.replays, clean.diverged), (4, 0));
    assert!(
        clean.coverage.error.value < 0.05 && clean.own_goal.value > 0.95,
        "{clean:?}"
    );
    assert!(clean.over_time[0].agent.unwrap()[1] < 0.5);
    assert_eq!(faded.diverged, 4);
    // The T moves in the clip and stands still in the replay.
    assert!(faded.followed.value < 20.0 && clean.followed.value > 60.0, "{faded:?}");
    assert!(faded.own_goal.value < 0.5, "{faded:?}");
}

#[test]
fn starts_in_the_middle_of_a_motion_have_the_agents_velocity() {
    let episode = &episodes()[0];
    let track = known(&episode.states);
    let mut env = PushT::new(EnvConfig::gym_pusht()).unwrap();
    env.set_state(episode.states[0]).unwrap();
    let velocities: Vec<[f64; 2]> = episode
        .actions
        .iter()
        .map(|&action| {
            let velocity = env.agent_velocity();
            env.step(action).unwrap();
            velocity
        })
        .collect();
    let replays = restarts(&track, &closed_form(&track), InitialMotion::Rest, GOAL, 10).unwrap();
    assert_eq!(replays.len(), episode.actions.len().div_ceil(10));
    for replay in &replays {
        let (found, expected) = (replay.start.velocity, velocities[replay.start.frame]);
        let off = (found[0] - expected[0]).hypot(found[1] - expected[1]);
        assert!(off < 10.0, "frame {}: {found:?} {expected:?}", replay.start.frame);
        assert_eq!(replay.path.len(), episode.actions.len() - replay.start.frame);
    }
    let diverged = replays.iter().filter(|r| r.diverged).count();
    assert!(diverged <= 1, "{diverged} of {}", replays.len());
}

#[test]
fn the_path_counts_pushes_and_leaves_trembling_out() {
    let at = |x: f64, angle: f64| {
        Tracked::from(State {
            agent: [0.0; 2],
            block: Pose::new(x, 200.0, angle),
        })
    };
    let mut track: Vec<Tracked> = (0..8).map(|t| at(100.0 + 0.4 * f64::from(t % 2), 0.0)).collect();
    track.extend((1..=5).map(|t| at(100.0 + 4.0 * f64::from(t), 6.27)));
    track.extend([
        at(120.0, 6.27),
        at(124.0, 0.0),
        at(124.0, 0.0),
        at(124.0, 0.0),
        at(124.0, 0.0),
    ]);
    track.push(at(124.0, 0.1));
    let path = block_path(&track);
    assert_eq!(path.pushes, 2);
    assert!((path.length - 24.0).abs() < 0.5, "{path:?}");
    // Two turns of 0.013 over 2π, and one of 0.1.
    assert!(
        (path.turn - 0.1 - 2.0 * (std::f64::consts::TAU - 6.27)).abs() < 1e-9,
        "{path:?}"
    );
    assert_eq!(block_path(&[]), BlockPath::default());
}

#[test]
fn groups_goals_and_files() {
    let episode = &episodes()[1];
    let track = known(&episode.states);
    let replays = restarts(&track, &episode.actions, InitialMotion::Rest, GOAL, 5).unwrap();
    let bootstrap = Bootstrap {
        resamples: 100,
        ..Bootstrap::default()
    };
    let groups = ReplaySummary::by_path(&replays, &bootstrap).unwrap();
    assert_eq!(groups.iter().map(|g| g.summary.replays).sum::<usize>(), replays.len());
    let groups = ReplaySummary::by_pushes(&replays, &bootstrap).unwrap();
    assert_eq!(groups.iter().map(|g| g.summary.replays).sum::<usize>(), replays.len());
    let elsewhere = CoverageRow::of(&replays, replays[0].end.clip, &bootstrap).unwrap();
    assert!(elsewhere.clip > 0.999 && elsewhere.error.value < 0.05, "{elsewhere:?}");
    for replay in &replays {
        let text = serde_json::to_string(replay).unwrap();
        assert_eq!(serde_json::from_str::<Replay>(&text).unwrap(), *replay);
    }
}

#[test]
fn what_cannot_be_replayed_is_refused_with_a_reason() {
    let episode = &episodes()[0];
    let mut track = known(&episode.states[..10]);
    let actions = &episode.actions;
    let try_it = |track: &[Tracked], actions: &[Action]| replay(track, actions, InitialMotion::Moving, GOAL);
    assert!(matches!(
        try_it(&track, &actions[..11]),
        Err(ReplayError::TooMany { .. })
    ));
    assert!(matches!(try_it(&track, &[]), Err(ReplayError::NoActions { .. })));
    assert!(matches!(try_it(&[], &[]), Err(ReplayError::NoStart { frames: 0 })));
    assert!(matches!(try_it(&track, &[[f32::NAN, 0.0]]), Err(ReplayError::Env(_))));
    assert!(matches!(
        restarts(&track, actions, InitialMotion::Rest, GOAL, 0),
        Err(ReplayError::Every)
    ));
    assert!(matches!(
        ReplaySummary::of([], &Bootstrap::default()),
        Err(ReplayError::Empty)
    ));
    let outside = ReplayStart::at_rest(10, episode.states[0]);
    let found = replay_from(outside, &track, &actions[..9], GOAL);
    assert!(matches!(found, Err(ReplayError::Outside { first: 10, .. })));

    // Only seen objects are compared; the start is the first frame that shows both agent and T.
    (track[0].block, track[5].agent, track[6].block) = (None, None, None);
    let replay = try_it(&track, &actions[..9]).unwrap();
    assert_eq!((replay.start.frame, replay.path.len()), (1, 8));
    assert!(replay.agent_error[3].is_none() && replay.position_error[4].is_none());
    track[7].block = Some(Pose::new(f64::NAN, 0.0, 0.0));
    assert!(matches!(
        try_it(&track, &actions[..9]),
        Err(ReplayError::NotFinite { frame: 7 })
    ));
    for t in &mut track {
        t.block = None;
    }
    assert!(matches!(
        try_it(&track, actions.get(..9).unwrap()),
        Err(ReplayError::NoStart { frames: 10 })
    ));
}
