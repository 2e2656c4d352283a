//! Progress of work that tells, from any thread, how much is done of how much.

use std::sync::{Mutex, PoisonError};

use training::{Progress, terminal_or_lines};

/// A bar in a terminal, lines elsewhere.
pub struct Counted {
    what: &'static str,
    state: Mutex<(Box<dyn Progress>, bool)>,
}

impl Counted {
    /// Of work that is called `what`.
    pub fn new(what: &'static str) -> Self {
        Self {
            what,
            state: Mutex::new((terminal_or_lines(), false)),
        }
    }

    /// The first call says what was done before.
    pub fn tell(&self, done: usize, all: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (progress, begun) = &mut *state;
        if *begun {
            progress.advance(done, "");
            return;
        }
        *begun = true;
        progress.begin(self.what, all);
        if done > 0 {
            progress.resume(done);
        }
    }

    /// The work is over.
    pub fn end(&self, note: &str) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.1 {
            state.0.end(note);
        }
    }
}
