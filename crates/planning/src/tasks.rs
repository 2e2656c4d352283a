//! Starts and goals from demonstrations.

use eval::{GoalProtocol, GoalRow, GoalTask};
use pusht_data::Source;
use pusht_env::State;
use world_eval::agent_motion_at;

use crate::error::PlanningError;

/// Draws the starts of a protocol from demonstrations, and reads their states and goals, in float32 as files of rollouts have
/// them. The agent's velocity at a start is that of [`agent_motion_at`], as no recording has it.
///
/// # Errors
/// Demonstrations without states, fewer starts than episodes, a state that is not finite, data that cannot be read.
pub fn goal_tasks(source: &Source, protocol: &GoalProtocol) -> Result<Vec<GoalTask>, PlanningError> {
    let path = || source.path().to_path_buf();
    if source.states(0)?.is_none() {
        return Err(PlanningError::NoStates { path: path() });
    }
    let rows = protocol.draw(&source.lengths());
    let rows = rows.map_err(|source| PlanningError::Protocol { path: path(), source })?;
    let mut tasks = Vec::with_capacity(rows.len());
    let mut last: Option<(usize, Vec<State>)> = None;
    for start in rows {
        let GoalRow { episode, row } = start;
        let known = last.take().filter(|(index, _)| *index == episode);
        let (_, states) = last.insert(match known {
            Some(known) => known,
            None => (episode, states(source, episode)?),
        });
        let actions = source.actions(episode)?;
        let positions: Vec<[f64; 2]> = states.iter().map(|state| state.agent).collect();
        let goal = row + protocol.offset;
        tasks.push(GoalTask {
            start,
            state: states[row],
            velocity: agent_motion_at(&positions, actions, row).velocity,
            before: states[row.saturating_sub(1)],
            goal: states[goal],
            demonstrated: actions[row..goal].to_vec(),
        });
    }
    Ok(tasks)
}

/// The states of an episode, as many as it has actions.
fn states(source: &Source, episode: usize) -> Result<Vec<State>, PlanningError> {
    let path = || source.path().to_path_buf();
    let states = source.states(episode)?;
    let states = states.ok_or_else(|| PlanningError::NoStates { path: path() })?;
    let rounded = states
        .iter()
        .map(|state| State::from_row(state.to_row().map(|x| f64::from(x as f32))));
    let rounded: Vec<State> = rounded.collect();
    let wrong = rounded
        .iter()
        .position(|state| !state.to_row().iter().all(|x| x.is_finite()));
    let wrong = wrong.or((rounded.len() < source.actions(episode)?.len()).then_some(rounded.len()));
    match wrong {
        None => Ok(rounded),
        Some(row) => Err(PlanningError::State {
            path: path(),
            episode,
            row,
        }),
    }
}
