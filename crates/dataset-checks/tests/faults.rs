//! Datasets that cannot be meant are named; those that can are not.
#![allow(clippy::unwrap_used)]

use dataset_checks::{DatasetFault, dataset_faults};
use pusht_data::{Episode, Provenance, SeededTrajectory, SimulatedSet, Simulation, Start};
use pusht_env::{FillRule, GOAL, NumpyRng, Renderer, State};
use pusht_jobs::JobContext;
use pusht_vision::agent_step;

/// An agent that circles at `x`, and a T that turns beside it.
fn recorded(x: f64, rows: usize) -> Episode {
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let action = |t: f64| [x + 60.0 * (0.2 * t).cos(), 110.0 + 50.0 * (0.17 * t).sin()];
    let (mut p, mut v) = (action(0.0), [0.0; 2]);
    let (mut frames, mut actions, mut states) = (Vec::new(), Vec::new(), Vec::new());
    for t in 0..rows {
        let t = t as f64;
        let state = State::from_row([p[0], p[1], 512.0 - x, 340.0, 2.6 + 0.01 * t]);
        frames.push(renderer.render(&pusht_env::Scene::new(state.agent, state.block, GOAL)));
        states.push(state);
        actions.push(action(t).map(|x| x as f32));
        (p, v) = agent_step(p, v, action(t).map(|x| f64::from(x as f32)));
    }
    Episode {
        frames,
        actions,
        states: Some(states),
        goal: GOAL,
        provenance: Provenance {
            source: "made".into(),
            index: 0,
            seed: None,
            actions: "recorded".into(),
        },
    }
}

fn faults(episodes: &[Episode]) -> Vec<DatasetFault> {
    dataset_faults(episodes, 0).unwrap()
}

fn pair() -> Vec<Episode> {
    vec![recorded(350.0, 60), recorded(180.0, 60)]
}

/// The only fault after a change, as text.
fn changed(change: impl Fn(&mut Vec<Episode>)) -> String {
    let mut episodes = pair();
    change(&mut episodes);
    let found = faults(&episodes);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].to_string()
}

#[test]
fn a_sound_dataset_has_no_faults() {
    assert_eq!(faults(&pair()), []);
    // Without states there is less to look at.
    let mut bare = pair();
    bare.iter_mut().for_each(|of| of.states = None);
    assert_eq!(faults(&bare), []);
    // The index in the dataset, not in the slice.
    let mut far = pair();
    far[0].actions[7][0] = 1e9;
    let text = dataset_faults(&far, 40).unwrap()[0].to_string();
    assert!(text.contains("in episode 40, row 7"), "{text}");
}

#[test]
fn actions_in_other_units_are_named_with_what_to_do() {
    let scaled = |by: fn(f32) -> f32| {
        changed(|all| {
            all.iter_mut()
                .flat_map(|of| &mut of.actions)
                .flatten()
                .for_each(|x| *x = by(*x));
        })
    };
    assert!(scaled(|x| x / 256.0 - 1.0).contains("256 (a + 1)"));
    assert!(scaled(|x| x * 96.0 / 512.0).contains("multiply by 512 / 96"));
    let text = scaled(|x| x * 200.0 / 512.0);
    assert!(text.contains("does not follow its actions"), "{text}");
    let text = changed(|all| all.iter_mut().flat_map(|of| &mut of.actions).for_each(|a| a.reverse()));
    assert!(text.contains("x and y were exchanged"), "{text}");
    let text = changed(|all| all[1].actions[7][0] = 1e9);
    assert!(text.contains("in episode 1, row 7, is far off the board"), "{text}");
}

#[test]
fn states_that_the_frames_do_not_show_are_named() {
    let text = changed(|all| all[1].frames = recorded(350.0, 60).frames);
    assert!(
        text.starts_with("episode 1, row ") && text.contains("does not show the recorded state"),
        "{text}"
    );
    let text = changed(|all| {
        for state in all.iter_mut().flat_map(|of| of.states.as_mut().unwrap()) {
            state.block.angle = state.block.angle.to_degrees();
        }
    });
    assert!(
        text.contains("the angles look like degrees") && text.contains("1 more episode"),
        "{text}"
    );
    let text = changed(|all| {
        for of in all {
            of.frames.rotate_left(1);
        }
    });
    assert!(text.contains("the row after theirs"), "{text}");
}

#[test]
fn episodes_that_end_in_the_wrong_row_are_named() {
    let text = changed(|all| {
        let (one, two) = all.split_at_mut(1);
        let (one, two) = (&mut one[0], &mut two[0]);
        one.actions.extend(two.actions.drain(..7));
        let moved = two.states.as_mut().unwrap().drain(..7);
        one.states.as_mut().unwrap().extend(moved);
        one.frames.extend(two.frames.drain(..7));
    });
    assert!(
        text.contains("in episode 0 agent and T are elsewhere after row 59"),
        "{text}"
    );
}

/// Moves `count` rows from the end of one episode to the beginning of the next, or back if it is negative.
fn moved(from: &Episode, to: &Episode, count: isize) -> [Episode; 2] {
    let at = from.len().checked_add_signed(-count).unwrap();
    let join = |a: &Episode, b: &Episode| Episode {
        frames: [&a.frames[..], &b.frames].concat(),
        actions: [&a.actions[..], &b.actions].concat(),
        states: Some([a.states.as_deref().unwrap(), b.states.as_deref().unwrap()].concat()),
        ..a.clone()
    };
    let all = join(from, to);
    [0..at, at..all.len()].map(|rows| part(&all, rows))
}

