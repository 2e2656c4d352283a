//! A progress bar.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

use super::{Lines, Pace, Progress, say};

/// A bar on standard error.
#[derive(Debug, Default)]
pub struct Terminal {
    bar: Option<ProgressBar>,
    pace: Pace,
    what: String,
}

impl Progress for Terminal {
    fn begin(&mut self, what: &str, total: usize, unit: &str) {
        let bar = ProgressBar::new(total as u64);
        let style = ProgressStyle::with_template("{prefix:32!} {bar:20} {pos}/{len} {elapsed} {msg}")
            .expect("the template is well formed");
        bar.set_style(style);
        bar.set_prefix(what.to_string());
        self.what = what.to_string();
        self.pace = Pace::begin(total, unit);
        self.bar = Some(bar);
    }

    fn resume(&mut self, done: usize) {
        self.pace.first = done;
        if let Some(bar) = &self.bar {
            bar.set_position(done as u64);
        }
    }

    fn advance(&mut self, done: usize, note: &str) {
        if let Some(bar) = &self.bar {
            let pace = self.pace.at(done, bar.elapsed());
            bar.set_position(done as u64);
            bar.set_message(format!("({pace}) {note}"));
        }
    }

    fn end(&mut self, note: &str) {
        if let Some(bar) = self.bar.take() {
            let seconds = bar.elapsed().as_secs_f64();
            bar.finish_and_clear();
            say(&format!("{}: {note} ({seconds:.1} s)", self.what));
        }
    }

    fn say(&mut self, line: &str) {
        say(line);
    }
}

/// A bar if standard error is a terminal, lines otherwise.
pub fn terminal_or_lines() -> Box<dyn Progress> {
    if stderr().is_terminal() {
        Box::<Terminal>::default()
    } else {
        Box::<Lines>::default()
    }
}
