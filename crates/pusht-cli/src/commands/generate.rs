//! `pusht generate`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::Args;
use clip_generation::{ClipEndpoints, GenerationJob, SplitName};
use serde::Serialize;
use video_gen::{FrameSize, LoadOptions, ModelSpec, SamplingOptions};

use crate::arguments::{finite, gigabytes};
use crate::outcome::Outcome;
use crate::session::Session;

/// Generate clips between given first and last frames, with any video model
///
/// Writes videos/ to look at (MP4), frames/ with the exact frames (PNG), overview.png, and generation.json with every setting
/// and seed. A stopped run goes on with the same command, and a larger --count adds clips.
#[derive(Args)]
pub(crate) struct Generate {
    /// object:FILE or pixel:DIR as `pusht train video` writes them, ltx:PATH (a folder of diffusers or a single file) or
    /// cosmos:DIR
    #[arg(long, value_name = "KIND:PATH")]
    model: ModelSpec,
    /// The first frame of every clip, a PNG of a PushT board of any size
    #[arg(long, value_name = "PNG", required_unless_present = "data", conflicts_with = "data")]
    start: Option<PathBuf>,
    /// The last frame of every clip
    #[arg(long, value_name = "PNG", requires = "start", conflicts_with = "data")]
    end: Option<PathBuf>,
    /// Draw first and last frames of each clip from these demonstrations: a zarr replay buffer, a LeRobot v3 set or a file of
    /// `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Which of its episodes: train, test (those that no training with the seed 0 has seen) or all
    #[arg(long, value_name = "NAME", default_value_t, conflicts_with = "start")]
    part: SplitName,
    /// Give no last frame, where --data would
    #[arg(long, conflicts_with = "start")]
    no_end: bool,
    /// What clips show [default: the model's own]
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// Frames of a clip, both ends included; published models make 8k + 1 [default: the model's or adapters' own, or 33]
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// Number of clips
    #[arg(long, value_name = "N", default_value_t = 20)]
    count: usize,
    /// Seed of the clips and of their first and last frames
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Memory for the model, GB [default: on the CPU what is free, elsewhere unknown]
    #[arg(long, value_name = "GB", value_parser = gigabytes)]
    memory: Option<u64>,
    /// cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Folder for the clips
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// The options of all kinds of models, under their names; a model refuses those that it does not have.
#[derive(Args, Serialize)]
struct SamplingArgs {
    /// Number of sampling steps [default: the model's own]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Guidance scale of a published model [default: the adapters', or the model's own]
    #[arg(long, value_name = "X", value_parser = finite)]
    guidance: Option<f64>,
    /// What a published model should not show [default: the adapters', or the model's own]
    #[arg(long, value_name = "TEXT")]
    negative_prompt: Option<String>,
    /// Pixels that a published model works in [default: the adapters', or 256x256]
    #[arg(long, value_name = "WxH")]
    size: Option<FrameSize>,
    /// Frames a second that a published model is told [default: the adapters', or ltx 10, cosmos 30]
    #[arg(long, value_name = "N", value_parser = finite)]
    frame_rate: Option<f64>,
    /// Tokens of a published model's prompt, with padding [default: the adapters', or ltx 256, cosmos 512]
    #[arg(long, value_name = "N")]
    tokens: Option<usize>,
    /// A folder with tokenizer/ and text_encoder/, where they are not beside a published model
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// Adapters for a published model; with finetune.json beside them, as `pusht finetune` writes it, what is left open is as
    /// in their training
    #[arg(long, value_name = "FILE")]
    lora: Option<PathBuf>,
    /// What a published model's weights are kept in: f32 or bf16 [default: f32 on the CPU, bf16 elsewhere]
    #[arg(long, value_name = "FORMAT", value_parser = ["f32", "bf16"])]
    weights: Option<String>,
    /// How Cosmos is given the last frame: in-place, or as the paper did, shifted there [default: in-place]
    #[arg(long, value_name = "METHOD", value_parser = ["in-place", "shifted"])]
    end_frame: Option<String>,
}

impl Generate {
    pub(crate) fn run(mut self, session: &mut Session) -> Result<Outcome> {
        let info = self.model.info();
        if !info.reads_boards && self.device != "cpu" {
            self.sampling.weights.get_or_insert_with(|| "bf16".to_owned());
        }
        // Pictures are looked at before the model, which may take minutes to read.
        let pictures = match &self.start {
            Some(start) => Some(ClipEndpoints::pictures(start, self.end.as_deref(), info.reads_boards)?),
            None => None,
        };
        let model = self.model.load(&LoadOptions {
            sampling: SamplingOptions::of(&self.sampling)?,
            frames: self.frames,
            prompt: self.prompt,
            memory: self.memory.or_else(|| training::free_memory(&self.device)),
            device: training::device(&self.device)?,
        })?;
        let endpoints = match pictures {
            Some(pictures) => pictures,
            None => {
                let data = self.data.context("expected --start PNG or --data PATH")?;
                ClipEndpoints::data(&data, self.part, model.frames, !self.no_end)?
            }
        };
        let note = format!("clips of {} frames {}", model.frames, endpoints.describe());
        session.ctx.say(&note);
        let job = GenerationJob::builder(&model, &endpoints)
            .clips(self.count)
            .seed(self.seed);
        let made = job.build()?.run(&self.out, &mut session.ctx)?;
        let text = format!(
            "{} clips of {} frames in {}: videos/ (MP4), frames/ (PNG), overview.png, generation.json",
            made.clips.len(),
            made.plan.frames,
            self.out.display()
        );
        Ok(Outcome::new(text, &made)?)
    }
}
