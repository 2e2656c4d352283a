//! Whether the actions are target positions in px of the 512 board, and take the recorded agent to where it is.

use pusht_env::State;
use pusht_vision::{CONTROL_HZ, agent_step};

use crate::{DatasetFault, Numbered, distance};

/// Fewest actions from which the unit of a dataset is told.
const FEWEST: usize = 32;
/// Side of the images of a dataset, px: actions within it are taken for px of the image.
const IMAGE: f32 = 96.0;
/// Side of the board, px.
const BOARD: f32 = 512.0;
/// Distance from the board beyond which no action is meant, px.
const FAR: f32 = 256.0;
/// Largest median distance, px, between where the actions take the agent in a step and where it is. Under 2 px where actions
/// and states belong together; 40 to 80 px with the axes exchanged or in other units.
const UNEXPLAINED: f64 = 15.0;
/// Distance, px, from where its action takes it beyond which the agent is in another episode, if the T moves too.
const ELSEWHERE: f64 = 60.0;
/// Motion of the T in the same step, px.
const T_ELSEWHERE: f64 = 30.0;

/// Actions in the unit of something else.
pub(crate) fn unit(episodes: &[Numbered<'_>]) -> Option<DatasetFault> {
    let all = || episodes.iter().flat_map(|rows| &rows.of.actions).flatten();
    if all().count() < 2 * FEWEST {
        return None;
    }
    match () {
        () if all().all(|x| x.abs() <= 1.0) => Some(DatasetFault::NormalizedActions),
        () if all().all(|x| (0.0..=IMAGE).contains(x)) => Some(DatasetFault::ActionsInImagePx),
        () => None,
    }
}

pub(crate) fn off_board(episodes: &[Numbered<'_>]) -> Option<DatasetFault> {
    let near = |x: &f32| (-FAR..=BOARD + FAR).contains(x);
    episodes.iter().find_map(|rows| {
        let row = rows.of.actions.iter().position(|action| !action.iter().all(near))?;
        let (episode, action) = (rows.index, rows.of.actions[row]);
        Some(DatasetFault::OffBoard { episode, row, action })
    })
}

/// How the numbers of an action are read.
type Reading = fn([f64; 2]) -> [f64; 2];

/// Where an action takes the agent within a step. The velocity is that of the step before, 0 where there is none.
pub(crate) fn agent_after(before: Option<&State>, here: &State, action: [f64; 2]) -> [f64; 2] {
    let from = before.unwrap_or(here).agent;
    let velocity = [0, 1].map(|axis| (here.agent[axis] - from[axis]) * CONTROL_HZ);
    agent_step(here.agent, velocity, action).0
}

/// Distances, px, between where its action takes the agent in a step and where it is, from row 1 on.
fn distances(rows: &Numbered<'_>, read: Reading) -> Vec<f64> {
    let steps = rows.of.states.as_deref().unwrap_or_default().windows(3);
    let steps = steps.zip(rows.of.actions.iter().skip(1)).map(|(states, action)| {
        let there = agent_after(Some(&states[0]), &states[1], read(action.map(f64::from)));
        distance(there, states[2].agent)
    });
    steps.collect()
}

pub(crate) fn unexplained(episodes: &[Numbered<'_>]) -> Option<DatasetFault> {
    let median_of = |read: Reading| {
        let all = episodes.iter().flat_map(|rows| distances(rows, read));
        let mut all: Vec<f64> = all.filter(|distance| distance.is_finite()).collect();
        let middle = all.len() / 2;
        (all.len() >= FEWEST).then(|| *all.select_nth_unstable_by(middle, f64::total_cmp).1)
    };
    let median = median_of(|a| a).filter(|median| *median > UNEXPLAINED)?;
    let others: [(Reading, &str); 4] = [
        (|[x, y]| [y, x], "as if x and y were exchanged"),
        (
            |a| a.map(|x| x * 512.0 / 96.0),
            "like px of a 96 px image: multiply by 512 / 96",
        ),
        (|a| a.map(|x| x * 512.0), "like fractions of the board: multiply by 512"),
        (|a| a.map(|x| 256.0 * (x + 1.0)), "normalized: 256 (a + 1) is in px"),
    ];
    let look_like = others
        .into_iter()
        .find(|(read, _)| median_of(*read).is_some_and(|other| other < UNEXPLAINED / 2.0));
    Some(DatasetFault::UnexplainedActions {
        median,
        look_like: look_like.map(|(_, text)| text),
    })
}

/// Agent and T elsewhere from one row to the next.
pub(crate) fn joined(rows: &Numbered<'_>) -> Option<DatasetFault> {
    let states = rows.of.states.as_deref()?;
    let found = distances(rows, |action| action)
        .into_iter()
        .enumerate()
        .find(|(index, px)| {
            let [here, next] = [index + 1, index + 2].map(|row| states[row].block);
            *px > ELSEWHERE && distance([here.x, here.y], [next.x, next.y]) > T_ELSEWHERE
        });
    found.map(|(index, px)| DatasetFault::Joined {
        episode: rows.index,
        row: index + 1,
        px,
    })
}
