//! Trained policies.

use std::path::PathBuf;

use bc_policy::{BcPolicy, DiffusionLowdim, DiffusionPolicy, ObsSource};
use numpy::PyReadonlyArray2;
use pusht_env::{Action, GOAL, Modality, ObsBatch, Observation, Policy, PolicyError, Pose};
use pyo3::exceptions::{PyFileNotFoundError, PyTypeError};
use pyo3::prelude::*;

use crate::arrays::table;
use crate::errors::value_error;
use crate::functions::frames::Frames;
use crate::threads::{abandonable, interruptible};

/// Side of the images that policies read, px.
const SIDE: u32 = 96;

/// A trained policy with the latest observations of its environments. Observations are checked by Python.
#[pyclass(module = "pusht_start._core")]
pub struct PolicyCore {
    policy: BcPolicy,
    goal: Pose,
    /// Per environment the latest observations, oldest first; none at the start of an episode.
    past: Vec<Vec<Observation>>,
}

#[pymethods]
impl PolicyCore {
    #[new]
    #[pyo3(signature = (path, *, device="cpu", sees=None, seed=0, goal_pose=None))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        device: &str,
        sees: Option<&str>,
        seed: u64,
        goal_pose: Option<[f64; 3]>,
    ) -> PyResult<Self> {
        if !path.exists() {
            return Err(PyFileNotFoundError::new_err(format!(
                "{}: no such file; expected the file of a trained policy or a folder with a LeRobot diffusion policy",
                path.display()
            )));
        }
        let sees: Option<ObsSource> = sees.map(str::parse).transpose().map_err(value_error)?;
        let device = training::device(device).map_err(value_error)?;
        let policy = interruptible(py, |_| BcPolicy::load(&path, &device))?.map_err(value_error)?;
        let policy = match sees {
            Some(sees) if policy.obs_source().is_some() => policy.with_obs_source(sees),
            Some(sees) => {
                return Err(value_error(format_args!(
                    "sees={:?}: the policy {} observes images and cannot be given anything else; leave it out",
                    sees.name(),
                    policy.kind()
                )));
            }
            None => policy,
        };
        Ok(Self {
            policy: seeded(policy, seed),
            goal: goal_pose.map_or(GOAL, |[x, y, angle]| Pose::new(x, y, angle)),
            past: Vec::new(),
        })
    }

    /// Kind of policy, as in files and on the command line.
    #[getter]
    fn kind(&self) -> &'static str {
        self.policy.kind().name()
    }

    /// The observations it needs, by gym-pusht's names.
    #[getter]
    fn obs_type(&self) -> &'static str {
        match self.policy.needs().modality {
            Modality::State => "state",
            Modality::Keypoints => "environment_state_agent_pos",
            Modality::Pixels => "pixels",
            Modality::PixelsAgentPos => "pixels_agent_pos",
        }
    }

    /// Number of latest observations that it reads.
    #[getter]
    fn history(&self) -> usize {
        self.policy.needs().history
    }

    /// Number of parameters.
    #[getter]
    fn parameters(&self) -> usize {
        self.policy.parameters()
    }

    /// Begins new episodes in these environments, or in all and with any number of them.
    #[pyo3(signature = (envs=None))]
    fn reset(&mut self, envs: Option<Vec<usize>>) -> PyResult<()> {
        let Some(envs) = envs else {
            self.past.clear();
            return Ok(());
        };
        let count = self.past.len();
        if let Some(env) = envs.iter().find(|&&env| env >= count) {
            return Err(value_error(format_args!(
                "reset of environment {env}: the policy acted in {count}, counted from 0"
            )));
        }
        for env in envs {
            self.past[env].clear();
        }
        Ok(())
    }

    /// One action for each row of the observations.
    #[pyo3(signature = (numbers=None, pixels=None))]
    fn act<'py>(
        &mut self,
        py: Python<'py>,
        numbers: Option<PyReadonlyArray2<'py, f64>>,
        pixels: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let now = self.observations(numbers.as_ref(), pixels.as_ref())?;
        let count = now.len();
        if !self.past.is_empty() && self.past.len() != count {
            return Err(value_error(format_args!(
                "{count} observations, and {} before; call reset() to begin episodes in another number of environments",
                self.past.len()
            )));
        }
        let (mut policy, mut past) = (self.policy.clone(), self.past.clone());
        past.resize(count, Vec::new());
        let goals = vec![self.goal; count];
        let acted = abandonable(py, move || {
            let history = policy.needs().history;
            let begun: Vec<usize> = (0..count).filter(|&env| past[env].is_empty()).collect();
            policy.reset(&begun);
            for (past, now) in past.iter_mut().zip(now) {
                let missing = history.saturating_sub(past.len()).max(1);
                past.extend(std::iter::repeat_n(now, missing));
                past.drain(..past.len() - history);
            }
            let envs: Vec<usize> = (0..count).collect();
            let mut out: Vec<Action> = vec![[0.0; 2]; count];
            let obs = ObsBatch {
                envs: &envs,
                observations: &past,
                goals: &goals,
            };
            policy.act(&obs, &mut out)?;
            Ok::<_, PolicyError>((policy, past, out))
        })?;
        let (policy, past, out) = acted.map_err(value_error)?;
        (self.policy, self.past) = (policy, past);
        table(py, out.into_flattened(), 2)
    }

    /// The whole sequence of actions of a diffusion policy for one history of observations and the noise to begin with, and
    /// that of each of the sampler's steps that adds some.
    #[pyo3(signature = (noise, numbers=None, pixels=None))]
    fn sequence_from<'py>(
        &self,
        py: Python<'py>,
        noise: Vec<Vec<f32>>,
        numbers: Option<PyReadonlyArray2<'py, f64>>,
        pixels: Option<Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let history = self.observations(numbers.as_ref(), pixels.as_ref())?;
        let Some(policy) = self.policy.downcast_ref::<DiffusionPolicy>().cloned() else {
            return Err(PyTypeError::new_err(format!(
                "the policy {} does not draw noise for sequences of actions; expected one of the kind diffusion",
                self.policy.kind()
            )));
        };
        let (sequence, drawn, given) = abandonable(py, move || {
            let (mut drawn, given) = (0, noise.len());
            let sequence = policy.sequence_from(&history, || {
                drawn += 1;
                noise.get(drawn - 1).cloned().unwrap_or_default()
            });
            (sequence, drawn, given)
        })?;
        let sequence = sequence.map_err(value_error)?;
        if drawn != given {
            return Err(value_error(format_args!(
                "the sampler draws noise {drawn} times, of {} numbers each; got {given}",
                2 * sequence.len()
            )));
        }
        table(py, sequence.into_flattened(), 2)
    }
}

