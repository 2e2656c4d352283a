//! The environment: reset, step, and exact snapshots.

use pusht_physics::TeeSpace;

use crate::coverage::{Goal, SUCCESS_COVERAGE, reward};
use crate::{Action, BlockVelocity, CONTACT_PAIRS, EnvConfig, EnvError, Pose, ResetOrder, Scene, State};

/// One PushT environment. [`Self::step`] returns no observation: read [`Self::state`], or use an
/// [`Observer`](crate::Observer).
///
/// A plain value of about two kilobytes without heap memory: copying it is a snapshot.
///
/// # Example
///
/// ```
/// use pusht_env::{EnvConfig, PushT};
///
/// let mut env = PushT::new(EnvConfig::gym_pusht())?;
/// env.reset(0)?;
/// let saved = env.snapshot();
/// let step = env.step([300.0, 200.0])?; // target position of the agent, px
/// env.restore(&saved); // exact, contacts included
/// assert_eq!(env.step([300.0, 200.0])?, step);
/// # Ok::<(), pusht_env::EnvError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PushT {
    config: EnvConfig,
    goal: Goal,
    space: TeeSpace,
    coverage: f64,
    /// Contact points summed over the substeps of the last step.
    contact_points: u32,
    steps: u32,
    /// Whether the last step ended in success.
    terminated: bool,
}

/// Full copy of the environment state, for [`PushT::restore`]: velocities, contacts, broad phase, step count, goal.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Snapshot(PushT);

/// Result of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepResult {
    /// Coverage / 0.95, at most 1.
    pub reward: f64,
    /// Share of the goal that the T covers, in [0, 1].
    pub coverage: f64,
    /// Whether coverage is above 0.95. The environment can still be stepped.
    pub terminated: bool,
    /// Whether the step limit is reached.
    pub truncated: bool,
}

/// The info dict of gym-pusht.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Info {
    /// Agent center, px.
    pub pos_agent: [f64; 2],
    /// Agent velocity, px/s.
    pub vel_agent: [f64; 2],
    /// Pose of the T, angle not wrapped.
    pub block_pose: Pose,
    /// Pose of the goal.
    pub goal_pose: Pose,
    /// Contact points of the last step, scaled by the divisor of [`ContactCount`](crate::ContactCount) and rounded up.
    pub n_contacts: u32,
    /// Whether the last step ended in success; `false` after a reset, even if it puts the T on the goal.
    pub is_success: bool,
    /// Share of the goal that the T covers.
    pub coverage: f64,
}

impl PushT {
    /// An environment in the references' state before any reset: agent at (256, 400), T at (256, 300) and angle 0, at
    /// rest and without contacts, step count 0.
    ///
    /// No seed leads to this state. It can be stepped, but begin an episode with [`Self::reset`], [`Self::reset_to`] or
    /// [`Self::set_state`].
    ///
    /// # Errors
    /// A goal pose that is not finite.
    pub fn new(config: EnvConfig) -> Result<Self, EnvError> {
        let goal = finite_goal(config.goal)?;
        Ok(Self::begin(config, goal, TeeSpace::new()))
    }

    /// Starts the episode of `seed`, with the start state drawn and set as the chosen reference does.
    ///
    /// # Errors
    /// A seed that the reference's generator does not accept.
    pub fn reset(&mut self, seed: u64) -> Result<State, EnvError> {
        let drawn = self.config.seeding.draw(seed)?;
        self.reset_to(drawn)
    }

    /// Starts an episode as the references do when passed a state: through their setters, in the order of
    /// [`ResetOrder`], followed by one physics substep. The T may end up elsewhere; [`Self::set_state`] and
    /// [`ResetOrder::Exact`] place it exactly. Returns the state after the reset.
    ///
    /// # Errors
    /// A state that is not finite.
    pub fn reset_to(&mut self, state: State) -> Result<State, EnvError> {
        let state = finite_state(state)?;
        if self.config.reset_order == ResetOrder::Exact {
            self.set_state(state)?;
            return Ok(state);
        }
        let angle_first = self.config.reset_order == ResetOrder::AngleFirst;
        let space = TeeSpace::reset(state.agent, state.block, angle_first);
        *self = Self::begin(self.config, self.goal, space);
        Ok(self.state())
    }

