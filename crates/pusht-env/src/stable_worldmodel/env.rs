//! The environment.

use pusht_physics::{BodyState, ShapeSpace};

use super::control::Target;
use super::draw::draw;
use super::{
    ActionMode, FactorSet, FactorValue, Factors, MarkerPlace, Scale, ShapeKind, SwmConfig, SwmError, SwmScene, SwmState,
};
use crate::{Pose, Quad};

/// Targets beyond this overflow the float32 control law; px.
const FARTHEST: f64 = 1e30;

/// stable-worldmodel's PushT. A clone is an exact snapshot.
#[derive(Clone, Debug, PartialEq)]
pub struct SwmPushT {
    config: SwmConfig,
    factors: Factors,
    space: ShapeSpace,
    goal_state: SwmState,
    goal_scene: SwmScene,
    /// Contact points since the last step began, or since the reset.
    contact_points: u32,
    marker: Option<MarkerPlace>,
    steps: u32,
}

/// Options of a reset. The default draws where agent and block start, and the block's angle.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ResetOptions {
    /// Factors to draw; the others have their defaults.
    pub variation: FactorSet,
    /// Values to set after the draws.
    pub values: Vec<FactorValue>,
    /// Start in place of that of the factors.
    pub state: Option<SwmState>,
    /// Goal in place of a drawn one.
    pub goal_state: Option<SwmState>,
}

/// Result of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwmStep {
    /// Minus the distance of the seven numbers of state and goal state.
    pub reward: f64,
    /// Whether agent and block are at the goal ([`SwmState::reaches`]). The environment can still be stepped.
    pub terminated: bool,
    /// Whether the step limit is reached.
    pub truncated: bool,
}

/// The package's info dict, without the picture of the goal ([`SwmPushT::goal_scene`]).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwmInfo {
    /// Agent position, px.
    pub pos_agent: [f64; 2],
    /// Agent velocity, px/s.
    pub vel_agent: [f64; 2],
    /// Pose of the block, angle not wrapped.
    pub block_pose: Pose,
    /// Pose of the green goal in pictures.
    pub goal_pose: Pose,
    /// The goal that reward and success are about.
    pub goal_state: SwmState,
    /// Contact points of the last step / 10, rounded up; after a reset, those of its two substeps.
    pub n_contacts: u32,
}

impl SwmPushT {
    /// An environment with the default factors, its start as its goal. The package's cannot be used before a reset.
    ///
    /// # Errors
    /// Defaults out of range, a damping or center of gravity that cannot be.
    pub fn new(config: SwmConfig) -> Result<Self, SwmError> {
        let factors = config.defaults.clone();
        let start = start_of(&factors);
        Self::begin(&config, factors, start, start, None)
    }

    /// Starts the episode of `seed`: draws factors, sets the goal and then the start in a new space, a substep each.
    ///
    /// # Errors
    /// A value out of a factor's range, a state that is not finite.
    pub fn reset(&mut self, seed: u64, options: &ResetOptions) -> Result<SwmState, SwmError> {
        let (mut factors, drawn_goal) = draw(seed, &options.variation, &self.config.defaults);
        for value in &options.values {
            value.set(&mut factors);
        }
        let goal = options.goal_state.unwrap_or(SwmState {
            agent_velocity: factors.agent.velocity,
            ..drawn_goal
        });
        let start = options.state.unwrap_or_else(|| start_of(&factors));
        let marker = self.marker.filter(|_| self.config.faults.marker_outlives_episode);
        *self = Self::begin(&self.config, factors, goal, start, marker)?;
        Ok(self.state())
    }

    fn begin(
        config: &SwmConfig,
        factors: Factors,
        goal: SwmState,
        start: SwmState,
        marker: Option<MarkerPlace>,
    ) -> Result<Self, SwmError> {
        factors.check()?;
        let [goal, start] = [finite(goal)?, finite(start)?];
        let space = new_space(config, &factors)?;
        let mut env = Self {
            config: config.clone(),
            factors,
            space,
            goal_state: goal,
            goal_scene: SwmScene {
                background: [0; 3],
                goal: None,
                shapes: Vec::new(),
                contacts: Vec::new(),
                marker: None,
            },
            contact_points: 0,
            marker,
            steps: 0,
        };
        env.set_state(goal)?;
        env.goal_scene = env.scene();
        if !env.config.faults.start_keeps_leftovers {
            env.space = new_space(&env.config, &env.factors)?;
            env.contact_points = 0;
        }
        env.set_state(start)?;
        Ok(env)
    }

