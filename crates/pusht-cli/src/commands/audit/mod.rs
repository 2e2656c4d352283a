//! `pusht audit`.

mod beside;
mod clips;
mod distribution;
#[cfg_attr(not(feature = "judge"), path = "no_judge.rs")]
mod judge;
mod object_model;
mod people;
mod quality;
mod train;
mod world;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use named_parts::DataOptions;

use crate::outcome::Outcome;
use crate::session::Session;

/// Audit videos: defects with their frames, scores on the paper's scales, replay in the simulator; report.html and
/// score.json
///
/// Videos may have any size, rate and format. With --train the report also states whether the clips help a policy, with
/// --judge what a model that sees says of them. Run the same command again to resume a stopped audit. Exit status 3: no
/// video could be read, or the judge scored none.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(crate) struct Audit {
    #[command(subcommand)]
    part: Option<Part>,
    #[command(flatten)]
    clips: Option<clips::Clips>,
    // Beside `clips` and not within: clap takes an optional group that holds another group for absent.
    #[command(flatten)]
    reading: DataOptions,
    #[command(flatten)]
    judge: judge::JudgeOptions,
}

#[derive(Subcommand)]
enum Part {
    Quality(quality::Quality),
    Distribution(distribution::Distribution),
    ObjectModel(object_model::ObjectModel),
    World(world::World),
}

impl Audit {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        match self.part {
            Some(Part::Quality(command)) => command.run(session),
            Some(Part::Distribution(command)) => command.run(session),
            Some(Part::ObjectModel(command)) => command.run(session),
            Some(Part::World(command)) => command.run(session),
            None => {
                let clips = self.clips.context("expected --video PATH… --out DIR")?;
                clips.run(&self.reading, &self.judge, session)
            }
        }
    }
}
