//! Rollouts: draws, resets, states, rewards, contacts.

use std::path::Path;

use pusht_env::stable_worldmodel::{BodyState, FactorName};

use super::note::Numbers;
use super::replay::{Moment, play};
use crate::ParityError;
use crate::npz::{Array, Npz};
use crate::tally::Tally;

/// Largest difference of rewards, whose sum of squares numpy adds up in another order.
const REWARD_LIMIT: f64 = 1e-12;

pub(crate) fn compare(path: &Path, tally: &mut Tally) -> Result<(), ParityError> {
    let mut npz = Npz::open(path)?;
    let state: Array<f64> = npz.array("state", &[None, None, Some(7)])?;
    let (n, rows) = (Some(state.len()), Some(state.shape[1]));
    let steps = Some(state.shape[1].saturating_sub(1));
    let agent: Array<f64> = npz.array("agent", &[n, rows, Some(6)])?;
    let block: Array<f64> = npz.array("block", &[n, rows, Some(6)])?;
    let reward: Array<f64> = npz.array("reward", &[n, steps])?;
    let terminated: Array<bool> = npz.array("terminated", &[n, steps])?;
    let n_contacts: Array<i64> = npz.array("n_contacts", &[n, steps])?;
    let points: Array<i64> = npz.array("contact_points", &[n, steps])?;
    // The actions have as many steps, and the note as many rollouts.
    npz.array::<f32>("action", &[n, steps, Some(2)])?;
    play(path, |i, rollout, moment, env| {
        let name = |array: &str| format!("{} {array}", rollout.set);
        let Moment::Row(t, step) = moment else {
            for factor in FactorName::ALL {
                let recorded = rollout.factors.get(factor.name());
                let recorded = recorded.map(Numbers::as_slice).unwrap_or_default();
                tally.compare(&name("factors"), 0.0, &factor.value(env.factors()).numbers(), recorded);
            }
            tally.compare(&name("reset_state"), 0.0, &env.state().to_row(), &rollout.reset_state);
            let goal = env.goal_pose();
            tally.compare(
                &name("goal_pose"),
                0.0,
                &[goal.x, goal.y, goal.angle],
                &rollout.goal_pose,
            );
            if !rollout.sets_state() {
                tally.compare(
                    &name("goal_state"),
                    0.0,
                    &env.goal_state().to_row(),
                    &rollout.goal_state,
                );
            }
            return;
        };
        tally.compare(&name("state"), 0.0, &env.state().to_row(), state.at(i, *t));
        tally.compare(&name("agent"), 0.0, &row(&env.agent()), agent.at(i, *t));
        tally.compare(&name("block"), 0.0, &row(&env.block()), block.at(i, *t));
        if let Some(step) = step {
            let t = t - 1;
            tally.compare(&name("reward"), REWARD_LIMIT, &[step.reward], &reward.row(i)[t..=t]);
            let flags = [step.terminated, terminated.row(i)[t]].map(|flag| f64::from(u8::from(flag)));
            tally.equal(&name("terminated"), flags[0], flags[1]);
            let reported = f64::from(env.info().n_contacts);
            tally.equal(&name("n_contacts"), reported, n_contacts.row(i)[t] as f64);
            tally.equal(
                &name("contact_points"),
                f64::from(env.contact_points()),
                points.row(i)[t] as f64,
            );
        }
    })
}

fn row(body: &BodyState) -> [f64; 6] {
    let ([x, y], [vx, vy]) = (body.position, body.velocity);
    [x, y, body.angle, vx, vy, body.angular_velocity]
}