    /// The package's `_set_state`: agent velocity and position, block angle and position, then a substep. Block velocity,
    /// contacts and the broad phase are what they were, and move the block in that substep if it touched something.
    ///
    /// # Errors
    /// A state that is not finite.
    pub fn set_state(&mut self, state: SwmState) -> Result<(), SwmError> {
        let state = finite(state)?;
        self.space.set_agent_velocity(state.agent_velocity);
        self.space.set_agent_position(state.agent);
        self.space.set_block_pose(state.block);
        self.contact_points += self.space.substep();
        Ok(())
    }

    /// Sets the goal that reward and success are about (`_set_goal_state`).
    ///
    /// # Errors
    /// A state that is not finite.
    pub fn set_goal_state(&mut self, goal: SwmState) -> Result<(), SwmError> {
        self.goal_state = finite(goal)?;
        Ok(())
    }

    /// Runs one control step of 0.1 s. The action is not clipped.
    ///
    /// # Errors
    /// An action that is not finite, or whose target is beyond 1e30 px.
    pub fn step(&mut self, action: [f32; 2]) -> Result<SwmStep, SwmError> {
        let wide = action.map(f64::from);
        let (target, pixel) = match self.config.actions {
            ActionMode::Relative => (Target::relative(self.space.agent().position, action), action),
            ActionMode::Absolute => (Target::Double(wide), action),
        };
        self.run(wide, target, pixel.map(|a| (a / 512.0 * 96.0) as i32))
    }

    /// Runs one control step with a float64 action, with which the package computes in float64.
    ///
    /// # Errors
    /// An action that is not finite, or whose target is beyond 1e30 px.
    pub fn step_f64(&mut self, action: [f64; 2]) -> Result<SwmStep, SwmError> {
        let target = match self.config.actions {
            ActionMode::Relative => Target::relative_f64(self.space.agent().position, action),
            ActionMode::Absolute => Target::Double(action),
        };
        self.run(action, target, action.map(|a| (a / 512.0 * 96.0) as i32))
    }

    fn run(&mut self, action: [f64; 2], target: Target, pixel: [i32; 2]) -> Result<SwmStep, SwmError> {
        // False for NaN, too.
        if !target.position().iter().all(|t| t.abs() <= FARTHEST) {
            return Err(SwmError::Action { action });
        }
        self.contact_points = 0;
        for _ in 0..pusht_physics::SUBSTEPS {
            let agent = self.space.agent();
            self.space
                .set_agent_velocity(target.velocity(agent.position, agent.velocity));
            self.contact_points += self.space.substep();
        }
        self.steps += 1;
        self.marker = self
            .config
            .render_action
            .then_some(if self.config.faults.marker_is_misplaced {
                MarkerPlace::Pixel(pixel)
            } else {
                MarkerPlace::Board(target.position())
            });
        let state = self.state();
        let beyond_turn = self.config.faults.angle_beyond_turn_succeeds;
        Ok(SwmStep {
            reward: -state.distance(self.goal_state),
            terminated: state.reaches(self.goal_state, beyond_turn),
            truncated: self.config.max_steps.is_some_and(|limit| self.steps >= limit),
        })
    }

    /// The observation `state`: the block's angle is in [0, 2π).
    pub fn state(&self) -> SwmState {
        let (agent, block) = (self.space.agent(), self.space.block());
        let [x, y] = block.position;
        SwmState {
            agent: agent.position,
            block: Pose::new(x, y, crate::env::wrapped(block.angle)),
            agent_velocity: agent.velocity,
        }
    }

    /// The agent's body. A polygon's velocity is 0 after every substep; its angle is in no observation.
    pub const fn agent(&self) -> BodyState {
        self.space.agent()
    }

