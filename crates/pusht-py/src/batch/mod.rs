//! Several environments, stepped in parallel.

mod buffers;

use numpy::{IntoPyArray, PyArray1};
use pusht_env::{EnvConfig, EnvStep, ObsArrays, PushT, State, VecEnv};
use pyo3::exceptions::PyOverflowError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::actions::{Outside, many};
use crate::arrays::{observation, row};
use crate::errors::value_error;
use crate::info::{Entry, batch};
use crate::pictures::Camera;
use crate::settings;
use crate::threads::Threads;
use buffers::Buffers;

/// Most environments of one batch: more is a slip of the pen, and would need gigabytes.
const MOST_ENVS: usize = 100_000;

/// What a step of a vector environment returns.
type Step<'py> = (
    Bound<'py, PyAny>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<bool>>,
    Bound<'py, PyArray1<bool>>,
    Bound<'py, PyDict>,
);

/// Several environments with one configuration, without spaces and seeds, which are Python's part.
#[pyclass(module = "pusht_start._core")]
pub struct Batch {
    envs: VecEnv,
    config: EnvConfig,
    buffers: Buffers,
    threads: Threads,
    camera: Camera,
    outside: Outside,
}

#[pymethods]
impl Batch {
    #[new]
    #[pyo3(signature = (
        num_envs, obs_type, *, protocol, autoreset_mode, reset_order=None, goal_pose=None, max_episode_steps=None, width=96,
        height=96, out_of_space="allow", num_threads=None
    ))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments of Python")]
    fn new(
        py: Python<'_>,
        num_envs: usize,
        obs_type: &str,
        protocol: &str,
        autoreset_mode: &str,
        reset_order: Option<&str>,
        goal_pose: Option<[f64; 3]>,
        max_episode_steps: Option<u32>,
        width: i64,
        height: i64,
        out_of_space: &str,
        num_threads: Option<usize>,
    ) -> PyResult<Self> {
        if !(1..=MOST_ENVS).contains(&num_envs) {
            return Err(value_error(format_args!(
                "num_envs is 1 to {MOST_ENVS}, got {num_envs}"
            )));
        }
        if let Some(found) = num_threads.filter(|n| !(1..=1024).contains(n)) {
            return Err(value_error(format_args!(
                "num_threads is 1 to 1024, or None for the processor's; got {found}"
            )));
        }
        if max_episode_steps == Some(0) {
            return Err(value_error(
                "max_episode_steps is at least 1, or None for no limit; got 0",
            ));
        }
        let config = settings::config(protocol, reset_order, goal_pose, max_episode_steps)?;
        let modality = settings::modality(obs_type)?;
        let dimensions = settings::dimensions(width, height)?;
        let autoreset = settings::autoreset(autoreset_mode)?;
        let outside = Outside::new(out_of_space)?;
        let threads = num_threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
        let mut threads = Threads::new(threads.min(num_envs));
        let pool = threads.pool()?;
        let envs = py.detach(|| pool.install(|| VecEnv::for_arrays(num_envs, config, modality, dimensions, autoreset)));
        Ok(Self {
            envs: envs.map_err(value_error)?,
            config,
            buffers: Buffers::new(num_envs, modality, dimensions),
            threads,
            camera: Camera::default(),
            outside,
        })
    }

    /// Runs one control step of every environment; one row of `actions` for each.
    fn step<'py>(&mut self, py: Python<'py>, actions: &Bound<'py, PyAny>) -> PyResult<Step<'py>> {
        let mut targets = many(actions, self.envs.len())?;
        if self.outside != Outside::Allow {
            for target in &mut targets {
                *target = self.outside.apply(*target)?;
            }
        }
        let envs = &mut self.envs;
        let pool = self.threads.pool()?;
        let observations = self.buffers.fill(py, |arrays| {
            py.detach(|| pool.install(|| envs.step_into(&targets, arrays).map(|_| ())))
                .map_err(value_error)
        })?;
        let steps = self.envs.last_steps();
        let flags = |of: fn(&EnvStep) -> bool| PyArray1::from_iter(py, steps.iter().map(of));
        let rewards = PyArray1::from_iter(py, steps.iter().map(|step| step.result.reward));
        Ok((
            observations,
            rewards,
            flags(|step| step.result.terminated),
            flags(|step| step.result.truncated),
            self.step_infos(py)?,
        ))
    }

    /// Resets the environments in `mask`, or all: each with its seed, or its next start, and then to its state, if given.
    #[pyo3(signature = (seeds, mask=None, states=None))]
    fn reset<'py>(
        &mut self,
        py: Python<'py>,
        seeds: Vec<Option<Bound<'py, PyAny>>>,
        mask: Option<Vec<bool>>,
        states: Option<Vec<[f64; 5]>>,
    ) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyDict>)> {
        let n = self.envs.len();
        let mask = mask.unwrap_or_else(|| vec![true; n]);
        let lengths = [seeds.len(), mask.len(), states.as_ref().map_or(n, Vec::len)];
        if lengths.iter().any(|&length| length != n) {
            return Err(value_error(format_args!(
                "expected {n} seeds, flags and states, got {lengths:?}"
            )));
        }
        let seeds = seeds
            .iter()
            .map(|seed| self.seed(seed.as_ref()))
            .collect::<PyResult<Vec<_>>>()?;
        let states: Option<Vec<State>> = states.map(|rows| rows.into_iter().map(State::from_row).collect());
        for state in states.iter().flatten() {
            PushT::new(self.config)
                .and_then(|mut env| env.reset_to(*state))
                .map_err(value_error)?;
        }
        for i in (0..n).filter(|&i| mask[i]) {
            match &states {
                Some(states) => {
                    if let Some(seed) = seeds[i] {
                        self.envs.seed_env(i, seed).map_err(value_error)?;
                    }
                    self.envs
                        .change_env(i, |env| env.reset_to(states[i]).map(|_| ()))
                        .map_err(value_error)?;
                }
                None => self.envs.reset_env(i, seeds[i]).map_err(value_error)?,
            }
        }
        let entries: Vec<Option<Entry>> = self
            .envs
            .envs()
            .zip(&mask)
            .map(|(env, &reset)| {
                reset.then(|| Entry {
                    info: env.info(),
                    stepped: false,
                })
            })
            .collect();
        Ok((self.observations(py)?, batch(py, &entries)?))
    }

    /// The observations of the current states.
    fn observations<'py>(&mut self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let envs = &mut self.envs;
        let pool = self.threads.pool()?;
        self.buffers.fill(py, |arrays: ObsArrays<'_>| {
            py.detach(|| pool.install(|| envs.observe_into(arrays)))
                .map_err(value_error)
        })
    }

    /// States, one row `[agent x, agent y, block x, block y, block angle]` for each environment.
    fn states<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let rows = self.envs.states().into_iter().flat_map(State::to_row).collect();
        crate::arrays::table(py, rows, 5)
    }

    /// An image of one environment, with a cross at `cross`, [x, y] in px of the image.
    #[pyo3(signature = (index, width, height, cross=None))]
    fn render<'py>(
        &mut self,
        py: Python<'py>,
        index: usize,
        width: i64,
        height: i64,
        cross: Option<[i32; 2]>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let dimensions = settings::dimensions(width, height)?;
        let scene = self.envs.envs().nth(index).map(PushT::scene);
        let scene = scene.ok_or_else(|| value_error(format_args!("there is no environment {index}")))?;
        self.camera.shoot(py, &scene, dimensions, self.config.fill_rule, cross)
    }
}

