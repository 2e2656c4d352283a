//! `pusht generate`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use burn::tensor::DType;
use clap::{ArgGroup, Args};
use clip_generation::{ClipEndpoints, Generation, GenerationJob, SplitName};
use hub_files::{Card, CardLicense};
use named_parts::{DataOptions, device_name, finite, gigabytes, hub};
use pusht_jobs::counted;
use serde::Serialize;
use video_gen::{FrameSize, LoadOptions, ModelSpec, SamplingOptions};

use super::demos::Environment;
use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Most frames of a clip from a new start, where nothing else is asked for.
const LONGEST: usize = 200;

/// Generate clips between given first and last frames, with any video model, or from new starts with the pixel model
///
/// The pixel model plans the way: with a last frame its clips have exactly --frames frames, without one it pushes the T to
/// its goal and ends there, after --frames frames at most. The result says how near each clip came to its end; one that did
/// not reach it is kept as it is, its last frame the model's own.
///
/// Writes videos/ (MP4), frames/ with the exact frames (PNG), overview.png, and generation.json with every setting and
/// seed. Run the same command again to resume a stopped run, or with a larger --count to add clips.
#[derive(Args)]
#[command(group = ArgGroup::new("frames of the ends").required(true).args(["start", "data", "new_starts"]))]
pub(crate) struct Generate {
    /// Model: pixel (the pixel model as it comes with the program), object:FILE or pixel:DIR from `pusht train video`,
    /// ltx:PATH (a diffusers folder or a single file) or cosmos:DIR; PATH may be hub:OWNER/NAME on the Hugging Face Hub
    #[arg(long, value_name = "pixel|KIND:PATH")]
    model: ModelSpec,
    /// First frame of every clip, a PNG of a PushT board of any size
    #[arg(long, value_name = "PNG", conflicts_with = "data")]
    start: Option<PathBuf>,
    /// Last frame of every clip
    #[arg(long, value_name = "PNG", requires = "start", conflicts_with = "data")]
    end: Option<PathBuf>,
    /// Draw first and last frames of each clip from these demonstrations: a zarr replay buffer, a LeRobot v3 set or a
    /// file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: DataOptions,
    /// Begin each clip at a reset of the environment that nobody demonstrated, and end it with the T on its goal; for the
    /// pixel model
    #[arg(long)]
    new_starts: bool,
    /// With --new-starts: seed of the first reset; the others follow it [default: 2000000, where nothing else begins:
    /// demonstrations do at 0, rollouts at 100000]
    #[arg(long, value_name = "N", conflicts_with_all = ["start", "data"])]
    first_start: Option<u64>,
    /// With --new-starts: environment whose start states and images are used [default: diffusion-policy]
    #[arg(long, value_name = "NAME", conflicts_with_all = ["start", "data"])]
    environment: Option<Environment>,
    /// Part of --data: train, test (episodes held out of every training with the default --split-seed) or all
    #[arg(long, value_name = "NAME", default_value_t, conflicts_with_all = ["start", "new_starts"])]
    part: SplitName,
    /// With --data: condition on the first frame only
    #[arg(long, conflicts_with_all = ["start", "new_starts"])]
    no_end: bool,
    /// Prompt [default: the model's own]
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// Frames per clip, first and last included; published models generate 8k + 1; the most for clips of the pixel model
    /// without a last frame [default: the model's or adapters' own, or 33; with --new-starts 200]
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// Number of clips
    #[arg(long, value_name = "N", default_value_t = 20)]
    count: usize,
    /// Seed of the clips and of the choice of first and last frames
    #[arg(long, default_value_t = 0)]
    seed: u64,
    #[command(flatten)]
    sampling: SamplingArgs,
    /// Memory for the model, GB [default: free memory on the CPU, no limit elsewhere]
    #[arg(long, value_name = "GB", value_parser = gigabytes)]
    memory: Option<u64>,
    /// Device: cpu, cuda, cuda:N, wgpu or auto
    #[arg(long, default_value = "cpu", value_parser = device_name)]
    device: String,
    /// Folder for the clips
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

/// Sampling options of all kinds of models; a model refuses those that it does not have.
#[derive(Args, Serialize)]
struct SamplingArgs {
    /// Number of sampling steps [default: the model's own]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// Guidance scale of a published model [default: the adapters', or the model's own]
    #[arg(long, value_name = "X", value_parser = finite)]
    guidance: Option<f64>,
    /// Negative prompt of a published model [default: the adapters', or the model's own]
    #[arg(long, value_name = "TEXT")]
    negative_prompt: Option<String>,
    /// Frame size of a published model, px [default: the adapters', or 256x256]
    #[arg(long, value_name = "WxH")]
    size: Option<FrameSize>,
    /// Frame rate that a published model is conditioned on, frames per second [default: the adapters', or ltx 10,
    /// cosmos 30]
    #[arg(long, value_name = "N", value_parser = finite)]
    frame_rate: Option<f64>,
    /// Length of a published model's prompt in tokens, with padding [default: the adapters', or ltx 256, cosmos 512]
    #[arg(long, value_name = "N")]
    tokens: Option<usize>,
    /// Folder with tokenizer/ and text_encoder/ of a published model [default: the model's folder]
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// Adapters for a published model; options that are not given follow the finetune.json beside them, written by
    /// `pusht finetune`
    #[arg(long, value_name = "FILE")]
    lora: Option<PathBuf>,
    /// Number format of a published model's weights: f32 or bf16 [default: bf16 on devices that have it,
    /// such as cuda; else f32]
    #[arg(long, value_name = "FORMAT", value_parser = ["f32", "bf16"])]
    weights: Option<String>,
    /// How Cosmos is conditioned on the last frame: in-place, or shifted, as in the paper [default: in-place]
    #[arg(long, value_name = "METHOD", value_parser = ["in-place", "shifted"])]
    end_frame: Option<String>,
}

impl Generate {
    pub(crate) fn run(mut self, session: &mut Session) -> Result<Outcome> {
        self.reading.need(self.data.is_some())?;
        self.locate(session)?;
        let info = self.model.info();
        ensure!(
            !self.new_starts || info.ends_at_goal,
            "--new-starts: {} models do not bring the T to its goal by themselves; expected --model pixel or pixel:DIR",
            info.title
        );
        let device = training::device(&self.device)?;
        // The CPU emulates bf16; a device that does not have it would return wrong numbers.
        if !info.requires_96px && self.device != "cpu" && device.supports_dtype(DType::BF16) {
            self.sampling.weights.get_or_insert_with(|| "bf16".to_owned());
        }
        // Images are read before the model, which may take minutes to load.
        let end = self.end.as_deref();
        let images = match &self.start {
            Some(start) if info.requires_96px => Some(ClipEndpoints::from_board_images(start, end)?),
            Some(start) => Some(ClipEndpoints::from_images(start, end)?),
            None if self.new_starts => Some(self.resets()?),
            None => None,
        };
        let model = self.model.load(&LoadOptions {
            sampling: SamplingOptions::of(&self.sampling)?,
            frames: self.frames.or(self.new_starts.then_some(LONGEST)),
            prompt: self.prompt.take(),
            memory: self.memory.or_else(|| training::free_memory(&self.device)),
            device,
        })?;
        if let Some(adapters) = &model.adapters {
            session.ctx.say(adapters);
        }
        let endpoints = match images {
            Some(images) => images,
            None => {
                let data = self.data.take().context("expected --start PNG or --data PATH")?;
                let endpoints =
                    ClipEndpoints::from_data(self.reading.open(&data, &mut session.ctx)?, self.part, model.frames)?;
                if self.no_end {
                    endpoints.without_end()
                } else {
                    endpoints
                }
            }
        };
        let note = format!("clips of {} frames {}", model.frames, endpoints.describe());
        session.ctx.say(&note);
        let job = GenerationJob::builder(&model, &endpoints)
            .clips(self.count)
            .seed(self.seed);
        let made = job.build()?.run(&self.out, &mut session.ctx)?;
        let arrivals = made.arrivals();
        let mut card = self.card(&made)?;
        if let Some(arrivals) = &arrivals {
            card = card.with_row("ends", arrivals);
        }
        cards::write(&card, &self.out, &mut session.ctx);
        let most = if made.clips.iter().any(|clip| clip.length.is_some()) {
            "at most "
        } else {
            ""
        };
        let mut text = format!(
            "{} of {most}{} in {}: videos/ (MP4), frames/ (PNG), overview.png, generation.json",
            counted(made.clips.len(), "clip"),
            counted(made.plan.frames, "frame"),
            self.out.display()
        );
        let mut json = serde_json::to_value(&made)?;
        if let Some(arrivals) = arrivals {
            text += &format!("\n{arrivals}");
            json["arrivals"] = serde_json::to_value(&arrivals)?;
        }
        Ok(Outcome::new(text, &json)?)
    }

