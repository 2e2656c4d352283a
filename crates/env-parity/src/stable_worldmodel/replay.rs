//! Plays the recorded rollouts again.

use std::path::Path;

use pusht_env::stable_worldmodel::{ResetOptions, SwmPushT, SwmState, SwmStep};

use super::note::{Note, Rollout};
use super::refused;
use crate::ParityError;
use crate::npz::{Array, Npz};

/// Where a rollout is.
pub(super) enum Moment {
    /// After its reset.
    Reset,
    /// At a row of its states: 0 before the first action.
    Row(usize, Option<SwmStep>),
}

/// Plays every rollout with its recorded actions and calls `visit` with its number at each moment.
pub(super) fn play(path: &Path, mut visit: impl FnMut(usize, &Rollout, &Moment, &SwmPushT)) -> Result<(), ParityError> {
    let note = Note::beside(path)?;
    let rollouts = path.with_file_name("rollouts.npz");
    let action: Array<f32> = Npz::open(&rollouts)?.array("action", &[Some(note.rollouts.len()), None, Some(2)])?;
    let refused = refused(path);
    for (i, rollout) in note.rollouts.iter().enumerate() {
        let mut env = SwmPushT::new(rollout.config()).map_err(&refused)?;
        env.reset(rollout.seed, &rollout.options(path)?).map_err(&refused)?;
        visit(i, rollout, &Moment::Reset, &env);
        if rollout.sets_state() {
            env.reset(rollout.seed, &ResetOptions::default()).map_err(&refused)?;
            env.set_state(SwmState::from_row(rollout.reset_state))
                .map_err(&refused)?;
            env.set_goal_state(SwmState::from_row(rollout.goal_state))
                .map_err(&refused)?;
        }
        visit(i, rollout, &Moment::Row(0, None), &env);
        for (t, action) in action.row(i).as_chunks::<2>().0.iter().enumerate() {
            let step = env.step(*action).map_err(&refused)?;
            visit(i, rollout, &Moment::Row(t + 1, Some(step)), &env);
        }
    }
    Ok(())
}
