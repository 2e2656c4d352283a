//! Wrong dynamics: from some push on, the T turns against the push, slides on, or stays. Everything else is what the
//! simulator makes of it.

use pusht_env::{EnvConfig, Pose, PushT, State};
use pusht_vision::geometry::{centroid, moved};
use pusht_vision::{CONTROL_STEP, InitialMotion, actions_from_track};

use crate::clip::Clip;
use crate::corruption::Corruption;
use crate::error::CorruptionError;
use crate::pose::turned;

/// Number of pushed steps over which the wrong motion is spread.
const STEPS: usize = 3;

/// Motion of the T from which it is pushed in a step, px.
const PUSHED: f64 = 1.0;

/// Turn of the T from which a push turns it in a step, rad.
const TURNED: f64 = 0.005;

/// The states of the clip with the corruption from frame `start` on, and the first frame that differs; `None` if the
/// clip gives no opportunity. The agent moves as in the clip, which nothing can keep it from.
pub(crate) fn states(
    corruption: Corruption,
    clip: &Clip,
    amount: f64,
    start: usize,
) -> Result<Option<(usize, Vec<State>)>, CorruptionError> {
    let agents: Vec<[f64; 2]> = clip.states.iter().map(|s| s.agent).collect();
    let actions = actions_from_track(&agents, InitialMotion::Rest)?;
    let mut env = PushT::new(EnvConfig::gym_pusht().with_goal(clip.goal).with_max_steps(None))?;
    let mut states = clip.states[..=start].to_vec();
    let mut velocity = [0.0; 2];
    let (mut first, mut left, mut held) = (None, STEPS, 0.0);
    for (t, action) in actions.iter().enumerate() {
        if t >= start {
            let state = State {
                agent: agents[t],
                block: states[t].block,
            };
            env.set_motion(state, velocity)?;
            env.step(*action)?;
            let simulated = env.state().block;
            let block = match corruption {
                _ if left == 0 => simulated,
                Corruption::BlockStuck => {
                    let push = moved(state.block, simulated);
                    if first.is_none() && push < PUSHED {
                        simulated
                    } else {
                        held += push;
                        // The step after the last one held is the simulator's again.
                        left = if held < amount { left } else { 0 };
                        state.block
                    }
                }
                Corruption::BlockSlide => slid(state.block, simulated, amount / STEPS as f64),
                _ => counterturned(state.block, simulated, amount.to_radians() / STEPS as f64),
            };
            if block != simulated {
                first.get_or_insert(t + 1);
                if corruption != Corruption::BlockStuck {
                    left -= 1;
                }
            }
            states.push(State {
                agent: agents[t + 1],
                block,
            });
        }
        let c = CONTROL_STEP;
        velocity = [0, 1].map(|i| c.kappa * (f64::from(action[i]) - agents[t][i]) + c.lambda * velocity[i]);
    }
    Ok(first.filter(|_| left == 0).map(|first| (first, states)))
}

/// The pose farther along the motion of the center by `extra` px, if there is one.
fn slid(before: Pose, after: Pose, extra: f64) -> Pose {
    let (from, to) = (centroid(before), centroid(after));
    let way = [to[0] - from[0], to[1] - from[1]];
    let length = way[0].hypot(way[1]);
    if length < PUSHED {
        return after;
    }
    let by = way.map(|c| c / length * extra);
    Pose::new(after.x + by[0], after.y + by[1], after.angle)
}

/// The pose turned by `turn` the other way than the simulator turns it, if it does.
fn counterturned(before: Pose, after: Pose, turn: f64) -> Pose {
    let with = after.angle - before.angle;
    if with.abs() < TURNED {
        return after;
    }
    turned(after, [0.0; 2], -with - turn * with.signum(), 1.0)
}
