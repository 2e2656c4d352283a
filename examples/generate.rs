//! Generates PushT clips between a start and an end frame.
#![allow(clippy::print_stdout, reason = "what came out is the output")]

mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, bail, ensure};
use clap::{Parser, ValueEnum};
use cosmos_predict::EndFrame;
use pusht_jobs::JobContext;
use training::{device, free_memory};
use video_gen::{ClipEnds, GenerationJob, ModelChoice, OpenedModel, Part, Plan, Sampling, WeightFormat};

/// Generates PushT clips: MP4 files to look at, PNG folders with the exact frames, generation.json with every setting. A
/// stopped run goes on with the same command, and more clips can be added by a larger --count.
#[derive(Parser)]
struct Args {
    /// object:FILE or pixel:DIR as train_video writes them, ltx:PATH (a folder of diffusers or a single file) or
    /// cosmos:PATH (a folder)
    #[arg(long, value_name = "KIND:PATH")]
    model: String,
    /// The first frame of every clip, a PNG of a PushT board of any size
    #[arg(long, value_name = "PNG", required_unless_present = "data", conflicts_with = "data")]
    start: Option<PathBuf>,
    /// The last frame of every clip
    #[arg(long, value_name = "PNG", requires = "start")]
    end: Option<PathBuf>,
    /// Draws first and last frames of each clip from these demonstrations: a zarr replay buffer, a LeRobot v3 set or a file of
    /// make_demos
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Which of its episodes; test: those that no training with the seed 0 has seen
    #[arg(long, value_name = "NAME", default_value = "test", requires = "data")]
    part: PartName,
    /// Gives no last frame, where --data would
    #[arg(long, requires = "data")]
    no_end: bool,
    /// What should happen [default: the model's own]
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// What should not be seen [default: the model's own]
    #[arg(long, value_name = "TEXT")]
    negative_prompt: Option<String>,
    /// Frames of a clip, both ends included; published models make 8k + 1 [default: the model's or adapters' own, or 33]
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// Clips
    #[arg(long, value_name = "N", default_value_t = 20)]
    count: usize,
    /// Seed of the clips and of their ends
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Steps of the sampler [default: the model's own]
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// How far the prompt leads [default: the model's own]
    #[arg(long, value_name = "X")]
    guidance: Option<f64>,
    /// Pixels that a published model works in, as WIDTHxHEIGHT [default: the adapters', or 256x256]
    #[arg(long, value_name = "WxH", value_parser = size)]
    size: Option<[usize; 2]>,
    /// Frames a second that a published model is told [default: the adapters', or ltx 10, cosmos 30]
    #[arg(long, value_name = "N")]
    frame_rate: Option<f64>,
    /// Tokens of a published model's prompt, with padding [default: the adapters', or ltx 256, cosmos 512]
    #[arg(long, value_name = "N")]
    tokens: Option<usize>,
    /// A folder with tokenizer/ and text_encoder/, where they are not beside a published model
    #[arg(long, value_name = "DIR")]
    text: Option<PathBuf>,
    /// Adapters for a published model; with finetune.json beside them, as finetune_video writes it, what is left open here is
    /// as in their training
    #[arg(long, value_name = "FILE")]
    lora: Option<PathBuf>,
    /// What a published model's weights are kept in [default: f32 on the CPU, bf16 elsewhere]
    #[arg(long, value_name = "FORMAT")]
    weights: Option<Weights>,
    /// How Cosmos is given the last frame: in its place, or as the paper did, shifted there [default: in-place]
    #[arg(long, value_name = "METHOD")]
    end_frame: Option<EndFrameName>,
    /// Memory for the model, GB [default: on the CPU what is free, elsewhere unknown]
    #[arg(long, value_name = "GB")]
    memory: Option<f64>,
    /// cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Folder for the clips
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

#[derive(Clone, Copy, ValueEnum)]
enum PartName {
    Train,
    Test,
    All,
}

#[derive(Clone, Copy, ValueEnum)]
enum Weights {
    F32,
    Bf16,
}

#[derive(Clone, Copy, ValueEnum)]
enum EndFrameName {
    InPlace,
    Shifted,
}

fn size(text: &str) -> Result<[usize; 2], String> {
    let wrong = || format!("{text:?} is no size; expected WIDTHxHEIGHT, for example 512x320");
    let (width, height) = text.split_once('x').ok_or_else(wrong)?;
    Ok([
        height.parse().map_err(|_| wrong())?,
        width.parse().map_err(|_| wrong())?,
    ])
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    let choice: ModelChoice = args.model.parse()?;
    ensure!(args.count > 0, "--count 0: expected at least 1");
    if args
        .memory
        .is_some_and(|gigabytes| !(gigabytes.is_finite() && gigabytes > 0.0))
    {
        bail!("--memory: expected gigabytes above 0");
    }
    let published = !choice.reads_boards();
    let sampling = Sampling {
        steps: args.steps,
        guidance: args.guidance,
        negative_prompt: args.negative_prompt.clone(),
        size: args.size,
        frame_rate: args.frame_rate,
        tokens: args.tokens,
        text: args.text.clone(),
        lora: args.lora.clone(),
        weights: match args.weights {
            Some(Weights::F32) => Some(WeightFormat::F32),
            Some(Weights::Bf16) => Some(WeightFormat::Bf16),
            None if published && args.device != "cpu" => Some(WeightFormat::Bf16),
            None => None,
        },
        end_frame: args.end_frame.map(|method| match method {
            EndFrameName::InPlace => EndFrame::InPlace,
            EndFrameName::Shifted => EndFrame::Shifted,
        }),
    };
    // Pictures are looked at before the model, which may take minutes to read.
    let pictures = match &args.start {
        Some(start) => Some(ClipEnds::pictures(start, args.end.as_deref(), !published)?),
        None => None,
    };
    let memory = args.memory.map(|gigabytes| (gigabytes * 1e9) as u64);
    let memory = memory.or_else(|| free_memory(&args.device));
    let opened = choice.open(
        &sampling,
        args.frames,
        args.prompt.as_deref(),
        memory,
        &device(&args.device)?,
    )?;
    let ends = match (pictures, &args.data) {
        (Some(ends), _) => ends,
        (None, Some(data)) => ClipEnds::data(data, part(args.part), opened.frames, !args.no_end)?,
        (None, None) => bail!("expected --start PNG or --data PATH"),
    };
    println!("clips of {} frames {}", opened.frames, ends.describe());
    let job = job(&args, &choice, &opened, &ends);
    let mut ctx = JobContext::terminal()?;
    let made = job.run(&args.out, &mut ctx)?;
    let out = args.out.display();
    println!(
        "{} clips of {} frames in {out}: videos/ (MP4), frames/ (PNG), overview.png, generation.json",
        made.clips.len(),
        made.plan.frames
    );
    Ok(())
}

fn part(name: PartName) -> Part {
    match name {
        PartName::Train => Part::Train,
        PartName::Test => Part::Test,
        PartName::All => Part::All,
    }
}

fn job<'a>(args: &Args, choice: &ModelChoice, opened: &'a OpenedModel, ends: &'a ClipEnds) -> GenerationJob<'a> {
    GenerationJob {
        model: opened.model.as_ref(),
        at_once: opened.at_once,
        plan: Plan {
            model: choice.to_string(),
            model_sha256: opened.sha256.clone(),
            model_name: opened.model.name(),
            sampling: opened.sampling.clone(),
            prompt: opened.prompt.clone(),
            ends: ends.of(),
            frames: opened.frames,
            frame_rate: 10,
            seed: args.seed,
        },
        ends,
        count: args.count,
    }
}
