//! The exact simulator as a world model.

use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{Action, EnvConfig, Frame, Pose, PushT, Renderer, Scene, State};
use pusht_vision::Tracker;
use rayon::prelude::*;

use crate::SIDE;
use crate::error::WorldEvalError;
use crate::pose_fit::refine;

/// The exact simulator behind the trait of world models: it reads the T out of the last frame, puts the agent where the
/// history has it, in motion, steps, and renders.
///
/// The T is tracked, and its pose then refined until its rendering is the frame, as the tracker's errors alone would let a T
/// that rests drift by a pixel of the frame in 16 steps. It keeps nothing between steps, as the trait demands: it is what a
/// perfect model could reach, not the simulator's own episode. For comparisons with a learned model, and in its place in
/// tests of planners and policies. A step takes some milliseconds.
///
/// # Example
///
/// ```
/// use pusht_data::{History, WorldModel};
/// use pusht_env::{EnvConfig, PushT, Renderer};
/// use world_eval::SimulatorWorld;
///
/// let config = EnvConfig::gym_pusht();
/// let world = SimulatorWorld::new(config)?;
/// let mut env = PushT::new(config)?;
/// let start = env.reset(3)?;
/// let mut renderer = Renderer::new(96, config.fill_rule)?;
/// let mut history = History::start(renderer.render(&env.scene()), start.agent);
/// for action in [[256.0, 256.0], [300.0, 256.0]] {
///     let next = world.step(std::slice::from_ref(&history), &[action])?.remove(0);
///     history.advance(action, next);
///     env.step(action)?;
/// }
/// assert_eq!(history.agent.position, env.state().agent);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SimulatorWorld {
    env: PushT,
    tracker: Tracker,
    renderer: Renderer,
}

impl SimulatorWorld {
    /// Name in tables.
    pub const NAME: &str = "exact simulator";

    /// A world with the goal and the fill rule of these settings.
    ///
    /// # Errors
    /// A goal pose that is not finite.
    pub fn new(config: EnvConfig) -> Result<Self, WorldEvalError> {
        Ok(Self {
            env: PushT::new(config.with_max_steps(None))?,
            tracker: Tracker::new(config.goal)?,
            renderer: Renderer::new(SIDE, config.fill_rule)?,
        })
    }

    /// Pose of the T in the last frame; the tracked one of the frame before if it is not seen there.
    fn block(&self, history: &History, renderer: &mut Renderer) -> Result<Pose, String> {
        let track = |frame: &Frame| self.tracker.track(frame).map_err(|error| error.to_string());
        if let Some(block) = track(&history.current)?.block {
            let cost = |pose: Pose| {
                let drawn = renderer.render(&Scene::new(history.agent.position, pose, self.env.goal()));
                let pairs = drawn.as_raw().iter().zip(history.current.as_raw());
                pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum()
            };
            return Ok(refine(block, cost));
        }
        let before = track(&history.previous)?.block;
        before.ok_or_else(|| "no T is seen in the last two frames; expected a gray T on the board".to_owned())
    }

    fn next(&self, history: &History, action: Action, renderer: &mut Renderer) -> Result<Frame, String> {
        let mut env = self.env;
        let state = State {
            agent: history.agent.position,
            block: self.block(history, renderer)?,
        };
        let moved = env
            .set_motion(state, history.agent.velocity)
            .and_then(|()| env.step(action));
        moved.map_err(|error| error.to_string())?;
        Ok(renderer.render(&env.scene()))
    }
}

impl WorldModel for SimulatorWorld {
    fn name(&self) -> String {
        Self::NAME.to_owned()
    }

    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        if histories.len() != actions.len() {
            return Err(WorldModelError::Lengths {
                histories: histories.len(),
                actions: actions.len(),
            });
        }
        let steps = histories.par_iter().zip(actions).enumerate();
        steps
            .map_init(
                || self.renderer.clone(),
                |renderer, (rollout, (history, &action))| {
                    self.next(history, action, renderer)
                        .map_err(|reason| WorldModelError::Rollout { rollout, reason })
                },
            )
            .collect()
    }
}
