//! The rules of play, step by step, without time, browser or network.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{SIMULATION, alone, lead, path, point, settings, touch, witness, witnessed};
use pusht_data::{Episode, SeededTrajectory, SimulatedSet, Start};
use pusht_env::{Expert, ExpertConfig, ExpertPolicy};
use pusht_jobs::JobContext;
use pusht_play::{Actor, GuidedPolicy, InterventionSegments, Phase, PlayCommand, PlaySession, PlaySettings, PlayView};

fn saved(out: &Path) -> SimulatedSet {
    SimulatedSet::open(out.join("demonstrations.jsonl")).unwrap()
}

/// What the simulator says after the actions of an episode: position of the disc, coverage, largest reward.
fn simulated(trajectory: &SeededTrajectory, steps: usize) -> ([f64; 2], f64, f64) {
    let mut env = trajectory.begin(&SIMULATION).unwrap();
    let mut best = 0.0_f64;
    for &action in &trajectory.actions[..steps] {
        best = best.max(env.step(action).unwrap().reward);
    }
    (env.state().agent, env.coverage(), best)
}

fn shown(view: &PlayView) -> ([f64; 2], f64, f64) {
    (view.agent, view.coverage, view.score)
}

#[test]
fn an_episode_is_saved_as_it_was_shown() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("played");
    let mut session = alone(&out);
    assert_eq!(session.data(), out.join("demonstrations.jsonl"));
    let start = session.view();
    assert_eq!(
        (start.phase, start.actor, start.seed, start.target),
        (Phase::Ready, Actor::Human, 3, None)
    );
    touch(&mut session);
    lead(&mut session, 0..40);
    session.handle(PlayCommand::Pause).unwrap();
    // The clock stands.
    lead(&mut session, 40..45);
    let view = session.view();
    assert_eq!((view.steps, view.human_steps, view.phase), (40, 40, Phase::Ready));
    session.handle(PlayCommand::Save).unwrap();
    let next = session.view();
    assert_eq!((next.steps, next.seed, next.saved, next.phase), (0, 4, 1, Phase::Ready));
    assert!(next.note.1.contains("Episode 1 is saved: 4.0 s"), "{:?}", next.note);

    let set = saved(&out);
    let [trajectory] = set.trajectories() else {
        panic!("one episode")
    };
    assert_eq!((trajectory.start, &trajectory.interventions), (Start::Seed(3), &None));
    let expected: Vec<[f32; 2]> = (0..40).map(|step| path(step).map(|c| c as f32)).collect();
    assert_eq!(trajectory.actions, expected);
    assert_eq!(simulated(trajectory, 40), shown(&view));
    assert_eq!((set.source.as_str(), set.actions.as_str()), ("person", "recorded"));

    // A second episode is added, also by a later session, which goes on with the seeds.
    drop(session);
    let mut session = alone(&out);
    assert_eq!(session.view().seed, 4);
    session.handle(PlayCommand::Start).unwrap();
    session.tick().unwrap();
    session.handle(PlayCommand::Save).unwrap();
    // Without a pointer the disc stays.
    let set = saved(&out);
    let second = &set.trajectories()[1];
    let agent = second.begin(&SIMULATION).unwrap().state().agent;
    assert_eq!(second.actions, [agent.map(|c| c as f32)]);
    let names: Vec<_> = out.read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 3, "{names:?}");
}

#[test]
fn the_frame_is_the_simulators() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = alone(folder.path());
    touch(&mut session);
    lead(&mut session, 0..25);
    let png = session.png().unwrap();
    session.handle(PlayCommand::Save).unwrap();
    let mut env = saved(folder.path()).trajectories()[0].begin(&SIMULATION).unwrap();
    for &action in &saved(folder.path()).trajectories()[0].actions {
        env.step(action).unwrap();
    }
    let mut renderer = pusht_env::Renderer::new(512, SIMULATION.fill_rule).unwrap();
    let expected = renderer.render(&env.scene());
    let file = folder.path().join("frame.png");
    std::fs::write(&file, png).unwrap();
    std::fs::create_dir(folder.path().join("frames")).unwrap();
    std::fs::rename(&file, folder.path().join("frames/0.png")).unwrap();
    assert!(video_io::read_frames(folder.path().join("frames")).unwrap() == [expected]);
}

