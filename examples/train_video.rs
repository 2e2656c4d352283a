//! Trains the object-latent video model on demonstrations, measures it on held-out episodes and writes sample clips.

#![allow(clippy::print_stdout)]

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Parser;
use pusht_data::{Episode, Split, SplitProtocol, VideoModel, VideoRequest, open};
use pusht_env::State;
use training::{FitOptions, StopFlag, terminal_or_lines};
use traj_metrics::{Order, smoothness};
use video_gen::{ContactMeasures, ObjectLatentModel, StateRequest, TrainSettings};
use video_io::{FilmStrip, VideoOptions, film_strip, png_bytes, save_video};

/// Train the object-latent video model, measure it on held-out episodes, write sample clips.
#[derive(Parser)]
struct Args {
    /// Demonstrations: a zarr replay buffer or a file of make_demos
    #[arg(long)]
    data: PathBuf,
    /// Folder for the model, its checkpoints and the samples
    #[arg(long)]
    out: PathBuf,
    /// cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Seed of the split, the training and the samples
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// Use only the first episodes of the data
    #[arg(long)]
    episodes: Option<usize>,
    /// Updates; the default takes about two minutes on two cores
    #[arg(long)]
    steps: Option<usize>,
    /// Sample clips to write, each as film strip and MP4
    #[arg(long, default_value_t = 4)]
    samples: usize,
}

fn main() -> Result<()> {
    let args = Args::parse();
    let source = open(&args.data)?;
    let count = args.episodes.unwrap_or(source.len()).min(source.len());
    let all = source.episodes(0..count, &mut |_, _| {})?;
    let split = Split::new(&source.lengths()[..count], SplitProtocol::ByEpisode, 1, args.seed)?;
    let part = |refs| {
        Split::episodes_of(refs)
            .into_iter()
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

    let mut settings = TrainSettings::default();
    settings.fit.seed = args.seed;
    if let Some(steps) = args.steps {
        settings.fit.epochs = 1;
        settings.fit.steps_per_epoch = Some(steps);
    }
    let stop = StopFlag::new();
    let raised = stop.clone();
    ctrlc::set_handler(move || raised.raise())?;
    let mut progress = terminal_or_lines();
    let options = FitOptions {
        label: "object-latent model",
        identity: "train_video",
        out: Some(&args.out),
        progress: progress.as_mut(),
        stop,
    };
    let device = training::device(&args.device)?;
    let (model, _) = ObjectLatentModel::train(&settings, &train, &valid, &device, options)?;
    let file = args.out.join("object-latent.safetensors");
    model.save(&file)?;
    println!("wrote {}", file.display());

    measure(&model, &test, args.seed)?;
    samples(&model, &test, &args)
}

/// Tables of held-out clips and of clips generated from their starts, with and without their ends.
fn measure(model: &ObjectLatentModel, test: &[&Episode], seed: u64) -> Result<()> {
    let frames = model.max_frames();
    let real: Vec<Vec<State>> = test
        .iter()
        .filter_map(|e| e.states.as_deref())
        .flat_map(|states| states.windows(frames).step_by(frames / 2).map(<[State]>::to_vec))
        .collect();
    if real.is_empty() {
        println!("no held-out episode has {frames} frames with known states: nothing measured");
        return Ok(());
    }
    println!(
        "{} held-out clips of {frames} frames; px, T motion = path + 60 px × turn",
        real.len()
    );
    println!("{:<16} velocity acceleration jerk  T/step untouched  rest overlap", "");
    row("held-out", &real)?;
    for (name, pinned) in [("with end", true), ("start only", false)] {
        let request = |(i, clip): (usize, &Vec<State>)| StateRequest {
            start: clip[0],
            end: pinned.then(|| clip[frames - 1]),
            frames,
            seed: seed.wrapping_add(i as u64),
        };
        let requests: Vec<StateRequest> = real.iter().enumerate().map(request).collect();
        row(name, &model.generate_states(&requests)?)?;
    }
    Ok(())
}

fn row(name: &str, clips: &[Vec<State>]) -> Result<()> {
    let agent: Vec<Vec<[f64; 2]>> = clips.iter().map(|c| c.iter().map(|s| s.agent).collect()).collect();
    let mean = |order| smoothness(&agent, order).map(|s| s.mean);
    let (v, a, j) = (mean(Order::Velocity)?, mean(Order::Acceleration)?, mean(Order::Jerk)?);
    let c = ContactMeasures::of(clips);
    let (untouched, rest) = (100.0 * c.untouched, 100.0 * c.rest);
    println!(
        "{name:<16} {v:>8.2} {a:>12.2} {j:>4.2} {:>7.2} {untouched:>8.1}% {rest:>4.1}% {:>7.2}",
        c.motion, c.overlap
    );
    Ok(())
}

/// Generated clips from held-out starts and ends, as film strips and MP4.
fn samples(model: &ObjectLatentModel, test: &[&Episode], args: &Args) -> Result<()> {
    let frames = model.max_frames();
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