fn part(of: &Episode, rows: std::ops::Range<usize>) -> Episode {
    Episode {
        frames: of.frames[rows.clone()].to_vec(),
        actions: of.actions[rows.clone()].to_vec(),
        states: Some(of.states.as_deref().unwrap()[rows].to_vec()),
        ..of.clone()
    }
}

/// The only fault of episodes, as text.
fn only(episodes: &[Episode]) -> String {
    let found = faults(episodes);
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].to_string()
}

#[test]
fn episodes_that_end_one_row_too_early_or_too_late_are_named() {
    let [one, two, three] = [350.0, 180.0, 350.0].map(|x| recorded(x, 60));
    let early = |one: &Episode, two: &Episode| moved(one, two, 1);
    // Each begins with the last row of the one before.
    let [first, second] = early(&one, &two);
    let [second, third] = early(&second, &three);
    let text = only(&[first.clone(), second.clone(), third]);
    for part in [
        "in episode 1 no action leads from row 0 to row 1 (the agent is ",
        ", and likewise in the first or last step of 1 more episodes",
        "row 0 goes on from the last row of episode 0, so that episodes end one row too early",
        "episode_ends; episode_index in a table of rows, length and dataset_from_index",
    ] {
        assert!(text.contains(part), "{text}");
    }
    // Without the episode beside it.
    let text = dataset_faults(std::slice::from_ref(&second), 1).unwrap()[0].to_string();
    assert!(
        text.contains("in episode 1 no action leads from row 0 to row 1"),
        "{text}"
    );
    assert!(!text.contains("too early"), "{text}");
    // One that ends with the first row of the next.
    let [first, second] = moved(&one, &two, -1);
    let text = only(&[first, second]);
    for part in [
        "in episode 0 no action leads from row 59 to row 60 (",
        "row 60 leads to the first row of episode 1, so that episodes end one row too late",
    ] {
        assert!(text.contains(part), "{text}");
    }
    assert!(!text.contains("more episodes"), "{text}");
}

/// Episodes of random targets that are far apart, in the simulator: the agent hits the T at full speed.
fn random(count: u64, rows: usize) -> Vec<Episode> {
    let trajectory = |seed| {
        let mut rng = NumpyRng::new(seed);
        let actions = (0..rows).map(|_| [(); 2].map(|()| (20.0 + 472.0 * rng.uniform()) as f32));
        SeededTrajectory::new(Start::Seed(seed), actions.collect())
    };
    let trajectories = (0..count).map(trajectory).collect();
    let set = SimulatedSet::new("random", "random", Simulation::GYM_PUSHT, trajectories).unwrap();
    set.episodes(0..count as usize, &mut JobContext::silent()).unwrap()
}

#[test]
fn the_ends_of_what_the_simulator_does_are_possible() {
    let whole = random(60, 40);
    assert_eq!(faults(&whole), []);
    // Cut into pieces that begin and end within a motion, each beside the next, and with gaps.
    let pieces = |step: usize| -> Vec<Episode> {
        let pieces = whole
            .iter()
            .flat_map(|of| (0..8).map(|piece| part(of, 5 * piece..5 * piece + 5)));
        pieces.step_by(step).collect()
    };
    for step in [1, 3] {
        assert_eq!(faults(&pieces(step)), []);
    }
    // Shifted by one row, nine of ten are noticed.
    let mut shifted = whole;
    for at in 1..shifted.len() {
        let [before, after] = moved(&shifted[at - 1], &shifted[at], 1);
        (shifted[at - 1], shifted[at]) = (before, after);
    }
    let found = faults(&shifted);
    assert!(
        matches!(
            found[..],
            [DatasetFault::OtherRow {
                is_first: true,
                of_episode: Some(_),
                more: 50..,
                ..
            }]
        ),
        "{found:?}"
    );
}

#[test]
fn frames_in_other_colors_are_named() {
    let recolored = |color: fn([u8; 3]) -> [u8; 3]| {
        let change = |of: &mut Episode| {
            let pixels = of.frames.iter_mut().flat_map(|frame| frame.pixels_mut());
            pixels.for_each(|pixel| pixel.0 = color(pixel.0));
        };
        let mut all = pair();
        all.iter_mut().for_each(change);
        let text = only(&all);
        all.iter_mut().for_each(|of| of.states = None);
        assert_eq!(only(&all), text);
        text
    };
    let text = recolored(|[r, g, b]| [b, g, r]);
    assert!(text.contains("write RGB in place of BGR"), "{text}");
    // A red agent and a blue goal.
    let text = recolored(|[r, g, b]| match () {
        () if b > r.saturating_add(60) => [b, g, r],
        () if g > r.saturating_add(60) => [r, b, g],
        () => [r, g, b],
    });
    assert!(
        text.starts_with("agent and T are not found in 6 of 6 frames looked at; expected PushT's board"),
        "{text}"
    );
    assert!(text.contains("a blue agent (65, 105, 225)"), "{text}");
    // One episode of three is not the dataset.
    let mut some = vec![recorded(350.0, 60), recorded(180.0, 60), recorded(200.0, 60)];
    some[2]
        .frames
        .iter_mut()
        .flat_map(|frame| frame.pixels_mut())
        .for_each(|pixel| pixel.0 = [255; 3]);
    assert_eq!(faults(&some), []);
}
