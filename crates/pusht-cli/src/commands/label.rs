//! `pusht label`.

use std::path::PathBuf;
use std::time::Instant;

use anyhow::{Result, ensure};
use clap::{Args, ValueEnum};
use idm::{IdmSpec, Reduction};
use labeling::{DatasetJob, LabelJob, LabelMethod, LabelingSummary, Layout, Settings, VideoNote};
use pusht_data::InverseDynamics;
use pusht_jobs::Shard;
use serde_json::json;
use video_io::find_videos;

use crate::outcome::Outcome;
use crate::session::Session;

/// Notes on videos that are printed, at most; --json has all.
const PRINTED: usize = 10;

/// Label videos with the actions that made them: a data set of what can be trusted, with label.json
///
/// Videos may have any size, rate and format. What was found in each stands in label.json. A stopped job goes on with the same
/// command. Exit status 3: no action can be trusted.
#[derive(Args)]
pub(crate) struct Label {
    /// MP4 or GIF files, folders of PNG files, or folders that hold such
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    video: Vec<PathBuf>,
    /// closed-form, learned:FILE as `pusht train idm` writes, or uva:FILE, the published checkpoint of Unified Video Action
    #[arg(long, value_name = "NAME", default_value_t)]
    idm: IdmSpec,
    /// How a model's several actions for a frame become one: as the model has it, or as the paper tried
    #[arg(long, value_name = "NAME", default_value = "none")]
    reduce: Reduce,
    /// Frames a second of the videos, over what they say themselves (generators often tag 8 or 24 where they mean 10)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    fps: Option<u32>,
    /// Add the seven flips and quarter turns of every episode
    #[arg(long)]
    augment: bool,
    /// Layout of the data set
    #[arg(long, value_name = "NAME", default_value = "lerobot")]
    format: Format,
    /// Only part I of N of the videos, as a file that `pusht demos merge` joins with those of the other parts
    #[arg(long, value_name = "I/N", conflicts_with_all = ["augment", "format"])]
    shard: Option<Shard>,
    /// The data set to write; with --shard a file, by convention .jsonl
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Of learned models: cpu, cuda, cuda:1 or wgpu [default: cpu]
    #[arg(long, value_name = "NAME")]
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
    /// Zarr replay buffer, as the Diffusion Policy code reads it
    Zarr,
}

impl Label {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        // `--out DIR/` is the folder DIR.
        let out: PathBuf = self.out.components().collect();
        let model = self.model()?;
        let job = LabelJob {
            videos: find_videos(&self.video)?,
            method: match &model {
                Some(model) => LabelMethod::Model(model.as_ref()),
                None => LabelMethod::ClosedForm(Default::default()),
            },
            settings: Settings { fps: self.fps },
            part: self.shard,
        };
        if let Some(part) = self.shard {
            job.run(&out, &mut session.ctx)?;
            let videos = job.videos.len();
            let text = format!("part {part} of {videos} videos in {}", out.display());
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
        let (summary, labeled) = job.run(&out, &mut session.ctx)?;
        let notes = labeled.notes()?;
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

    /// None for the closed form, which reads the track.
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

/// What was dropped, which videos failed and why, and where frame rates look wrong.
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
