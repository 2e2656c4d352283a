//! Whether the first and the last row of an episode are its own: where ends are shifted by one row, an episode begins with
//! the last row of the one before it, or ends with the first row of the next.

use pusht_env::{Action, State};

use crate::actions::agent_after;
use crate::{DatasetFault, Numbered, distance};

/// Distance, px, from where its action takes it beyond which an agent of unknown velocity is in another episode, if the T moves
/// too: the fastest one, whose target is across the board, goes 81 px.
const UNKNOWN_VELOCITY: f64 = 90.0;
/// The same distance of an agent whose velocity is that of the step before.
const ELSEWHERE: f64 = 40.0;
/// The same distance where the odd row goes on from the episode beside it, or leads to it.
const FOLLOWS: f64 = 20.0;
/// Motion of a T in a step that nothing explains, px.
const T_ELSEWHERE: f64 = 30.0;
/// Motion of a T that the agent does not reach, px. A pushed one moves by no more than twice the agent's path besides.
const T_ALONE: f64 = 10.0;
/// Distance of the agent's center from the T's origin up to which they may touch, px: 121 px to the farthest corner, and the
/// agent's radius.
const T_REACH: f64 = 140.0;

/// How far agent and T are from where a step can take them.
struct Jump {
    agent_px: f64,
    block_px: f64,
    /// Whether the T moves by more than the agent can push it.
    block: bool,
}

impl Jump {
    /// Of the step with this action from `here` to `next`, after the one from `before`.
    fn of(before: Option<&State>, here: &State, action: Action, next: &State) -> Self {
        let there = agent_after(before, here, action.map(f64::from));
        let path = distance(here.agent, there);
        let [block, moved] = [here, next].map(|state| [state.block.x, state.block.y]);
        let nearest = distance(here.agent, block).min(distance(there, block));
        let pushed = if nearest < T_REACH + path / 2.0 {
            2.0 * path
        } else {
            0.0
        };
        let block_px = distance(block, moved);
        Self {
            agent_px: distance(there, next.agent),
            block_px,
            block: block_px > (T_ALONE + pushed).min(T_ELSEWHERE),
        }
    }

    fn is_elsewhere(&self, agent_px: f64) -> bool {
        self.block && self.agent_px > agent_px
    }

    fn is_possible(&self) -> bool {
        !self.block && self.agent_px < FOLLOWS
    }
}

/// The states and actions of an episode of at least three rows: in two, nobody knows which one is odd.
fn rows<'a>(episode: &'a Numbered<'_>) -> Option<(&'a [State], &'a [Action])> {
    let (states, actions) = (episode.of.states.as_deref()?, &episode.of.actions[..]);
    (states.len() > 2 && states.len() == actions.len()).then_some((states, actions))
}

/// A first row that is of the episode before, if there is one beside it.
fn first_row(before: Option<&Numbered<'_>>, episode: &Numbered<'_>) -> Option<DatasetFault> {
    let (states, actions) = rows(episode)?;
    let from = |before: Option<&State>| Jump::of(before, &states[0], actions[0], &states[1]);
    let jump = from(None);
    let of_other = before.filter(|before| {
        let Some((states_before, actions_before)) = rows(before) else {
            return false;
        };
        let last = states_before.len() - 1;
        let previous = Some(&states_before[last - 1]);
        let leads_here = Jump::of(previous, &states_before[last], actions_before[last], &states[0]);
        // Not where one episode goes on in the next: then the velocity explains the step.
        leads_here.is_possible() && from(Some(&states_before[last])).is_elsewhere(FOLLOWS)
    });
    fault(episode, 0, true, jump, of_other)
}

/// A last row that is of the episode after, if there is one beside it.
fn last_row(episode: &Numbered<'_>, after: Option<&Numbered<'_>>) -> Option<DatasetFault> {
    let (states, actions) = rows(episode)?;
    let last = states.len() - 1;
    let jump = Jump::of(
        Some(&states[last - 2]),
        &states[last - 1],
        actions[last - 1],
        &states[last],
    );
    let of_other = after.filter(|after| {
        let first = rows(after).and_then(|(states, _)| states.first());
        first.is_some_and(|first| Jump::of(None, &states[last], actions[last], first).is_possible())
    });
    fault(episode, last - 1, false, jump, of_other)
}

fn fault(
    episode: &Numbered<'_>,
    row: usize,
    is_first: bool,
    jump: Jump,
    of_other: Option<&Numbered<'_>>,
) -> Option<DatasetFault> {
    let limit = match (of_other, is_first) {
        (Some(_), _) => FOLLOWS,
        (None, true) => UNKNOWN_VELOCITY,
        (None, false) => ELSEWHERE,
    };
    jump.is_elsewhere(limit).then(|| DatasetFault::OtherRow {
        episode: episode.index,
        row,
        is_first,
        agent_px: jump.agent_px,
        block_px: jump.block_px,
        of_episode: of_other.map(|other| other.index),
        more: 0,
    })
}

/// The first episode that begins or ends with a row of another one.
pub(crate) fn shifted(episodes: &[Numbered<'_>]) -> Option<DatasetFault> {
    let mut found = episodes.iter().enumerate().filter_map(|(at, episode)| {
        let before = at.checked_sub(1).and_then(|before| episodes.get(before));
        first_row(before, episode).or_else(|| last_row(episode, episodes.get(at + 1)))
    });
    let mut first = found.next()?;
    if let DatasetFault::OtherRow { more, .. } = &mut first {
        *more = found.count();
    }
    Some(first)
}
