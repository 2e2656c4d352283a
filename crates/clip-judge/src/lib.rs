#![doc = include_str!("../README.md")]

mod agent;
mod answer;
mod client;
mod endpoint;
mod error;
mod job;
mod known;
mod markdown;
mod pictures;
mod plan;
mod question;
mod results;
mod settings;
mod text;

pub use error::JudgeError;
pub use job::{ClipToJudge, JudgeJob};
pub use plan::JudgePlan;
pub use results::{ClipJudgment, JudgeAnswer, JudgeReport, JudgeResults, JudgeUsage, OtherScores};
pub use settings::JudgeSettings;