    /// The block's body.
    pub const fn block(&self) -> BodyState {
        self.space.block()
    }

    /// The goal that reward and success are about.
    pub const fn goal_state(&self) -> SwmState {
        self.goal_state
    }

    /// Pose of the green goal in pictures.
    pub const fn goal_pose(&self) -> Pose {
        let goal = &self.factors.goal;
        Pose::new(goal.position[0], goal.position[1], goal.angle)
    }

    /// The factors of this episode.
    pub const fn factors(&self) -> &Factors {
        &self.factors
    }

    /// The configuration.
    pub const fn config(&self) -> &SwmConfig {
        &self.config
    }

    /// Contact points of the ten substeps of the last step; after a reset those of its two substeps. Those of later
    /// [`Self::set_state`] are added.
    pub const fn contact_points(&self) -> u32 {
        self.contact_points
    }

    /// Steps since the start of the episode.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// The package's info dict.
    pub fn info(&self) -> SwmInfo {
        let agent = self.space.agent();
        SwmInfo {
            pos_agent: agent.position,
            vel_agent: agent.velocity,
            block_pose: self.space.block_pose(),
            goal_pose: self.goal_pose(),
            goal_state: self.goal_state,
            n_contacts: self.contact_points.div_ceil(10),
        }
    }

    /// What a picture of the current state shows.
    pub fn scene(&self) -> SwmScene {
        let Factors { agent, block, goal, .. } = &self.factors;
        let shown = self.factors.render_goal && self.config.with_target;
        SwmScene {
            background: self.factors.background_color,
            goal: shown.then(|| (goal.color, self.goal_quads())),
            shapes: self
                .space
                .shapes()
                .map(|(is_agent, shape)| (if is_agent { agent.color } else { block.color }, shape))
                .collect(),
            contacts: self.space.contact_ticks(),
            marker: self.marker,
        }
    }

    /// What the picture of the goal shows (`goal` in the package's info dict), of the reset's goal state.
    pub const fn goal_scene(&self) -> &SwmScene {
        &self.goal_scene
    }

    /// The block's rectangles, turned about the body origin, at the green goal.
    fn goal_quads(&self) -> Vec<Quad> {
        let block = &self.factors.block;
        let Pose { x: left, y: top, angle } = self.goal_pose();
        let (s, c) = angle.sin_cos();
        let place = |[x, y]: [f64; 2]| [c * x + (-s) * y + left, s * x + c * y + top];
        let quads = block.shape.quads(scale_of(&self.config, block.shape, block.scale));
        quads.into_iter().map(|quad| quad.map(place)).collect()
    }
}

/// The start that the factors give.
fn start_of(factors: &Factors) -> SwmState {
    let [x, y] = factors.block.start_position;
    SwmState {
        agent: factors.agent.start_position,
        block: Pose::new(x, y, factors.block.angle),
        agent_velocity: factors.agent.velocity,
    }
}

fn scale_of(config: &SwmConfig, shape: ShapeKind, scale: Scale) -> Scale {
    if shape == ShapeKind::Tee && config.faults.tee_ignores_scale {
        Scale::Double(30.0)
    } else {
        scale
    }
}

/// A space with agent and block at their factors' poses.
fn new_space(config: &SwmConfig, factors: &Factors) -> Result<ShapeSpace, SwmError> {
    let Factors { agent, block, .. } = factors;
    let pose = |[x, y]: [f64; 2], angle: f64| Pose::new(x, y, angle);
    let agent_plan = agent.shape.agent(
        scale_of(config, agent.shape, agent.scale),
        pose(agent.start_position, agent.angle),
    )?;
    let block_plan = block.shape.body(
        scale_of(config, block.shape, block.scale),
        pose(block.start_position, block.angle),
    )?;
    let mut space = ShapeSpace::new(&agent_plan, &block_plan, config.damping)?;
    if let Some(center) = config.block_cog {
        space.set_block_center_of_gravity(center)?;
    }
    Ok(space)
}

fn finite(state: SwmState) -> Result<SwmState, SwmError> {
    if state.is_finite() {
        Ok(state)
    } else {
        Err(SwmError::State { state })
    }
}
