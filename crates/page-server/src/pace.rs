//! Phase of a connection, shared by its socket, which keeps the deadlines, and its service, which knows where a request
//! ends.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// Phase of one connection; clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Pace {
    phase: Arc<Mutex<Phase>>,
    idle: Duration,
    request: Duration,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    /// No byte of a request has arrived; the connection is closed at this time.
    Idle(Instant),
    /// A request is arriving; it must be complete by this time.
    Reading(Instant),
    /// A complete request is being answered, without a deadline.
    Answering,
    /// The connection was upgraded and is no longer HTTP.
    Upgraded,
}

impl Pace {
    pub(crate) fn new(idle: Duration, request: Duration) -> Self {
        Self {
            phase: Arc::new(Mutex::new(Phase::Idle(Instant::now() + idle))),
            idle,
            request,
        }
    }

    /// Records that bytes have arrived.
    pub(crate) fn received(&self) {
        let mut phase = self.lock();
        if matches!(*phase, Phase::Idle(_)) {
            *phase = Phase::Reading(Instant::now() + self.request);
        }
    }

    /// Time by which the next bytes or the complete request must arrive.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        match *self.lock() {
            Phase::Idle(until) | Phase::Reading(until) => Some(until),
            Phase::Answering | Phase::Upgraded => None,
        }
    }

    /// Whether the deadline has passed.
    pub(crate) fn is_late(&self) -> bool {
        self.deadline().is_some_and(|deadline| deadline <= Instant::now())
    }

    /// Records that a request is complete. The connection is idle again when the returned value is dropped.
    pub(crate) fn answer(&self) -> Answering {
        *self.lock() = Phase::Answering;
        Answering(self.clone())
    }

    pub(crate) fn is_answering(&self) -> bool {
        matches!(*self.lock(), Phase::Answering)
    }

    /// Records that the connection was upgraded.
    pub(crate) fn upgrade(&self) {
        *self.lock() = Phase::Upgraded;
    }

    fn lock(&self) -> MutexGuard<'_, Phase> {
        // A single value, always consistent.
        self.phase.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A request that is being answered, until the last byte of the response.
#[derive(Debug)]
pub(crate) struct Answering(Pace);

impl Drop for Answering {
    fn drop(&mut self) {
        let mut phase = self.0.lock();
        if matches!(*phase, Phase::Answering) {
            *phase = Phase::Idle(Instant::now() + self.0.idle);
        }
    }
}
