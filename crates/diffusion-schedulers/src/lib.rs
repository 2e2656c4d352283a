//! Schedules and samplers of diffusion models: flow matching, DDPM and DDIM, EDM, learned variances.

mod edm;
mod flow;
mod flow_scheduler;
mod learned_range;
mod noise;

pub use edm::{EdmConfig, EdmError, EdmFactors, EdmPrediction, EdmSchedule, LastSigma, SigmaSpacing};
pub use flow::{FlowError, FlowSchedule, euler_step, noised, velocity};
pub use flow_scheduler::{FlowScheduler, FlowStart, TimeShift};
pub use learned_range::{LearnedRange, Sampling};
pub use noise::{BetaSchedule, NoiseError, NoiseSchedule, Prediction, ScheduleConfig};
