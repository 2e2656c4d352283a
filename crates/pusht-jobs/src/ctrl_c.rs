//! Cancellation by Ctrl-C.

use crate::CancelFlag;

/// Returns a flag that is set by Ctrl-C or SIGTERM; the second one ends the program at once with status 130.
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
        raised.cancel();
    };
    ctrlc::set_handler(handler).map_err(std::io::Error::other)?;
    Ok(flag)
}
