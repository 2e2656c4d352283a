//! The command line: all commands.

use anyhow::Result;
use clap::{CommandFactory, Parser, Subcommand};

#[cfg(feature = "parity")]
use crate::commands::parity;
use crate::commands::{
    audit, bench, completions, demos, experiment, finetune, generate, label, rate, rollout, score, train,
};
use crate::outcome::Outcome;
use crate::session::{OutputArgs, Session};

/// PushT in Rust: simulate, label and audit videos, train policies and video models, and measure whether generated
/// video helps a policy.
///
/// `experiment`, `demos record`, `train`, `generate`, `finetune`, `label`, `audit` and `rate` continue when the same
/// command is run again; the others start anew (`rollout` in parts: --shard). Exit status: 0 success; 1 error; 2 invalid command line; 3
/// completed, but a check failed; 130 stopped by Ctrl-C.
///
/// Datasets, models and policies may be on the Hugging Face Hub: `hub:OWNER/NAME[@REVISION][/PATH]` in place of a path
/// (`--data hub:lerobot/pusht`, `--model ltx:hub:OWNER/NAME`) is downloaded once and then read like a folder.
#[derive(Parser)]
#[command(name = "pusht", version, max_term_width = 120, propagate_version = false)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
#[allow(clippy::large_enum_variant, reason = "there is one of it")]
pub(crate) enum Command {
    Experiment(experiment::Experiment),
    #[command(subcommand)]
    Demos(demos::Demos),
    Train(train::Train),
    Rollout(rollout::Rollout),
    Generate(generate::Generate),
    Finetune(finetune::FinetuneVideo),
    Label(label::Label),
    Audit(audit::Audit),
    Rate(rate::Rate),
    #[command(subcommand)]
    Score(score::Score),
    #[cfg(feature = "parity")]
    #[command(subcommand)]
    Parity(parity::Parity),
    #[command(subcommand)]
    Bench(bench::Bench),
    Completions(completions::Completions),
}

impl Command {
    /// Whether the same command continues after an interruption.
    pub(crate) fn resumes(&self) -> bool {
        match self {
            Self::Experiment(_)
            | Self::Train(_)
            | Self::Generate(_)
            | Self::Finetune(_)
            | Self::Label(_)
            | Self::Audit(_) => true,
            Self::Demos(command) => matches!(command, demos::Demos::Record(_) | demos::Demos::Fetch(_)),
            _ => false,
        }
    }

    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self {
            Self::Experiment(command) => command.run(session),
            Self::Demos(command) => command.run(session),
            Self::Train(command) => command.run(session),
            Self::Rollout(command) => command.run(session),
            Self::Generate(command) => command.run(session),
            Self::Finetune(command) => command.run(session),
            Self::Label(command) => command.run(session),
            Self::Audit(command) => command.run(session),
            Self::Rate(command) => command.run(session),
            Self::Score(command) => command.run(session),
            #[cfg(feature = "parity")]
            Self::Parity(command) => command.run(session),
            Self::Bench(command) => command.run(session),
            Self::Completions(command) => command.run(Cli::command()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
