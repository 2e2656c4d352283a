//! `pusht completions`.

use anyhow::Result;
use clap::Args;
use clap_complete::Shell;

use crate::outcome::Outcome;

/// Print a completion script for a shell, for example
/// `pusht completions bash > ~/.local/share/bash-completion/completions/pusht`
#[derive(Args)]
pub(crate) struct Completions {
    shell: Shell,
}

impl Completions {
    /// The script for this command line.
    pub(crate) fn run(self, mut cli: clap::Command) -> Result<Outcome> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut cli, "pusht", &mut script);
        let text = String::from_utf8(script)?;
        Ok(Outcome::new(text.clone(), &text)?)
    }
}
