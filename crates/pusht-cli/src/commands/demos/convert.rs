//! `pusht demos convert`.

use std::path::PathBuf;

use anyhow::{Context, Result, bail, ensure};
use clap::Args;
use hub_files::CardLicense;
use named_parts::DataOptions;
use pusht_data::{Conversion, Converted, DataLayout, Source, write_lerobot, write_replay_buffer};
use pusht_jobs::{JobContext, counted};
use pusht_play::InterventionSegments;
use serde_json::json;

use super::Environment;
use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Source of the sets that `pusht demos record` writes.
const EXPERT: &str = "expert";
/// Episodes whose frames are looked at before the conversion.
const LOOKED_AT: usize = 32;

/// Convert a dataset into another layout, or into videos
///
/// --to appears only when it is complete.
#[derive(Args)]
pub(crate) struct Convert {
    /// Dataset: a zarr replay buffer or LeRobot v3 set (folders), or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    from: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Path to write; must not exist yet. Videos: a folder with one video per episode (frames only, no actions)
    #[arg(long, value_name = "PATH")]
    to: PathBuf,
    /// Layout of --to: replay-buffer, lerobot, simulated (starts and actions), mp4, gif or png (folders of files)
    /// [default: replay-buffer for .zarr, simulated for .jsonl]
    #[arg(long = "as", value_name = "LAYOUT")]
    layout: Option<DataLayout>,
    /// Only the first N episodes
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// --as simulated: environment in which the dataset was recorded; episode e must start from seed e [default:
    /// diffusion-policy]
    #[arg(long, value_name = "NAME")]
    recorded_in: Option<Environment>,
    /// Only the stretches in which a person acted, each as an episode: of a set of `pusht demos play --policy`, as
    /// replay-buffer or lerobot
    #[arg(long, conflicts_with_all = ["episodes", "recorded_in", "scale"])]
    interventions: bool,
    /// Videos: integer scale factor, 1 to 22 (MP4 has at most 2160 px) [default: 4]
    #[arg(long, value_name = "PX", value_parser = clap::value_parser!(u32).range(1..=22))]
    scale: Option<u32>,
}

impl Convert {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let layout = self.layout.or_else(|| DataLayout::of_path(&self.to)).with_context(|| {
            let to = self.to.display();
            format!("--to {to}: neither .zarr nor .jsonl; say --as replay-buffer, lerobot, simulated, mp4, gif or png")
        })?;
        ensure!(
            self.recorded_in.is_none() || layout == DataLayout::Simulated,
            "--recorded-in is for --as simulated; {layout} keeps frames and states as they were recorded"
        );
        ensure!(
            self.scale.is_none() || layout.is_video(),
            "--scale is for videos; {layout} keeps frames as they are"
        );
        if self.interventions {
            return self.interventions(layout, session);
        }
        let mut conversion = Conversion::to(layout);
        conversion.episodes = self.episodes;
        if let Some(environment) = self.recorded_in {
            conversion.recorded_in = environment.into();
        }
        conversion.scale = self.scale.unwrap_or(conversion.scale);
        let source = self.reading.open_of("--from", &self.from, &mut session.ctx)?;
        session.warn_of(&source, source.first(self.episodes)?, LOOKED_AT)?;
        let converted = conversion.run(&source, &self.to, &mut session.ctx)?;
        self.card(&source, layout, &converted, &mut session.ctx);
        let mut text = format!(
            "{}, {} in {}",
            counted(converted.episodes, "episode"),
            counted(converted.frames, "frame"),
            self.to.display()
        );
        if let Some(d) = converted.compared {
            text += &format!(
                "; {} compared as simulated: {} pixels differ, states by {:.1e} at most",
                d.frames, d.pixels, d.states
            );
        }
        let compared = converted
            .compared
            .map(|d| json!({ "frames": d.frames, "pixels": d.pixels, "states": d.states }));
        let json = json!({
            "out": self.to, "layout": layout.name(), "episodes": converted.episodes, "frames": converted.frames,
            "compared": compared,
        });
        Ok(Outcome::new(text, &json)?)
    }

    /// Writes the card of a folder.
    fn card(&self, source: &Source, layout: DataLayout, converted: &Converted, ctx: &mut JobContext) {
        if layout == DataLayout::Simulated {
            return;
        }
        // The expert's demonstrations are nobody else's data.
        let license = if source.simulated().is_some_and(|set| set.source == EXPERT) {
            cards::own_license()
        } else {
            CardLicense::Unknown(format!(
                "It is that of the dataset it was converted from ({}).",
                source.name()
            ))
        };
        let card = cards::dataset("PushT demonstrations", layout.name(), license)
            .with_row("converted from", source.name())
            .with_row("episodes", converted.episodes)
            .with_row("frames", converted.frames)
            .with_usage(match layout.is_video() {
                true => "pusht label --video DIR --out labeled",
                false => "pusht train policy --data DIR --out runs/tracked",
            });
        cards::write(&card, &self.to, ctx);
    }

    /// Writes the stretches in which a person acted.
    fn interventions(&self, layout: DataLayout, session: &mut Session) -> Result<Outcome> {
        let (from, to) = (self.from.display(), &self.to);
        let source = self.reading.open_of("--from", &self.from, &mut session.ctx)?;
        let set = source.simulated().with_context(|| {
            format!(
                "--interventions: {from} does not say who acted; expected demonstrations.jsonl of `pusht demos play`"
            )
        })?;
        let segments = InterventionSegments::of(set);
        let lengths = segments.lengths();
        ensure!(
            !lengths.is_empty(),
            "--interventions: nobody took over from the policy in {from}"
        );
        let frames: usize = lengths.iter().sum();
        match layout {
            DataLayout::ReplayBuffer => write_replay_buffer(to, &lengths, segments.episodes(), &mut session.ctx)?,
            DataLayout::LeRobot => drop(write_lerobot(to, segments.episodes(), frames, &mut session.ctx)?),
            _ => bail!(
                "--interventions: stretches begin in the middle of a motion, which {layout} cannot hold; expected --as replay-buffer or lerobot"
            ),
        }
        let license = CardLicense::Unknown("It is that of the person who played.".to_owned());
        let card = cards::dataset("PushT demonstrations by a person", layout.name(), license)
            .with_text("Stretches in which a person took over from a policy; each is an episode.")
            .with_row("from", source.name())
            .with_row("episodes", lengths.len())
            .with_row("frames", frames)
            .with_usage("pusht train policy --data MORE DIR --out runs/tracked");
        cards::write(&card, to, &mut session.ctx);
        let text = format!(
            "{} of a person, {}, in {}",
            counted(lengths.len(), "segment"),
            counted(frames, "frame"),
            to.display()
        );
        let json = json!({ "out": to, "layout": layout.name(), "episodes": lengths.len(), "frames": frames });
        Ok(Outcome::new(text, &json)?)
    }
}
