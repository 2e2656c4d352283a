//! `pusht label`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use idm::{IdmSpec, Reduction};
use labeling::{DatasetJob, LabelJob, LabelMethod, LabeledDataset, LabelingSummary, Layout, Settings, VideoNote};
use named_parts::{device_name, hub};
use pusht_data::InverseDynamics;
use pusht_jobs::{Shard, counted};
use serde_json::json;
use video_io::find_videos;

use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Maximum number of notes on videos that are printed; --json has all.
const PRINTED: usize = 10;

/// Label videos with actions: write a dataset of the segments that can be trusted, with label.json
///
/// Videos may have any size, rate and format. label.json has the findings for each video. Run the same command again to
/// resume a stopped job. Exit status 3: no action can be trusted.
#[derive(Args)]
pub(crate) struct Label {
    /// MP4 or GIF files, folders of PNG files, or folders of these
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    video: Vec<PathBuf>,
    /// Inverse dynamics: closed-form, learned:FILE from `pusht train idm`, or uva:FILE, the published checkpoint of
    /// Unified Video Action; FILE may be hub:OWNER/NAME
    #[arg(long, value_name = "NAME", default_value_t)]
    idm: IdmSpec,
    /// How a model's several actions for a frame are reduced to one: none is the model's own way, the others are the
    /// paper's
    #[arg(long, value_name = "NAME", default_value = "none")]
    reduce: Reduce,
    /// Frames per second of the videos, in place of the rate in the files (generators often write 8 or 24 for 10)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    fps: Option<u32>,
    /// Add the seven flips and quarter turns of every episode
    #[arg(long)]
    augment: bool,
    /// Layout of the dataset
    #[arg(long, value_name = "NAME", default_value = "lerobot")]
    format: Format,
    /// Label only part I of N of the videos, into a file for `pusht demos merge`
    #[arg(long, value_name = "I/N", conflicts_with_all = ["augment", "format"])]
    shard: Option<Shard>,
    /// Dataset to write; with --shard a file, by convention .jsonl
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Device for learned models: cpu, cuda, cuda:1, wgpu or auto [default: cpu]
    #[arg(long, value_name = "NAME", value_parser = device_name)]
    device: Option<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Reduce {
    None,
    Mean,
    Sum,
    First,
}

#[derive(Clone, Copy, ValueEnum)]
enum Format {
    /// LeRobot v3 (parquet and MP4)
    Lerobot,
    /// Zarr replay buffer in the layout of Diffusion Policy
    Zarr,
}

impl Label {
    pub(crate) fn run(mut self, session: &mut Session) -> Result<Outcome> {
        // `--out DIR/` is the folder DIR.
        let out: PathBuf = self.out.components().collect();
        self.idm = hub::locate_idm("--idm", self.idm, &mut session.ctx)?;
        let model = self.model()?;
        let job = LabelJob {
            videos: find_videos(&self.video)?,
            method: match &model {
                Some(model) => LabelMethod::Model(model.as_ref()),
                None => LabelMethod::ClosedForm(Default::default()),
            },
            settings: Settings { fps: self.fps },
        };
        if let Some(part) = self.shard {
            job.run_shard(part, &out, &mut session.ctx)?;
            let videos = job.videos.len();
            let text = format!("part {part} of {} in {}", counted(videos, "video"), out.display());
            return Ok(Outcome::new(
                text,
                &json!({ "part": part, "videos": videos, "out": out }),
            )?);
        }
        let start = Instant::now();
        let job = DatasetJob {
            job,
            layout: match self.format {
                Format::Lerobot => Layout::LeRobot,
                Format::Zarr => Layout::Zarr,
            },
            augment: self.augment,
        };
        let LabeledDataset { summary, labels } = job.run(&out, &mut session.ctx)?;
        let notes = labels.notes()?;
        if summary.episodes > 0 {
            let layout = match self.format {
                Format::Lerobot => "lerobot",
                Format::Zarr => "replay-buffer",
            };
            cards::write(&cards::labeled(&summary, layout), &out, &mut session.ctx);
        }
        let mut text = format!(
            "{summary} in {}, {:.1} s\n",
            out.display(),
            start.elapsed().as_secs_f64()
        );
        text += &lines(&summary, &notes);
        text += &format!("  every video: {}", out.join("label.json").display());
        if summary.episodes == 0 {
            text += "\nno action can be trusted, so there is nothing to train on";
        }
        let json = json!({ "out": out, "summary": summary, "notes": notes });
        Ok(Outcome::new(text, &json)?.failed_if(summary.episodes == 0))
    }

    /// `None` for the closed form, which needs only the track.
    fn model(&self) -> Result<Option<Box<dyn InverseDynamics>>> {
        let reduction = match self.reduce {
            Reduce::None => None,
            Reduce::Mean => Some(Reduction::Mean),
            Reduce::Sum => Some(Reduction::Sum),
            Reduce::First => Some(Reduction::First),
        };
        if self.idm == IdmSpec::ClosedForm {
            ensure!(
                reduction.is_none(),
                "--reduce: the closed form gives one action a frame; there is nothing to reduce"
            );
            ensure!(
                self.device.is_none(),
                "--device: the closed form is no model and runs on the CPU; --idm learned:FILE and uva:FILE take a device"
            );
            return Ok(None);
        }
        let device = training::device(self.device.as_deref().unwrap_or("cpu"))?;
        Ok(self.idm.load(reduction, &device)?)
    }
}

/// Lists dropped segments, failed videos with the reason, and suspicious frame rates.
fn lines(summary: &LabelingSummary, notes: &[VideoNote]) -> String {
    let mut text = String::new();
    for (reason, count) in &summary.dropped {
        text += &format!("  dropped {count}: {reason}\n");
    }
    for note in notes.iter().take(PRINTED) {
        text += &format!("  {note}\n");
    }
    if notes.len() > PRINTED {
        text += &format!("  and {} more\n", notes.len() - PRINTED);
    }
    text
}