#[test]
fn the_clock_starts_where_the_pointer_comes_onto_the_disc() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = alone(folder.path());
    let [x, y] = session.view().agent;
    // It was there already: it has to go and come back, or to press.
    point(&mut session, [x, y], false);
    assert!(!session.is_running());
    point(&mut session, [x + 31.0, y], false);
    assert!(!session.is_running());
    point(&mut session, [x + 29.0, y], false);
    assert!(session.is_running());
    session.handle(PlayCommand::Restart).unwrap();
    assert!(!session.is_running());
    point(&mut session, [x, y], false);
    assert!(!session.is_running());
    point(&mut session, [x, y], true);
    assert!(session.is_running());
    // A press elsewhere does not make the disc jump.
    session.handle(PlayCommand::Restart).unwrap();
    point(&mut session, [x, y], false);
    point(&mut session, [x + 100.0, y], true);
    assert!(!session.is_running());
}

#[test]
fn undo_takes_back_a_second_exactly() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = alone(folder.path());
    touch(&mut session);
    lead(&mut session, 0..15);
    let before = session.view();
    lead(&mut session, 15..25);
    session.handle(PlayCommand::Undo).unwrap();
    let after = session.view();
    assert_eq!(
        (after.steps, after.target, after.phase),
        (15, before.target, Phase::Ready)
    );
    assert_eq!(shown(&after), shown(&before));
    // Not before the pointer comes back to the disc; then as if nothing had been taken back.
    session.tick().unwrap();
    assert_eq!(session.view().steps, 15);
    touch(&mut session);
    lead(&mut session, 40..50);
    let end = session.view();
    for _ in 0..2 {
        session.handle(PlayCommand::Undo).unwrap();
    }
    assert_eq!(session.view().steps, 5);
    session.handle(PlayCommand::Undo).unwrap();
    assert_eq!(session.view().steps, 0);
    let error = session.handle(PlayCommand::Undo).unwrap_err().to_string();
    assert!(error.contains("nothing to undo"), "{error}");
    assert!(!session.view().undoable);

    // The same steps without an undo, in another folder.
    let other = tempfile::tempdir().unwrap();
    let mut straight = alone(other.path());
    touch(&mut straight);
    lead(&mut straight, 0..15);
    lead(&mut straight, 40..50);
    assert_eq!(shown(&straight.view()), shown(&end));
}

#[test]
fn undo_brings_back_what_a_restart_discarded() {
    let folder = tempfile::tempdir().unwrap();
    for command in [PlayCommand::Restart, PlayCommand::Next] {
        let mut session = alone(folder.path());
        session.handle(PlayCommand::Restart).unwrap();
        touch(&mut session);
        lead(&mut session, 0..14);
        let before = session.view();
        session.handle(command).unwrap();
        assert_eq!((session.view().steps, session.view().undoable), (0, true));
        // A second restart discards nothing.
        session.handle(command).unwrap();
        session.handle(PlayCommand::Undo).unwrap();
        let after = session.view();
        assert_eq!((after.steps, after.seed, after.phase), (14, before.seed, Phase::Ready));
        assert_eq!(shown(&after), shown(&before));
        // In the file too.
        drop(session);
        let mut session = alone(folder.path());
        assert_eq!(shown(&session.view()), shown(&before));
        touch(&mut session);
        lead(&mut session, 14..16);
        session.handle(PlayCommand::Restart).unwrap();
        // What was saved is not brought back.
        touch(&mut session);
        lead(&mut session, 0..2);
        session.handle(PlayCommand::Save).unwrap();
        assert!(!session.view().undoable);
    }
}

