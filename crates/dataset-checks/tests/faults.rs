//! Datasets that cannot be meant are named; those that can are not.
#![allow(clippy::unwrap_used)]

use dataset_checks::{DatasetFault, dataset_faults};
use pusht_data::{Episode, Provenance};
use pusht_env::{FillRule, GOAL, Renderer, State};
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
