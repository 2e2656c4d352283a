//! The result of a benchmark.

use serde::Serialize;

use super::case::{BenchmarkError, CaseResult};
use super::speed::AuditSpeed;
use super::table::BenchmarkTable;
use crate::VideoAuditor;

/// Accuracy of the audit on clips whose corruption is known, and its speed.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrialReport {
    /// Speed of the audit.
    #[serde(flatten)]
    pub speed: AuditSpeed,
    /// All counts.
    pub table: BenchmarkTable,
}

impl TrialReport {
    /// Counts the results and measures the speed of the audit on this thread.
    ///
    /// # Errors
    /// As [`AuditSpeed::measure`].
    pub fn new(auditor: &VideoAuditor, results: &[CaseResult]) -> Result<Self, BenchmarkError> {
        Ok(Self {
            table: BenchmarkTable::of(results),
            speed: AuditSpeed::measure(auditor)?,
        })
    }

    /// A Markdown page; `command` is stated as the command that made it.
    pub fn markdown(&self, command: &str) -> String {
        let AuditSpeed {
            frames_per_processor_second: by_processor,
            frames_per_second: by_clock,
        } = self.speed;
        let head = format!(
            "# Benchmark of the audit\n\nMade by `{command}`. Definitions: [audit.md](../audit.md). \
             *Flagged*: any finding; *found*: a finding names the corruption; *named*: the main finding does. *Precision*: of the \
             clips of which the main finding is the corruption's, the share for which that is right, among all clean clips and all \
             clips with a tuned corruption at its clear strength (and the held-out corruption itself); *over all strengths and kinds*: \
             among all clips below.\n\n\
             Clean clips flagged: {:.4}. Mild blur, noise and H.264 mistaken for a physical corruption: {:.4}. One core, 96 × 96: \
             {by_processor:.0} frames per second of processor time, {by_clock:.0} by the clock (the fastest of five passes each).\n\n",
            self.table.clean_flagged, self.table.mild_mistaken,
        );
        head + &self.table.markdown()
    }
}

#[cfg(test)]
mod tests {
    use corruptions::{Corruption, Strength};

    use super::super::case::Case;
    use super::*;

    #[test]
    fn the_page_names_its_command_and_the_file_has_speed_and_table() {
        let result = CaseResult {
            case: Case::Corrupted(Corruption::AgentGone, Strength::Clear),
            kinds: Vec::new(),
            scores: [2, 1, 5],
            steps: Default::default(),
            note: Some("played, pinning, number 7: <finding>".to_owned()),
        };
        let report = TrialReport {
            speed: AuditSpeed {
                frames_per_processor_second: 300.0,
                frames_per_second: 250.0,
            },
            table: BenchmarkTable::of(&[result]),
        };
        let page = report.markdown("pusht bench audit");
        assert!(page.contains("* played, pinning, number 7: <finding>"), "{page}");
        assert!(page.contains("Made by `pusht bench audit`."), "{page}");
        assert!(
            page.contains("300 frames per second of processor time, 250 by the clock"),
            "{page}"
        );
        let json = serde_json::to_value(&report).unwrap();
        assert_eq!(json["frames_per_second"], 250.0);
        assert!(json["table"]["rows"].is_array());
    }
}
