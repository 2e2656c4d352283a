//! Schedules and samplers of diffusion models: flow matching, DDPM and DDIM, EDM, learned variances.
//!
#![doc = include_str!("../README.md")]

mod edm;
mod flow;
mod flow_scheduler;
mod learned_variance;
mod noise;
mod noise_samplers;
mod scheduler;

pub use edm::{EdmConfig, EdmError, EdmFactors, EdmPrediction, EdmSchedule, LastSigma, SigmaSpacing};
pub use flow::{FlowError, FlowSchedule, euler_step, noised, velocity};
pub use flow_scheduler::{FlowScheduler, FlowStart, TimeShift};
pub use learned_variance::{LearnedVarianceSampler, LearnedVarianceSchedule, Sampling};
pub use noise::{BetaSchedule, NoiseError, NoiseSchedule, Prediction, ScheduleConfig};
pub use noise_samplers::{DdimSampler, DdpmSampler};
pub use scheduler::Scheduler;
