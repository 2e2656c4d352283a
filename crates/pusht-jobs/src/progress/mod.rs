//! Progress of long work: a bar in a terminal, occasional lines elsewhere, nothing in tests. Bar and lines show the
//! rate and the time left.

#[cfg(feature = "terminal")]
mod terminal;

use std::io::{Write, stderr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::counted;

#[cfg(feature = "terminal")]
pub use terminal::{Terminal, terminal_or_lines};

/// Receives the progress of a job. One stage at a time: `begin`, any number of `advance`, `end`.
pub trait Progress: Send {
    /// Begins a stage of `total` units; `unit` is their singular, such as `clip`.
    fn begin(&mut self, what: &str, total: usize, unit: &str);

    /// Sets `done` units of the stage as finished by an earlier process; they do not count for the rate.
    fn resume(&mut self, _done: usize) {}

    /// Sets the number of finished units of the stage; `note` is shown beside it (a loss, a score).
    fn advance(&mut self, done: usize, note: &str);

    /// Ends the stage; `note` is its result.
    fn end(&mut self, note: &str);

    /// Shows a separate line between stages.
    fn say(&mut self, _line: &str) {}
}

/// Progress without output.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _what: &str, _total: usize, _unit: &str) {}
    fn advance(&mut self, _done: usize, _note: &str) {}
    fn end(&mut self, _note: &str) {}
}

/// Records all progress, for tests. Clones share the record.
#[derive(Clone, Debug, Default)]
pub struct RecordedProgress(Arc<Mutex<Recorded>>);

#[derive(Debug, Default)]
struct Recorded {
    total: usize,
    steps: Vec<(usize, usize)>,
}

impl RecordedProgress {
    /// Units done and total units, at every call since the first task began.
    pub fn steps(&self) -> Vec<(usize, usize)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).steps.clone()
    }
}

impl Progress for RecordedProgress {
    fn begin(&mut self, _what: &str, total: usize, _unit: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).total = total;
    }
    fn resume(&mut self, done: usize) {
        self.advance(done, "");
    }
    fn advance(&mut self, done: usize, _note: &str) {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let step = (done, told.total);
        told.steps.push(step);
    }
    fn end(&mut self, _note: &str) {}
}

/// Rate of a stage.
#[derive(Debug, Default)]
struct Pace {
    total: usize,
    /// Singular of the units.
    unit: String,
    /// Units done when this process began.
    first: usize,
}

impl Pace {
    fn begin(total: usize, unit: &str) -> Self {
        Self {
            total,
            unit: unit.to_owned(),
            first: 0,
        }
    }

    /// Rate and time left after `elapsed`, as far as known. The first units often take longer than the rest, so the time
    /// left is not estimated from less than a fiftieth of them, unless that takes a minute.
    fn at(&self, done: usize, elapsed: Duration) -> String {
        let (new, seconds) = (done.saturating_sub(self.first), elapsed.as_secs_f64());
        if new == 0 || seconds <= 0.0 {
            return String::new();
        }
        let rate = new as f64 / seconds;
        let speed = per_second(rate, &self.unit);
        if seconds < ESTIMATED_AFTER && new < self.total.saturating_sub(self.first).div_ceil(50) {
            return speed;
        }
        let left = self.total.saturating_sub(done) as f64 / rate;
        format!("{speed}, {} left", clock(left))
    }
}

/// Seconds after which the time left is estimated from any number of units.
const ESTIMATED_AFTER: f64 = 60.0;

fn per_second(rate: f64, unit: &str) -> String {
    match rate {
        rate if rate >= 100.0 => format!("{rate:.0} {unit}s/s"),
        rate if rate >= 1.0 => format!("{rate:.1} {unit}s/s"),
        rate => format!("{:.1} s/{unit}", rate.recip()),
    }
}

/// `m:ss` or `h:mm:ss`.
fn clock(seconds: f64) -> String {
    let seconds = seconds.round() as u64;
    let (h, m, s) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if h > 0 {
        format!("{h}:{m:02}:{s:02}")
    } else {
        format!("{m}:{s:02}")
    }
}

/// Lines on standard error: at the start, at the end, and every ten seconds in between.
#[derive(Debug)]
pub struct Lines {
    every: Duration,
    what: String,
    pace: Pace,
    began: Instant,
    last: Instant,
}

impl Default for Lines {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            every: Duration::from_secs(10),
            what: String::new(),
            pace: Pace::default(),
            began: now,
            last: now,
        }
    }
}

impl Lines {
    /// The line that is due, if any.
    fn line(&mut self, done: usize, note: &str) -> Option<String> {
        let pace = self.pace.at(done, self.began.elapsed());
        if self.last.elapsed() < self.every {
            return None;
        }
        self.last = Instant::now();
        Some(format!("{}: {done}/{} ({pace}) {note}", self.what, self.pace.total))
    }
}

impl Progress for Lines {
    fn begin(&mut self, what: &str, total: usize, unit: &str) {
        self.what = what.to_string();
        self.pace = Pace::begin(total, unit);
        self.began = Instant::now();
        self.last = self.began;
        say(&format!("{what}: 0/{}", counted(total, unit)));
    }

    fn resume(&mut self, done: usize) {
        self.pace.first = done;
        say(&format!("{}: goes on from {done}", self.what));
    }

    fn advance(&mut self, done: usize, note: &str) {
        if let Some(line) = self.line(done, note) {
            say(&line);
        }
    }

    fn end(&mut self, note: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        say(&format!("{}: {note} ({seconds:.1} s)", self.what));
    }

    fn say(&mut self, line: &str) {
        say(line);
    }
}

/// Ignores errors: a closed standard error must not stop the work.
pub(crate) fn say(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_counts_what_this_process_did() {
        let mut pace = Pace::begin(1000, "clip");
        assert_eq!(pace.at(0, Duration::from_secs(1)), "");
        assert_eq!(pace.at(1000, Duration::from_secs(4)), "250 clips/s, 0:00 left");
        pace.first = 900;
        assert_eq!(pace.at(950, Duration::from_secs(10)), "5.0 clips/s, 0:10 left");
    }

    #[test]
    fn the_time_left_is_not_estimated_from_the_first_units() {
        let pace = Pace::begin(1000, "step");
        assert_eq!(pace.at(1, Duration::from_secs(4)), "4.0 s/step");
        assert_eq!(pace.at(20, Duration::from_secs(4)), "5.0 steps/s, 3:16 left");
        assert_eq!(pace.at(1, Duration::from_secs(100)), "100.0 s/step, 27:45:00 left");
    }

    #[test]
    fn lines_come_now_and_then() {
        let mut lines = Lines::default();
        lines.begin("learn", 100, "update");
        assert_eq!(lines.line(10, "loss 1"), None);
        lines.every = Duration::ZERO;
        let line = lines.line(20, "loss 0.5").unwrap();
        assert!(
            line.starts_with("learn: 20/100 (") && line.ends_with(" left) loss 0.5"),
            "{line}"
        );
    }
}
