//! Ctrl-C ends a training with a checkpoint.

use anyhow::{Context, Result};
use training::StopFlag;

/// A flag that Ctrl-C raises; pressed again, it ends the program at once.
pub fn stop_on_ctrl_c() -> Result<StopFlag> {
    let stop = StopFlag::new();
    let raised = stop.clone();
    let raise = move || {
        if raised.is_raised() {
            std::process::exit(130);
        }
        eprintln!("\nstopping after the current step; press Ctrl-C again to stop at once");
        raised.raise();
    };
    ctrlc::set_handler(raise).context("Ctrl-C cannot be caught")?;
    Ok(stop)
}
