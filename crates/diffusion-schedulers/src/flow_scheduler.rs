//! Schedules of published flow models, configured by their `scheduler_config.json`.

use serde::{Deserialize, Serialize};

use crate::flow::{FlowError, FlowSchedule};

/// Exponent ρ that published schedules use for [`FlowSchedule::karras`].
const RHO: f64 = 7.0;
/// Value of u = 1 − t up to which [`FlowStart::LinearQuadratic`] is linear.
const THRESHOLD: f64 = 0.025;

/// Settings of a `FlowMatchEulerDiscreteScheduler`, named as in its `scheduler_config.json`. Missing fields have the
/// defaults of diffusers. [`Self::schedule`] returns the times for a clip, which implement
/// [`Scheduler`](crate::Scheduler).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FlowScheduler {
    /// Number of timesteps that correspond to the time 1.
    pub num_train_timesteps: f64,
    /// Shift, if it does not depend on the number of tokens.
    pub shift: f64,
    /// Whether the shift depends on the number of tokens.
    pub use_dynamic_shifting: bool,
    /// μ at `base_image_seq_len` tokens.
    pub base_shift: f64,
    /// μ at `max_image_seq_len` tokens.
    pub max_shift: f64,
    /// Number of tokens with μ = `base_shift`.
    pub base_image_seq_len: f64,
    /// Number of tokens with μ = `max_shift`.
    pub max_image_seq_len: f64,
    /// Last time before 0; the schedule is stretched to it.
    pub shift_terminal: Option<f64>,
    /// Whether μ shifts by e^μ ("exponential") or by μ ("linear").
    pub time_shift_type: TimeShift,
    /// Whether the times are respaced as in Karras et al. 2022.
    pub use_karras_sigmas: bool,
    /// Not supported.
    pub use_exponential_sigmas: bool,
    /// Not supported.
    pub use_beta_sigmas: bool,
    /// Not supported.
    pub invert_sigmas: bool,
    /// Whether each step predicts the clean sample and adds fresh noise for the next time (distilled models).
    pub stochastic_sampling: bool,
}

/// How μ determines the shift.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TimeShift {
    /// Shift e^μ.
    #[default]
    Exponential,
    /// Shift μ.
    Linear,
}

impl Default for FlowScheduler {
    fn default() -> Self {
        Self {
            num_train_timesteps: 1000.0,
            shift: 1.0,
            use_dynamic_shifting: false,
            base_shift: 0.5,
            max_shift: 1.15,
            base_image_seq_len: 256.0,
            max_image_seq_len: 4096.0,
            shift_terminal: None,
            time_shift_type: TimeShift::Exponential,
            use_karras_sigmas: false,
            use_exponential_sigmas: false,
            use_beta_sigmas: false,
            invert_sigmas: false,
            stochastic_sampling: false,
        }
    }
}

/// Times before shifting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FlowStart {
    /// The scheduler's own times, from its largest to its smallest. They are already shifted once, unless the shift
    /// depends on the number of tokens.
    Own,
    /// 1, 1 − 1/n, …, 1/n.
    Even,
    /// [`FlowSchedule::linear_quadratic`] with the threshold 0.025.
    LinearQuadratic,
}

impl FlowScheduler {
    /// Returns μ for a number of tokens: a linear function through the two given points, extrapolated beyond them.
    pub fn mu(&self, tokens: usize) -> f64 {
        let slope = (self.max_shift - self.base_shift) / (self.max_image_seq_len - self.base_image_seq_len);
        self.base_shift + slope * (tokens as f64 - self.base_image_seq_len)
    }

    /// Returns the times of `steps` steps for a clip of `tokens` tokens.
    ///
    /// # Errors
    /// No steps, or settings that are out of range or not supported.
    pub fn schedule(&self, steps: usize, start: FlowStart, tokens: usize) -> Result<FlowSchedule, FlowError> {
        self.check()?;
        let times = match start {
            FlowStart::Own => {
                let ends = FlowSchedule::spaced(2, 1.0, 1.0 / self.num_train_timesteps)?;
                let ends = if self.use_dynamic_shifting {
                    ends
                } else {
                    ends.shifted(self.shift)?
                };
                FlowSchedule::spaced(steps, ends.times()[0], ends.times()[1])?
            }
            FlowStart::Even => FlowSchedule::new(steps, 1.0)?,
            FlowStart::LinearQuadratic => FlowSchedule::linear_quadratic(steps, THRESHOLD)?,
        };
        let times = times.shifted(match (self.use_dynamic_shifting, self.time_shift_type) {
            (false, _) => self.shift,
            (true, TimeShift::Exponential) => self.mu(tokens).exp(),
            (true, TimeShift::Linear) => self.mu(tokens),
        })?;
        let times = match self.shift_terminal {
            Some(last) => times.stretched(last),
            None => times,
        };
        Ok(if self.use_karras_sigmas {
            times.karras(RHO)
        } else {
            times
        })
    }

    fn check(&self) -> Result<(), FlowError> {
        let refuse = |setting: &'static str, found: String, expected: &'static str| {
            Err(FlowError::Setting {
                setting,
                found,
                expected,
            })
        };
        for (setting, on) in [
            ("use_exponential_sigmas", self.use_exponential_sigmas),
            ("use_beta_sigmas", self.use_beta_sigmas),
            ("invert_sigmas", self.invert_sigmas),
        ] {
            if on {
                return refuse(setting, "true".into(), "false (it is not supported)");
            }
        }
        if !(self.num_train_timesteps.is_finite() && self.num_train_timesteps >= 1.0) {
            return refuse(
                "num_train_timesteps",
                self.num_train_timesteps.to_string(),
                "a number from 1",
            );
        }
        let line = self.max_image_seq_len - self.base_image_seq_len;
        if self.use_dynamic_shifting && (line.is_nan() || line == 0.0) {
            return refuse(
                "max_image_seq_len",
                self.max_image_seq_len.to_string(),
                "another number than base_image_seq_len",
            );
        }
        match self.shift_terminal {
            Some(last) if !(last > 0.0 && last < 1.0) => {
                refuse("shift_terminal", last.to_string(), "a number between 0 and 1, or none")
            }
            _ => Ok(()),
        }
    }
}
