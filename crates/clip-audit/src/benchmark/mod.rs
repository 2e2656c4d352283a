//! Benchmark of the audit: what it says of clips whose answer is known, as one table.
//!
//! [`run_cases`] corrupts one clip in every way and audits each; [`AuditBenchmark`] does so for simulated and recorded clips, spread
//! over threads; [`BenchmarkTable::of`] counts.

mod case;
mod markdown;
mod report;
mod run;
mod speed;
mod table;

pub use case::{BenchmarkError, Case, CaseResult, expected, run_cases};
pub use report::TrialReport;
pub use run::{AuditBenchmark, RecordedClips};
pub use speed::AuditSpeed;
pub use table::{BenchmarkRow, BenchmarkTable, DetectionRates};
