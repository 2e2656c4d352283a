//! The exact simulator with the actions of an episode in a world.

use pusht_env::{Action, EnvConfig, EnvError, Frame, PushT, Renderer, State};
use pusht_vision::wrap;

use super::record::EpisodeCourse;
use crate::SIDE;
use crate::error::WorldEvalError;

/// What the simulator makes of the actions from the start of a seed on; states are not rounded.
pub(super) fn simulated(config: EnvConfig, seed: u64, actions: &[Action]) -> Result<EpisodeCourse, EnvError> {
    let mut env = PushT::new(config)?;
    env.reset(seed)?;
    let mut course = EpisodeCourse {
        states: vec![state(&env)],
        ..EpisodeCourse::default()
    };
    for &action in actions {
        let result = env.step(action)?;
        course.rewards.push(result.reward);
        course.coverage.push(result.coverage);
        course.states.push(state(&env));
    }
    Ok(course)
}

/// Its frames, the start included.
pub(super) fn frames(config: EnvConfig, seed: u64, actions: &[Action]) -> Result<Vec<Frame>, WorldEvalError> {
    let mut env = PushT::new(config)?;
    env.reset(seed)?;
    let mut renderer = Renderer::new(SIDE, config.fill_rule)?;
    let mut frames = vec![renderer.render(&env.scene())];
    for &action in actions {
        env.step(action)?;
        frames.push(renderer.render(&env.scene()));
    }
    Ok(frames)
}

fn state(env: &PushT) -> State {
    let mut state = env.state();
    state.block.angle = wrap(state.block.angle);
    state
}
