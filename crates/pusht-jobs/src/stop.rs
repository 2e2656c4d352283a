//! Whether the process is to stop. Reads that may take long look at it, wherever they are called from.

use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// Ends running reads of this process: [`read_file`](crate::read_file), hashes of files and readers of videos fail with
/// [`Cancelled`](crate::Cancelled) as the cause. For programs that are about to end, set by `cancel_on_ctrl_c`; it cannot
/// be withdrawn. A job within a process is stopped by its [`CancelFlag`](crate::CancelFlag).
pub fn request_stop() {
    STOP.store(true, Ordering::SeqCst);
}

/// Whether [`request_stop`] was called.
pub fn stop_requested() -> bool {
    STOP.load(Ordering::SeqCst)
}