    /// Starts an episode in exactly this state, at rest and without contacts: [`Self::state`] returns it bit for bit.
    ///
    /// # Errors
    /// A state that is not finite.
    pub fn set_state(&mut self, state: State) -> Result<(), EnvError> {
        let state = finite_state(state)?;
        *self = Self::begin(self.config, self.goal, TeeSpace::at(state.agent, state.block));
        Ok(())
    }

    /// Starts an episode in exactly this state in the middle of a motion: the agent has the velocity `agent_velocity`,
    /// px/s, and a T that is touched the velocity with which the contacts push it on. The references keep no other
    /// velocity of the T: they stop it at every substep. Only the impulses of earlier substeps are missing, with which
    /// the solver begins its search.
    ///
    /// # Errors
    /// A state or a velocity that is not finite.
    pub fn set_motion(&mut self, state: State, agent_velocity: [f64; 2]) -> Result<(), EnvError> {
        let State { agent, block } = finite_state(state)?;
        let velocity = finite_velocity(agent_velocity)?;
        *self = Self::begin(self.config, self.goal, TeeSpace::in_motion(agent, velocity, block));
        Ok(())
    }

    /// Moves agent and T within the episode; contacts, their impulses and the T's velocity stay as the last step left
    /// them. To follow an observed episode whose states are known up to small errors.
    ///
    /// # Errors
    /// A state or a velocity that is not finite.
    pub fn place(&mut self, state: State, agent_velocity: [f64; 2]) -> Result<(), EnvError> {
        let State { agent, block } = finite_state(state)?;
        self.space.place(agent, finite_velocity(agent_velocity)?, block);
        self.coverage = self.goal.coverage(self.space.block_corners());
        Ok(())
    }

    /// Multiplies the impulses with which the solver begins its search in the next substep: by one factor for each pair
    /// of shapes, which are agent and bar, agent and stem, and then each wall with bar and with stem. No frame shows these
    /// impulses, and between agent and wall they add up over many steps: to try which of them lead to an observed step.
    ///
    /// # Errors
    /// A factor that is not finite or negative.
    pub fn scale_impulses(&mut self, factors: &[f64; CONTACT_PAIRS]) -> Result<(), EnvError> {
        if let Some(&factor) = factors.iter().find(|f| !(f.is_finite() && **f >= 0.0)) {
            return Err(EnvError::Impulse { factor });
        }
        self.space.scale_impulses(factors);
        Ok(())
    }

    fn begin(config: EnvConfig, goal: Goal, space: TeeSpace) -> Self {
        Self {
            config,
            goal,
            coverage: goal.coverage(space.block_corners()),
            contact_points: space.contact_count(),
            space,
            steps: 0,
            terminated: false,
        }
    }

    /// Runs one control step of 0.1 s toward the target position `action`, which may lie outside the board.
    ///
    /// # Errors
    /// An action that is not finite.
    pub fn step(&mut self, action: Action) -> Result<StepResult, EnvError> {
        self.step_toward(action.map(f64::from))
    }

    /// [`Self::step`] with a target in double precision, in which gym-pusht computes.
    ///
    /// # Errors
    /// A target that is not finite in single precision.
    pub fn step_toward(&mut self, target: [f64; 2]) -> Result<StepResult, EnvError> {
        let target = finite_target(target)?;
        let before = self.space.block_pose();
        self.contact_points = self.space.step(target);
        if self.space.block_pose() != before {
            self.coverage = self.goal.coverage(self.space.block_corners());
        }
        self.steps += 1;
        self.terminated = self.coverage > SUCCESS_COVERAGE;
        Ok(StepResult {
            reward: reward(self.coverage),
            coverage: self.coverage,
            terminated: self.terminated,
            truncated: self.config.max_steps.is_some_and(|limit| self.steps >= limit),
        })
    }

    /// Full copy of the environment state, for [`Self::restore`].
    pub const fn snapshot(&self) -> Snapshot {
        Snapshot(*self)
    }

    /// Restores a snapshot of this or another environment. The same actions then lead to the same results.
    pub const fn restore(&mut self, snapshot: &Snapshot) {
        *self = snapshot.0;
    }

    /// Moves the goal; the episode continues.
    ///
    /// # Errors
    /// A pose that is not finite.
    pub fn set_goal(&mut self, goal: Pose) -> Result<(), EnvError> {
        self.goal = finite_goal(goal)?;
        self.config.goal = goal;
        self.coverage = self.goal.coverage(self.space.block_corners());
        Ok(())
    }

    /// The configuration, with the current goal.
    pub const fn config(&self) -> &EnvConfig {
        &self.config
    }

