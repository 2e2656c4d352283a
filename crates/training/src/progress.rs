//! Progress of long work: a bar in a terminal, a line now and then elsewhere, nothing in tests.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// Whoever wants to know how far the work is. One stage at a time: `begin`, any number of `advance`, `end`.
pub trait Progress: Send {
    /// A stage of `total` units begins.
    fn begin(&mut self, what: &str, total: usize);

    /// `done` units of the stage are finished; `note` says how it looks (a loss, a score).
    fn advance(&mut self, done: usize, note: &str);

    /// The stage is over; `note` is its result.
    fn end(&mut self, note: &str);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _what: &str, _total: usize) {}
    fn advance(&mut self, _done: usize, _note: &str) {}
    fn end(&mut self, _note: &str) {}
}

/// A bar on standard error.
#[derive(Debug, Default)]
pub struct Terminal {
    bar: Option<ProgressBar>,
    what: String,
}

impl Progress for Terminal {
    fn begin(&mut self, what: &str, total: usize) {
        let bar = ProgressBar::new(total as u64);
        let style = ProgressStyle::with_template("{prefix:24!} {bar:30} {pos}/{len} {elapsed} (left {eta}) {msg}")
            .expect("the template is well formed");
        bar.set_style(style);
        bar.set_prefix(what.to_string());
        self.what = what.to_string();
        self.bar = Some(bar);
    }

    fn advance(&mut self, done: usize, note: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
            bar.set_message(note.to_string());
        }
    }

    fn end(&mut self, note: &str) {
        if let Some(bar) = self.bar.take() {
            let seconds = bar.elapsed().as_secs_f64();
            bar.finish_and_clear();
            say(&format!("{}: {note} ({seconds:.1} s)", self.what));
        }
    }
}

/// Lines on standard error: at the beginning, the end, and every ten seconds in between.
#[derive(Debug)]
pub struct Lines {
    every: Duration,
    what: String,
    total: usize,
    began: Instant,
    last: Instant,
}

impl Default for Lines {
    fn default() -> Self {
        let now = Instant::now();
        Self {
            every: Duration::from_secs(10),
            what: String::new(),
            total: 0,
            began: now,
            last: now,
        }
    }
}

impl Progress for Lines {
    fn begin(&mut self, what: &str, total: usize) {
        self.what = what.to_string();
        self.total = total;
        self.began = Instant::now();
        self.last = self.began;
        say(&format!("{what}: {total} steps"));
    }

    fn advance(&mut self, done: usize, note: &str) {
        if self.last.elapsed() >= self.every {
            self.last = Instant::now();
            say(&format!("{}: {done}/{} {note}", self.what, self.total));
        }
    }

    fn end(&mut self, note: &str) {
        let seconds = self.began.elapsed().as_secs_f64();
        say(&format!("{}: {note} ({seconds:.1} s)", self.what));
    }
}

/// A bar where standard error is a terminal, lines where it is not.
pub fn terminal_or_lines() -> Box<dyn Progress> {
    if stderr().is_terminal() {
        Box::<Terminal>::default()
    } else {
        Box::<Lines>::default()
    }
}

/// A closed standard error is no reason to stop the work.
fn say(line: &str) {
    let _ = writeln!(stderr(), "{line}");
}