impl PolicyCore {
    /// The observations in the rows of arrays, which Python has made of what the policy needs.
    fn observations(
        &self,
        numbers: Option<&PyReadonlyArray2<'_, f64>>,
        pixels: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Vec<Observation>> {
        let modality = self.policy.needs().modality;
        let frames = pixels.map(Frames::new).transpose()?;
        if let Some(frames) = frames.as_ref().filter(|frames| frames.size() != (SIDE, SIDE)) {
            let (width, height) = frames.size();
            return Err(value_error(format_args!(
                "the policy reads images of 96 × 96 px, got {width} × {height}"
            )));
        }
        let count = match (&frames, numbers) {
            (Some(frames), _) => frames.count(),
            (None, Some(numbers)) => numbers.as_array().nrows(),
            (None, None) => 0,
        };
        let frames = frames.map(|frames| frames.all()).transpose()?.unwrap_or_default();
        let mut frames = frames.into_iter();
        let unfit = || value_error(format_args!("the observations are not those of {:?}", self.obs_type()));
        let numbers = numbers.map(PyReadonlyArray2::as_array);
        (0..count)
            .map(|i| {
                let row = numbers.filter(|numbers| i < numbers.nrows());
                let row: Vec<f64> = row.map(|numbers| numbers.row(i).to_vec()).unwrap_or_default();
                let fits = |found: Option<Observation>| found.ok_or_else(unfit);
                match modality {
                    Modality::State => fits(row.try_into().ok().map(Observation::State)),
                    Modality::Pixels => fits(frames.next().map(Observation::Pixels)),
                    Modality::PixelsAgentPos => {
                        let pixels = frames.next().ok_or_else(unfit)?;
                        let agent_pos = row.try_into().map_err(|_| unfit())?;
                        Ok(Observation::PixelsAgentPos { pixels, agent_pos })
                    }
                    Modality::Keypoints => {
                        let (corners, agent) = row.split_at_checked(16).ok_or_else(unfit)?;
                        Ok(Observation::Keypoints {
                            environment_state: corners.try_into().map_err(|_| unfit())?,
                            agent_pos: agent.try_into().map_err(|_| unfit())?,
                        })
                    }
                }
            })
            .collect()
    }
}

/// The policy with a seed for its noise, if it draws any.
fn seeded(policy: BcPolicy, seed: u64) -> BcPolicy {
    if let Some(diffusion) = policy.downcast_ref::<DiffusionPolicy>() {
        return diffusion.clone().with_seed(seed).into();
    }
    match policy.downcast_ref::<DiffusionLowdim>() {
        Some(diffusion) => diffusion.clone().with_seed(seed).into(),
        None => policy,
    }
}