impl Batch {
    /// A seed that the generator accepts.
    fn seed(&self, seed: Option<&Bound<'_, PyAny>>) -> PyResult<Option<u64>> {
        let Some(seed) = seed else {
            return Ok(None);
        };
        let number = seed.extract::<u64>().map_err(|error| {
            if error.is_instance_of::<PyOverflowError>(seed.py()) {
                value_error(format_args!("a seed is an integer from 0 to 2**64 - 1, got {seed}"))
            } else {
                error
            }
        })?;
        self.config.seeding.draw(number).map_err(value_error)?;
        Ok(Some(number))
    }

    /// The infos of a step: with [`Autoreset::SameStep`](pusht_env::Autoreset) the last observation and info of an episode
    /// that has ended stand under `final_obs` and `final_info`, and the rest is of the reset.
    fn step_infos<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let steps = self.envs.last_steps();
        let entries: Vec<Option<Entry>> = self
            .envs
            .envs()
            .zip(steps)
            .map(|(env, step)| {
                Some(Entry {
                    info: env.info(),
                    stepped: !step.is_first,
                })
            })
            .collect();
        let infos = batch(py, &entries)?;
        let ended: Vec<bool> = steps.iter().map(|step| step.last.is_some()).collect();
        if ended.contains(&true) {
            let mut last = Vec::with_capacity(steps.len());
            for step in steps {
                let found = step.last.as_ref().and_then(|end| end.observations.last());
                last.push(match found {
                    Some(found) => observation(py, found.clone())?.unbind(),
                    None => py.None(),
                });
            }
            let end = |step: &EnvStep| {
                step.last.as_ref().map(|end| Entry {
                    info: end.info,
                    stepped: true,
                })
            };
            let ends: Vec<Option<Entry>> = steps.iter().map(end).collect();
            infos.set_item("final_obs", last.into_pyarray(py))?;
            infos.set_item("_final_obs", row(py, &ended))?;
            infos.set_item("final_info", batch(py, &ends)?)?;
            infos.set_item("_final_info", row(py, &ended))?;
        }
        Ok(infos)
    }
}