    /// The card of the folder.
    fn card(&self, made: &Generation) -> Result<Card> {
        let plan = &made.plan;
        let license = if self.model.info().requires_96px {
            CardLicense::Unknown("It depends on the data that the video model was trained on.".to_owned())
        } else {
            CardLicense::OfBaseModel
        };
        Ok(cards::dataset("Generated clips of PushT", "videos", license)
            .with_task("image-to-video")
            .with_tags(["synthetic"])
            .with_text("`videos/` has the clips as MP4, `frames/` their exact frames as PNG; generation.json has every setting and seed.")
            .with_row("model", &plan.model)
            .with_row("clips", made.clips.len())
            .with_row("frames per clip", plan.frames)
            .with_usage("pusht audit --video frames --out audited")
            .with_usage("pusht label --video frames --out labeled")
            .with_settings(serde_json::to_value(plan)?))
    }

    /// Replaces names of the Hub by local paths.
    fn locate(&mut self, session: &mut Session) -> Result<()> {
        let (sampling, ctx) = (&mut self.sampling, &mut session.ctx);
        let has_text = sampling.text.is_some();
        self.model = hub::locate_model("--model", self.model.clone(), has_text, ctx)?;
        sampling.text = hub::locate_given("--text", sampling.text.take(), &[hub::layouts::text()], ctx)?;
        sampling.lora = hub::locate_given("--lora", sampling.lora.take(), &[hub::layouts::adapters()], ctx)?;
        Ok(())
    }

    /// The starts of --new-starts.
    fn resets(&self) -> Result<ClipEndpoints> {
        let environment = self.environment.unwrap_or(Environment::DiffusionPolicy);
        let first = self.first_start.unwrap_or(ClipEndpoints::FIRST_NEW_START);
        ClipEndpoints::from_resets(environment.into(), first).with_context(|| format!("--first-start {first}"))
    }
}