    /// Position of the agent and pose of the T.
    pub const fn state(&self) -> State {
        State {
            agent: self.space.agent_position(),
            block: self.space.block_pose(),
        }
    }

    /// Velocity of the agent, px/s.
    pub const fn agent_velocity(&self) -> [f64; 2] {
        self.space.agent_velocity()
    }

    /// Sets the agent's velocity, px/s. [`Self::set_state`] leaves the agent at rest, so call this afterwards to begin
    /// with a moving agent, or [`Self::set_motion`] to begin in the middle of a push.
    ///
    /// # Errors
    /// A velocity that is not finite.
    pub fn set_agent_velocity(&mut self, velocity: [f64; 2]) -> Result<(), EnvError> {
        self.space.set_agent_velocity(finite_velocity(velocity)?);
        Ok(())
    }

    /// Velocity of the T's center of gravity, px/s, and its angular velocity, rad/s, as the last physics substep solved
    /// them. The references stop the T at every substep, so it moves only while something pushes it.
    pub const fn block_velocity(&self) -> BlockVelocity {
        self.space.block_velocity()
    }

    /// Target pose of the T.
    pub const fn goal(&self) -> Pose {
        self.goal.pose()
    }

    /// Share of the goal that the T covers, in [0, 1].
    pub const fn coverage(&self) -> f64 {
        self.coverage
    }

    /// Contact points summed over the ten substeps of the last step; after a reset, those of its single substep.
    pub const fn contact_points(&self) -> u32 {
        self.contact_points
    }

    /// Steps since the start of the episode.
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// The info dict of gym-pusht; contacts are counted by [`ContactCount`](crate::ContactCount).
    pub const fn info(&self) -> Info {
        Info {
            pos_agent: self.space.agent_position(),
            vel_agent: self.space.agent_velocity(),
            block_pose: self.space.block_pose(),
            goal_pose: self.goal.pose(),
            n_contacts: self.contact_points.div_ceil(self.config.contact_count.divisor()),
            is_success: self.terminated,
            coverage: self.coverage,
        }
    }

    /// What an image of the current state shows.
    pub fn scene(&self) -> Scene {
        Scene {
            agent: self.space.agent_position(),
            block: self.space.block_pose(),
            goal: self.goal.pose(),
            contacts: self.space.contact_ticks(),
        }
    }

    /// The observation `state` of gym-pusht: agent x, y, block x, y, block angle in [0, 2π).
    pub fn state_observation(&self) -> [f64; 5] {
        let mut row = self.state().to_row();
        row[4] = wrapped(row[4]);
        row
    }

    /// The observation `environment_state` of gym-pusht: eight corners of the T, bar then stem, x and y alternating.
    pub fn keypoints(&self) -> [f64; 16] {
        let corners = self.space.block_corners().as_flattened();
        std::array::from_fn(|i| if i % 2 == 0 { corners[i / 2].x } else { corners[i / 2].y })
    }
}

/// A target that fits an [`Action`], so that no state grows beyond all bounds.
pub(crate) fn finite_target(target: [f64; 2]) -> Result<[f64; 2], EnvError> {
    let action = target.map(|c| c as f32);
    if action.iter().all(|c| c.is_finite()) {
        Ok(target)
    } else {
        Err(EnvError::Action { action })
    }
}

/// An angle in [0, 2π), by Python's remainder, which takes the sign of the divisor.
pub(crate) fn wrapped(angle: f64) -> f64 {
    const TURN: f64 = 2.0 * std::f64::consts::PI;
    let rest = angle % TURN;
    if rest < 0.0 { rest + TURN } else { rest.abs() }
}

fn finite_state(state: State) -> Result<State, EnvError> {
    if state.to_row().iter().all(|v| v.is_finite()) {
        Ok(state)
    } else {
        Err(EnvError::State { state })
    }
}

fn finite_velocity(velocity: [f64; 2]) -> Result<[f64; 2], EnvError> {
    if velocity[0].is_finite() && velocity[1].is_finite() {
        Ok(velocity)
    } else {
        Err(EnvError::Velocity { velocity })
    }
}

fn finite_goal(goal: Pose) -> Result<Goal, EnvError> {
    if goal.x.is_finite() && goal.y.is_finite() && goal.angle.is_finite() {
        Ok(Goal::new(goal))
    } else {
        Err(EnvError::Goal { goal })
    }
}
