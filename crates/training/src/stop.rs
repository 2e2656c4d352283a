//! A request to stop that training looks at before every step.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Shared between a Ctrl-C handler (or any other thread) and the loops that honour it.
#[derive(Clone, Debug, Default)]
pub struct StopFlag(Arc<AtomicBool>);

impl StopFlag {
    /// A flag that is not raised.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks every loop that holds a clone to stop.
    pub fn raise(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether somebody asked.
    pub fn is_raised(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
