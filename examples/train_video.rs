//! Trains one of the PushT video models on demonstrations and writes sample clips from held-out starts and ends.

#![allow(clippy::print_stdout)]

mod common;
#[path = "common/read.rs"]
mod read;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use clap::{Parser, ValueEnum};
use pusht_data::{Episode, Split, SplitProtocol, VideoModel, VideoRequest};
use pusht_jobs::JobContext;
use training::{FitOptions, out_folder};
use video_gen::{ObjectLatentModel, PixelModel, PixelTrainSettings, TrainSettings};
use video_io::{FilmStrip, VideoOptions, film_strip, png_bytes, save_video};

/// Train a video model for PushT from scratch, write sample clips.
#[derive(Parser)]
struct Args {
    /// What to train: agent and T as objects, drawn by the environment; or pixels, small (two cores) or large (a GPU)
    #[arg(long, value_name = "NAME", default_value = "object")]
    model: Model,
    /// Demonstrations: a zarr replay buffer, a LeRobot v3 set or a file of make_demos
    #[arg(long)]
    data: PathBuf,
    /// Folder for the model, its checkpoints and the samples
    #[arg(long)]
    out: PathBuf,
    /// cpu, cuda, cuda:N, wgpu, or several GPUs: cuda:0,1
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Seed of the training and the samples; the split by episode is always the same
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Use only the first episodes of the data
    #[arg(long)]
    episodes: Option<usize>,
    /// Updates; the defaults take about two minutes (object) and an hour (pixel-small) on two cores
    #[arg(long)]
    steps: Option<usize>,
    /// Frames of the longest clip of the object-latent model [default: 48]
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// Sample clips to write, each as film strip and MP4
    #[arg(long, default_value_t = 4)]
    samples: usize,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Model {
    Object,
    PixelSmall,
    Pixel,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    ensure!(args.steps != Some(0), "--steps 0: expected at least 1");
    let mut object = TrainSettings::default();
    let mut pixel = match args.model {
        Model::Pixel => PixelTrainSettings::default(),
        _ => PixelTrainSettings::small(),
    };
    if let Some(frames) = args.frames {
        ensure!(
            args.model == Model::Object,
            "--frames is for --model object; clips of the pixel models have one length"
        );
        object.model.max_frames = frames;
        object.check()?;
    }
    for fit in [&mut object.fit, &mut pixel.fit] {
        fit.seed = args.seed;
        if let Some(steps) = args.steps {
            fit.epochs = 1;
            fit.steps_per_epoch = Some(steps);
        }
        fit.check()?;
    }
    let devices = training::devices(&args.device)?;
    out_folder(&args.out)?;
    let mut ctx = JobContext::terminal()?;
    let (source, all) = read::read(&args.data, args.episodes, &mut ctx)?;
    // As `generate` draws its ends: whatever the seed and the number of episodes, its test part was not trained on.
    let split = Split::new(&source.lengths(), SplitProtocol::ByEpisode, 1, 0)?;
    let part = |refs| {
        Split::episodes_of(refs)
            .into_iter()
            .filter(|&e| e < all.len())
            .map(|e| &all[e])
            .collect::<Vec<&Episode>>()
    };
    let (train, valid, test) = (part(&split.train), part(&split.validation), part(&split.test));
    println!(
        "{} training, {} validation, {} test episodes",
        train.len(),
        valid.len(),
        test.len()
    );

    let options = FitOptions {
        label: "video model",
        identity: "train_video",
        out: Some(&args.out),
        ctx: &mut ctx,
        replicas: &devices[1..],
    };
    let (frames, file, model): (usize, PathBuf, Box<dyn VideoModel>) = match args.model {
        Model::Object => {
            let (model, _) = ObjectLatentModel::train(&object, &train, &valid, &devices[0], options)?;
            let file = args.out.join("object-latent.safetensors");
            model.save(&file)?;
            (model.max_frames(), file, Box::new(model))
        }
        Model::Pixel | Model::PixelSmall => {
            let (model, _) = PixelModel::train(&pixel, &train, &valid, &devices[0], options)?;
            let file = args.out.join("pixel");
            model.save_shards(&file)?;
            // What is said of it from here on is said of the weights that are kept.
            let model = PixelModel::load(&file, &devices[0])?;
            let lost = model.codec_loss(&test)?;
            println!(
                "codec on {} held-out frames: {:.1} dB; agent seen in {:.2} %, off by {:.2} px of 96 (99 in 100 by less than \
                 {:.2}), T by {:.2} ({:.2})",
                lost.frames,
                lost.psnr,
                100.0 * lost.visible,
                lost.agent[0],
                lost.agent[1],
                lost.block[0],
                lost.block[1],
            );
            (model.config().frames(), file, Box::new(model))
        }
    };
    println!("wrote {}", file.display());
    samples(model.as_ref(), frames, &test, &args)
}

/// Generated clips from held-out starts and ends, as film strips and MP4.
fn samples(model: &dyn VideoModel, frames: usize, test: &[&Episode], args: &Args) -> Result<()> {
    let long = test.iter().filter(|e| e.frames.len() >= frames);
    let request = |(i, e): (usize, &&&Episode)| VideoRequest {
        start: e.frames[0].clone(),
        end: Some(e.frames[frames - 1].clone()),
        prompt: None,
        frames,
        seed: args.seed.wrapping_add(i as u64),
    };
    let requests: Vec<VideoRequest> = long
        .take(args.samples)
        .enumerate()
        .map(|(i, e)| request((i, &e)))
        .collect();
    for (i, clip) in model.generate(&requests)?.iter().enumerate() {
        let path = |extension: &str| args.out.join(format!("sample-{i}.{extension}"));
        save_video(
            path("mp4"),
            clip,
            VideoOptions {
                scale: 4,
                ..VideoOptions::default()
            },
        )?;
        let every: Vec<_> = clip.iter().step_by(4).cloned().collect();
        write(&path("png"), &png_bytes(&film_strip(&every, FilmStrip::new(8))?)?)?;
    }
    println!("wrote {} samples to {}", requests.len(), args.out.display());
    Ok(())
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("writing {}", path.display()))
}
