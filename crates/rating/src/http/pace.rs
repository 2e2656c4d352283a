//! Where a connection is between two requests. Its socket has the clock, its service knows where a request ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Where one connection is; clones speak of the same connection.
#[derive(Clone, Debug)]
pub(super) struct Pace {
    phase: Arc<Mutex<Phase>>,
    idle: Duration,
    request: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// No byte of a request has come; the connection is closed at this time.
    Idle(Instant),
    /// A request is coming in; it must be whole by this time.
    Reading(Instant),
    /// A whole request is being answered, however long that takes.
    Answering,
    /// No longer HTTP.
    Upgraded,
}

impl Pace {
    pub(super) fn new(idle: Duration, request: Duration) -> Self {
        Self {
            phase: Arc::new(Mutex::new(Phase::Idle(Instant::now() + idle))),
            idle,
            request,
        }
    }

    /// Bytes came in.
    pub(super) fn received(&self) {
        let mut phase = self.lock();
        if matches!(*phase, Phase::Idle(_)) {
            *phase = Phase::Reading(Instant::now() + self.request);
        }
    }

    /// Until when the other side may say nothing, or not enough.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match *self.lock() {
            Phase::Idle(until) | Phase::Reading(until) => Some(until),
            Phase::Answering | Phase::Upgraded => None,
        }
    }

    /// Whether that has passed.
    pub(super) fn is_late(&self) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= Instant::now())
    }

    /// A request is whole. The connection is idle again when what is returned is dropped.
    pub(super) fn answer(&self) -> Answering {
        *self.lock() = Phase::Answering;
        Answering(self.clone())
    }

    pub(super) fn is_answering(&self) -> bool {
        matches!(*self.lock(), Phase::Answering)
    }

    /// The connection has left HTTP for good.
    pub(super) fn upgrade(&self) {
        *self.lock() = Phase::Upgraded;
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        // A single value, whole at any time.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered, the last byte of the answer included.
#[derive(Debug)]
pub(super) struct Answering(Pace);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut phase = self.0.lock();
        if matches!(*phase, Phase::Answering) {
            *phase = Phase::Idle(Instant::now() + self.0.idle);
        }
    }
}
