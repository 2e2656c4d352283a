//! Speed of the audit.

use std::time::Instant;

use corruptions::Clip;
use serde::Serialize;

use super::case::BenchmarkError;
use crate::VideoAuditor;

/// Clips per pass.
const CLIPS: u64 = 8;
/// Number of passes; the fastest counts.
const PASSES: usize = 5;

/// Throughput of the audit on one thread, frames of 96 × 96 px per second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct AuditSpeed {
    /// Per second of processor time if the system reports it; otherwise per second of wall time.
    pub frames_per_processor_second: f64,
    /// Per second of wall time.
    pub frames_per_second: f64,
}

impl AuditSpeed {
    /// Measures the speed: the fastest of five passes over eight simulated clips.
    ///
    /// # Errors
    /// Does not fail.
    pub fn measure(auditor: &VideoAuditor) -> Result<Self, BenchmarkError> {
        let clips: Vec<Clip> = (0..CLIPS)
            .map(|seed| Clip::simulated(seed, 96))
            .collect::<Result<_, _>>()?;
        let (mut by_processor, mut by_clock): (f64, f64) = (0.0, 0.0);
        for _ in 0..PASSES {
            let (start, busy, mut frames) = (Instant::now(), processor_seconds(), 0);
            for clip in &clips {
                frames += auditor.audit_frames(&clip.frames)?.frames;
            }
            let clock = start.elapsed().as_secs_f64();
            let processor = processor_seconds()
                .zip(busy)
                .map_or(clock, |(now, before)| now - before);
            by_processor = by_processor.max(frames as f64 / processor);
            by_clock = by_clock.max(frames as f64 / clock);
        }
        Ok(Self {
            frames_per_processor_second: by_processor,
            frames_per_second: by_clock,
        })
    }
}

/// Seconds that this thread has run on a processor (Linux).
fn processor_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
}
