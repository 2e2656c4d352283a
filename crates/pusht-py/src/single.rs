//! One environment.

use pusht_env::{EnvConfig, GOAL, Modality, Pose, PushT, Renderer, State};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyFloat};

use crate::actions::{Outside, one};
use crate::arrays::{parts, row};
use crate::errors::{check_begun, value_error};
use crate::pictures::{Camera, draw};
use crate::{info, settings};

/// What a step of gymnasium returns.
type Step<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, bool, bool, Bound<'py, PyDict>);

/// One environment, without spaces and seeds, which are Python's part.
#[pyclass(module = "pusht_start._core")]
#[derive(Clone)]
pub struct Core {
    env: PushT,
    modality: Modality,
    renderer: Option<Renderer>,
    camera: Camera,
    outside: Outside,
    /// Whether an episode was begun.
    begun: bool,
}

/// Full copy of an environment's state: velocities, contacts, step count, goal.
#[pyclass(module = "pusht_start._core", frozen)]
#[derive(Clone)]
pub struct Snapshot(pusht_env::Snapshot);

#[pymethods]
impl Core {
    #[new]
    #[pyo3(signature = (obs_type, *, protocol, reset_order=None, goal_pose=None, width=96, height=96, out_of_space="allow"))]
    fn new(
        obs_type: &str,
        protocol: &str,
        reset_order: Option<&str>,
        goal_pose: Option<[f64; 3]>,
        width: i64,
        height: i64,
        out_of_space: &str,
    ) -> PyResult<Self> {
        let config = settings::config(protocol, reset_order, goal_pose, None)?;
        let modality = settings::modality(obs_type)?;
        let [width, height] = settings::dimensions(width, height)?;
        let renderer = match modality {
            Modality::State | Modality::Keypoints => None,
            Modality::Pixels | Modality::PixelsAgentPos => {
                Some(Renderer::with_dimensions(width, height, config.fill_rule).map_err(value_error)?)
            }
        };
        Ok(Self {
            env: PushT::new(config).map_err(value_error)?,
            modality,
            renderer,
            camera: Camera::default(),
            outside: Outside::new(out_of_space)?,
            begun: false,
        })
    }

    /// Runs one control step toward the target position `action`, px.
    fn step<'py>(&mut self, py: Python<'py>, action: &Bound<'py, PyAny>) -> PyResult<Step<'py>> {
        static FLOAT64: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        check_begun(py, self.begun)?;
        let target = self.outside.apply(one(action)?)?;
        let result = self.env.step_toward(target).map_err(value_error)?;
        let reward = FLOAT64
            .import(py, "numpy", "float64")?
            .call1((PyFloat::new(py, result.reward),))?;
        let info = info::single(py, &self.env.info(), true)?;
        Ok((self.observation(py)?, reward, result.terminated, false, info))
    }

    /// Begins an episode in `[agent x, agent y, block x, block y, block angle]`, set in the reset order.
    fn reset_to(&mut self, state: [f64; 5]) -> PyResult<()> {
        self.env.reset_to(State::from_row(state)).map_err(value_error)?;
        self.begun = true;
        Ok(())
    }

    /// Begins an episode in exactly this state, at rest and without contacts.
    fn set_state(&mut self, state: [f64; 5]) -> PyResult<()> {
        self.env.set_state(State::from_row(state)).map_err(value_error)?;
        self.begun = true;
        Ok(())
    }

    /// The observation of the current state.
    fn observation<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let env = &self.env;
        let pixels = |renderer: &mut Option<Renderer>| match renderer {
            Some(renderer) => draw(py, renderer, &env.scene()),
            None => Err(value_error("this obs_type has no images")),
        };
        match self.modality {
            Modality::State => Ok(row(py, &env.state_observation())),
            Modality::Keypoints => parts(row(py, &env.keypoints()), false, row(py, &env.state().agent)),
            Modality::Pixels => pixels(&mut self.renderer),
            Modality::PixelsAgentPos => parts(pixels(&mut self.renderer)?, true, row(py, &env.state().agent)),
        }
    }

    /// The info dict of a reset: without coverage.
    fn reset_info<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        info::single(py, &self.env.info(), false)
    }

    /// An image of the current state, with a cross at `cross`, [x, y] in px of the image.
    #[pyo3(signature = (width, height, cross=None))]
    fn render<'py>(
        &mut self,
        py: Python<'py>,
        width: i64,
        height: i64,
        cross: Option<[i32; 2]>,
    ) -> PyResult<Bound<'py, PyAny>> {
        check_begun(py, self.begun)?;
        let dimensions = settings::dimensions(width, height)?;
        let rule = self.env.config().fill_rule;
        self.camera.shoot(py, &self.env.scene(), dimensions, rule, cross)
    }

    /// `[agent x, agent y, block x, block y, block angle]`, the angle not wrapped.
    fn state<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        row(py, &self.env.state().to_row())
    }

    /// Share of the goal that the T covers.
    #[getter]
    fn coverage(&self) -> f64 {
        self.env.coverage()
    }

    /// Pose of the goal, `[x, y, angle]`.
    #[getter]
    fn get_goal_pose<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        let Pose { x, y, angle } = self.env.goal();
        row(py, &[x, y, angle])
    }

    /// Moves the goal; the episode continues.
    #[setter]
    fn set_goal_pose(&mut self, pose: [f64; 3]) -> PyResult<()> {
        let [x, y, angle] = pose;
        self.env.set_goal(Pose::new(x, y, angle)).map_err(value_error)
    }

    /// Full copy of the state.
    fn snapshot(&self, py: Python<'_>) -> PyResult<Snapshot> {
        check_begun(py, self.begun)?;
        Ok(Snapshot(self.env.snapshot()))
    }

    /// Restores a snapshot of this or another environment with the same settings; the goal is part of it.
    fn restore(&mut self, snapshot: &Snapshot) -> PyResult<()> {
        let mut restored = self.env;
        restored.restore(&snapshot.0);
        let settings = |env: &PushT| EnvConfig::with_goal(*env.config(), GOAL);
        if settings(&restored) != settings(&self.env) {
            return Err(value_error(
                "the snapshot is of an environment with another protocol or reset_order; restore it in one like that",
            ));
        }
        self.env = restored;
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
