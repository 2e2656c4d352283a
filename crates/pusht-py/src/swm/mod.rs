//! The environment of stable-worldmodel.

mod inputs;

use pusht_env::EnvConfig;
use pusht_env::stable_worldmodel::{
    ActionMode, BodyState, FactorSet, ResetOptions, SwmConfig, SwmPushT, SwmRenderer, SwmState,
};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::arrays::{image, row};
use crate::errors::{check_begun, value_error};
use crate::settings;
use inputs::{Action, Given, faults};

/// One environment, without spaces and draws, which are Python's part.
#[pyclass(module = "pusht_start._core")]
#[derive(Clone)]
pub struct SwmCore {
    env: SwmPushT,
    renderer: SwmRenderer,
    /// Whether an episode was begun.
    begun: bool,
}

/// Full copy of an environment's state: bodies, velocities, contacts, factors, goal.
#[pyclass(module = "pusht_start._core", frozen)]
#[derive(Clone)]
pub struct SwmSnapshot(SwmPushT);

#[pymethods]
impl SwmCore {
    #[new]
    #[pyo3(signature = (*, relative, resolution, with_target, render_action, block_cog=None, damping=None, switches=Vec::new()))]
    fn new(
        relative: bool,
        resolution: i64,
        with_target: bool,
        render_action: bool,
        block_cog: Option<[f64; 2]>,
        damping: Option<f64>,
        switches: Vec<(String, bool)>,
    ) -> PyResult<Self> {
        let [size, _] = settings::dimensions(resolution, resolution)?;
        let config = SwmConfig {
            actions: if relative {
                ActionMode::Relative
            } else {
                ActionMode::Absolute
            },
            damping: damping.unwrap_or(0.0),
            block_cog,
            with_target,
            render_action,
            faults: faults(&switches)?,
            ..EnvConfig::stable_worldmodel()
        };
        Ok(Self {
            env: SwmPushT::new(config).map_err(value_error)?,
            renderer: SwmRenderer::new(size).map_err(value_error)?,
            begun: false,
        })
    }

    /// Begins an episode with these values of factors (the others have their defaults), from `state` to `goal_state`: agent x,
    /// y, block x, y, angle, agent vx, vy.
    fn reset(&mut self, values: Vec<Given>, state: [f64; 7], goal_state: [f64; 7]) -> PyResult<()> {
        let options = ResetOptions {
            variation: FactorSet::none(),
            values: values.iter().map(Given::value).collect::<PyResult<_>>()?,
            state: Some(SwmState::from_row(state)),
            goal_state: Some(SwmState::from_row(goal_state)),
        };
        // Nothing is drawn from the seed.
        self.env.reset(0, &options).map_err(value_error)?;
        self.begun = true;
        Ok(())
    }

    /// Runs one control step: reward, and whether the goal is reached.
    fn step(&mut self, py: Python<'_>, action: &Bound<'_, PyAny>) -> PyResult<(f64, bool)> {
        check_begun(py, self.begun)?;
        let step = match Action::new(action)? {
            Action::Single(action) => self.env.step(action),
            Action::Double(action) => self.env.step_f64(action),
        }
        .map_err(value_error)?;
        Ok((step.reward, step.terminated))
    }

    /// The package's `_set_state`, a substep included.
    fn set_state(&mut self, py: Python<'_>, state: [f64; 7]) -> PyResult<()> {
        check_begun(py, self.begun)?;
        self.env.set_state(SwmState::from_row(state)).map_err(value_error)
    }

    /// The goal that reward and success are about.
    fn set_goal_state(&mut self, py: Python<'_>, goal: [f64; 7]) -> PyResult<()> {
        check_begun(py, self.begun)?;
        self.env.set_goal_state(SwmState::from_row(goal)).map_err(value_error)
    }

    /// Observation: the block's angle is in [0, 2π).
    fn state<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        row(py, &self.env.state().to_row())
    }

    /// The info dict, without the picture of the goal.
    fn info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let info = self.env.info();
        let (block, green, goal) = (info.block_pose, info.goal_pose, info.goal_state.to_row());
        let dict = PyDict::new(py);
        dict.set_item(intern!(py, "env_name"), intern!(py, "PushT"))?;
        dict.set_item(intern!(py, "pos_agent"), row(py, &info.pos_agent))?;
        dict.set_item(intern!(py, "vel_agent"), row(py, &info.vel_agent))?;
        dict.set_item(intern!(py, "block_pose"), row(py, &[block.x, block.y, block.angle]))?;
        dict.set_item(intern!(py, "goal_pose"), row(py, &[green.x, green.y, green.angle]))?;
        dict.set_item(intern!(py, "goal_state"), row(py, &goal))?;
        let proprio = [goal[0], goal[1], goal[5], goal[6]];
        dict.set_item(intern!(py, "goal_proprio"), row(py, &proprio))?;
        dict.set_item(intern!(py, "n_contacts"), info.n_contacts)?;
        Ok(dict)
    }

    /// A picture of the current state.
    fn render<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        check_begun(py, self.begun)?;
        Ok(image(py, self.renderer.render(&self.env.scene()))?.into_any())
    }

    /// The picture of the goal state.
    fn render_goal<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        check_begun(py, self.begun)?;
        Ok(image(py, self.renderer.render(self.env.goal_scene()))?.into_any())
    }

    /// Bodies of agent and block: x, y, angle, vx, vy, angular velocity.
    fn bodies(&self) -> [[f64; 6]; 2] {
        [self.env.agent(), self.env.block()].map(|body| {
            let BodyState {
                position: [x, y],
                angle,
                velocity: [vx, vy],
                angular_velocity,
            } = body;
            [x, y, angle, vx, vy, angular_velocity]
        })
    }

    /// Contact points of the substeps since the last step began, or since the reset.
    #[getter]
    fn contact_points(&self) -> u32 {
        self.env.contact_points()
    }

    /// Full copy of the state.
    fn snapshot(&self, py: Python<'_>) -> PyResult<SwmSnapshot> {
        check_begun(py, self.begun)?;
        Ok(SwmSnapshot(self.env.clone()))
    }

    /// Restores a snapshot of this or another environment with the same arguments.
    fn restore(&mut self, snapshot: &SwmSnapshot) -> PyResult<()> {
        if snapshot.0.config() != self.env.config() {
            return Err(value_error(
                "the snapshot is of an environment made with other arguments; restore it in one like that",
            ));
        }
        self.env = snapshot.0.clone();
        self.begun = true;
        Ok(())
    }

    fn __copy__(&self) -> Self {
        self.clone()
    }

    fn __deepcopy__(&self, _memo: &Bound<'_, PyAny>) -> Self {
        self.clone()
    }
}