#[test]
fn a_killed_session_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("unfinished.jsonl");
    let mut session = alone(folder.path());
    touch(&mut session);
    lead(&mut session, 0..27);
    session.handle(PlayCommand::Undo).unwrap();
    touch(&mut session);
    lead(&mut session, 27..30);
    let before = session.view();
    assert_eq!(before.steps, 20);
    // As a kill leaves it: nothing is closed, and a line is written in part.
    drop(session);
    let mut text = std::fs::read_to_string(&journal).unwrap();
    text.push_str("{\"action\":[1.0,2.0],\"hum");
    std::fs::write(&journal, text).unwrap();

    let mut session = alone(folder.path());
    let after = session.view();
    assert_eq!((after.steps, after.seed, after.phase), (20, 3, Phase::Ready));
    assert_eq!(shown(&after), shown(&before));
    assert!(after.note.1.contains("unfinished episode of 2.0 s"), "{:?}", after.note);
    touch(&mut session);
    lead(&mut session, 30..35);
    let end = session.view();
    session.handle(PlayCommand::Save).unwrap();
    let set = saved(folder.path());
    let trajectory = &set.trajectories()[0];
    assert_eq!(trajectory.actions.len(), 25);
    assert_eq!(simulated(trajectory, 20), shown(&before));
    assert_eq!(simulated(trajectory, 25), shown(&end));
}

#[test]
fn a_kill_between_saving_and_the_next_start_saves_once() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("unfinished.jsonl");
    let mut session = alone(folder.path());
    touch(&mut session);
    lead(&mut session, 0..8);
    let text = std::fs::read_to_string(&journal).unwrap();
    session.handle(PlayCommand::Save).unwrap();
    drop(session);
    std::fs::write(&journal, text).unwrap();
    let view = alone(folder.path()).view();
    assert_eq!((view.steps, view.saved, view.seed), (0, 1, 4));
}

#[test]
fn a_policy_is_taken_over_and_every_action_says_who_chose_it() {
    let folder = tempfile::tempdir().unwrap();
    let (guide, resets) = witness();
    let mut session = PlaySession::open(&settings(folder.path()), Some(guide)).unwrap();
    let tick = |session: &mut PlaySession, times: usize| (0..times).for_each(|_| session.tick().unwrap());
    // It waits for a start, not for the pointer.
    let agent = session.view().agent;
    point(&mut session, agent, false);
    assert_eq!(session.view().phase, Phase::Ready);
    session.handle(PlayCommand::Start).unwrap();
    tick(&mut session, 5);
    assert_eq!((session.view().actor, resets.get()), (Actor::Policy, 1));
    point(&mut session, [300.0, 310.0], true);
    assert_eq!(session.view().actor, Actor::Human);
    tick(&mut session, 4);
    point(&mut session, [320.0, 310.0], false);
    assert_eq!(session.view().actor, Actor::Policy);
    tick(&mut session, 3);
    // The policy drops its plan where a person has acted.
    assert_eq!(resets.get(), 2);
    session.handle(PlayCommand::TakeOver).unwrap();
    tick(&mut session, 2);
    session.handle(PlayCommand::GiveBack).unwrap();
    tick(&mut session, 3);
    // What it sees after an undo, and after a kill, is what it saw before.
    session.handle(PlayCommand::Undo).unwrap();
    assert_eq!(session.view().human_steps, 2);
    session.handle(PlayCommand::Start).unwrap();
    tick(&mut session, 2);
    drop(session);
    let mut session = PlaySession::open(&settings(folder.path()), Some(witness().0)).unwrap();
    // A press takes over at once.
    point(&mut session, [200.0, 200.0], true);
    tick(&mut session, 1);
    point(&mut session, [200.0, 200.0], false);
    tick(&mut session, 4);
    session.handle(PlayCommand::Save).unwrap();

    let set = saved(folder.path());
    let trajectory = &set.trajectories()[0];
    let who = trajectory.interventions.as_ref().unwrap();
    assert_eq!((who.policy.as_str(), &who.policy_sha256), ("witness", &None));
    let flags: String = who.is_intervention.iter().map(|h| if *h { 'h' } else { '.' }).collect();
    assert_eq!(flags, ".....hh..h....");
    let episode = set.episodes(0..1, &mut JobContext::silent()).unwrap().remove(0);
    let states = episode.states.as_ref().unwrap();
    for (t, human) in who.is_intervention.iter().enumerate() {
        let seen = witnessed(states[t.saturating_sub(1)].agent, states[t].agent);
        assert_eq!(episode.actions[t] == seen, !human, "step {t}");
    }
    assert_eq!(episode.actions[5], [300.0, 310.0]);

    // The stretches in which the person led.
    let segments = InterventionSegments::of(&set);
    assert_eq!(segments.lengths(), [2, 1]);
    let stretches: Vec<Episode> = segments.episodes().map(Result::unwrap).collect();
    assert_eq!(stretches[0].frames, episode.frames[5..7]);
    assert_eq!(stretches[1].actions, [[200.0, 200.0]]);
    stretches.iter().for_each(|e| e.check().unwrap());
}

