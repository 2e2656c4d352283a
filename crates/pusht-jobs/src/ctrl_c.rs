//! Cancellation by Ctrl-C.

use crate::{CancelFlag, request_stop};

/// Returns a flag that is set by Ctrl-C or SIGTERM, which also [ends running reads](request_stop); the second one ends the program at once with status 130.
///
/// # Errors
/// A handler that cannot be installed, for example because there is one already.
pub fn cancel_on_ctrl_c() -> std::io::Result<CancelFlag> {
    let flag = CancelFlag::new();
    let raised = flag.clone();
    let handler = move || {
        if raised.is_cancelled() {
            std::process::exit(130);
        }
        crate::progress::say("\nstopping; press Ctrl-C again to stop at once");
        // The flag first: a read that fails by the second finds the first.
        raised.cancel();
        request_stop();
    };
    ctrlc::set_handler(handler).map_err(std::io::Error::other)?;
    Ok(flag)
}
