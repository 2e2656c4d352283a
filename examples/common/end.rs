//! Ctrl-C where what is done is on the disk at any time.

use anyhow::{Context, Result};

/// Ctrl-C ends the program at once, with a word on how to go on.
pub fn end_on_ctrl_c(how: &'static str) -> Result<()> {
    ctrlc::set_handler(move || {
        eprintln!("\nstopped; {how}");
        std::process::exit(130);
    })
    .context("Ctrl-C cannot be caught")
}