#[test]
fn an_episode_of_another_policy_can_be_saved_but_not_continued() {
    let folder = tempfile::tempdir().unwrap();
    let open = |guide| PlaySession::open(&settings(folder.path()), guide).unwrap();
    // Nothing was played yet: the episode is the new policy's.
    drop(open(None));
    let mut session = open(Some(witness().0));
    session.handle(PlayCommand::Start).unwrap();
    session.tick().unwrap();
    drop(session);
    let mut session = open(None);
    assert_eq!((session.view().phase, session.view().steps), (Phase::Foreign, 1));
    let error = session.handle(PlayCommand::Start).unwrap_err().to_string();
    assert!(
        error.contains("begun with the policy witness") && error.contains("without a policy"),
        "{error}"
    );
    let [x, y] = session.view().agent;
    point(&mut session, [x + 100.0, y], false);
    point(&mut session, [x, y], true);
    assert!(!session.is_running());
    session.handle(PlayCommand::Save).unwrap();
    assert_eq!(session.view().phase, Phase::Ready);
    let who = saved(folder.path()).trajectories()[0].interventions.clone().unwrap();
    assert_eq!(
        (who.policy.as_str(), who.is_intervention.as_slice()),
        ("witness", &[false][..])
    );
}

#[test]
fn an_episode_ends_with_success() {
    let folder = tempfile::tempdir().unwrap();
    let settings = PlaySettings {
        first_seed: 100_000,
        ..settings(folder.path())
    };
    let expert = ExpertConfig::default();
    let expected = Expert::new(expert).unwrap();
    let expected = expected.demonstrate(SIMULATION.config(), 100_000, 300).unwrap();
    let policy = ExpertPolicy::new(expert).unwrap();
    let guide = GuidedPolicy::new(Box::new(policy), None, SIMULATION);
    let mut session = PlaySession::open(&settings, Some(guide)).unwrap();
    session.handle(PlayCommand::Start).unwrap();
    for _ in 0..300 {
        session.tick().unwrap();
    }
    let view = session.view();
    assert_eq!(
        (view.phase, view.score, view.steps),
        (Phase::Solved, 1.0, expected.actions.len())
    );
    let error = session.handle(PlayCommand::Start).unwrap_err().to_string();
    assert!(error.contains("over"), "{error}");
    // It is over for a later session too; a second earlier it was not.
    drop(session);
    let policy = ExpertPolicy::new(expert).unwrap();
    let guide = GuidedPolicy::new(Box::new(policy), None, SIMULATION);
    let mut session = PlaySession::open(&settings, Some(guide)).unwrap();
    assert_eq!(session.view().phase, Phase::Solved);
    session.handle(PlayCommand::Undo).unwrap();
    assert_eq!(session.view().phase, Phase::Ready);
    session.handle(PlayCommand::Start).unwrap();
    session.tick().unwrap();
    session.handle(PlayCommand::Save).unwrap();
    assert_eq!(saved(folder.path()).trajectories()[0].actions.len(), view.steps - 9);
}

#[test]
fn an_episode_ends_at_its_limit() {
    let folder = tempfile::tempdir().unwrap();
    let settings = PlaySettings {
        max_steps: 12,
        ..settings(folder.path())
    };
    let mut session = PlaySession::open(&settings, None).unwrap();
    touch(&mut session);
    lead(&mut session, 0..20);
    assert_eq!((session.view().phase, session.view().steps), (Phase::OutOfTime, 12));
    session.handle(PlayCommand::Undo).unwrap();
    touch(&mut session);
    lead(&mut session, 0..20);
    assert_eq!((session.view().phase, session.view().steps), (Phase::OutOfTime, 12));
    session.handle(PlayCommand::Next).unwrap();
    assert_eq!((session.view().phase, session.view().seed), (Phase::Ready, 4));
}
