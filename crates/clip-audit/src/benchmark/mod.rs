//! Benchmark of the audit on clips whose corruption is known, as one table.
//!
//! [`run_cases`] applies every corruption to one clip and audits the results; [`AuditBenchmark`] does so for simulated
//! and recorded clips on several threads; [`BenchmarkTable::of`] counts.

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
