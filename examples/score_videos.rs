//! From a folder of videos to a verdict.

#![allow(clippy::print_stdout, reason = "what came out is the output")]

#[path = "common/command.rs"]
mod command;
mod common;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, anyhow, bail, ensure};
use clap::Parser;
use clip_audit::fvd::{I3d, fvd};
use clip_audit::split_clips;
use clip_review::{Fvd, Job, People, Policies, RealSet, Verdicts, middle};
use pipeline::{Config, RunOptions};
use pusht_data::Source;
use pusht_jobs::JobContext;
use rating::{AuditScore, AuditScores, RatingError, Ratings};
use report::write_clips;
use traj_metrics::Bootstrap;

/// Frames of the cuts that FVD compares: the usual number.
const FVD_FRAMES: usize = 16;

/// Audits PushT videos of any size, rate and format, extracts their actions, replays these in the simulator, and writes
/// report.html, score.json and scores.json. With --train it also says whether the clips help a policy. A stopped run goes on
/// with the same command.
#[derive(Parser)]
struct Args {
    /// MP4 or GIF files, folders of PNG files, or folders that hold such.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    video: Vec<PathBuf>,
    /// The folder of the report.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Frames a second of the videos, over what they say themselves (generators often tag 8 or 24 where they mean 10).
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    fps: Option<u32>,
    /// Real episodes, whose trajectories the clips' are compared with: zarr, LeRobot, or simulated. With --train they are
    /// the demonstrations, which the expert plays otherwise.
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Published weights of I3D (rgb_imagenet.pt): adds the Fréchet video distance from the real episodes.
    #[arg(long, value_name = "FILE", requires = "data")]
    i3d: Option<PathBuf>,
    /// Ratings by people of the same clips, as `rate` keeps them.
    #[arg(long, value_name = "FILE")]
    ratings: Option<PathBuf>,
    /// Trains policies on the clips, on demonstrations, and on both, in OUT/experiment; as long as `pipeline` takes.
    #[arg(long)]
    train: bool,
    /// With --train: smoke, cpu, strong or paper, as `pipeline` has them.
    #[arg(long, default_value = "cpu", requires = "train")]
    preset: String,
    /// With --train: one setting over the preset, for example --set seeds=[0,1,2]; may be repeated.
    #[arg(long = "set", value_name = "KEY=VALUE", requires = "train")]
    settings: Vec<String>,
    /// With --train: where OUT/experiment holds a finished experiment with other settings, make anew what they change.
    #[arg(long, requires = "train")]
    overwrite: bool,
    /// Of --train and --i3d: cpu, cuda, cuda:1 or wgpu.
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    device: String,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    // What is wrong with the settings is said before any work.
    let config = args.train.then(|| config(&args)).transpose()?;
    let i3d = (args.i3d.as_ref()).map(|file| anyhow::Ok(I3d::load(file, &training::device(&args.device)?)?));
    let i3d = i3d.transpose()?;
    let ratings = args.ratings.as_deref().map(Ratings::read).transpose()?;
    let source = args.data.as_deref().map(pusht_data::open).transpose()?;
    let real = source.as_ref().map(RealSet::read).transpose()?;
    let mut ctx = JobContext::terminal()?;
    let job = Job {
        video: args.video.clone(),
        fps: args.fps,
        out: args.out.clone(),
    };
    let mut verdicts = job.run(real.as_ref(), &mut ctx)?;
    if let (Some(net), Some(source)) = (&i3d, &source) {
        match distance(net, source, &job, &mut ctx) {
            Ok(found) => verdicts.fvd = Some(found),
            Err(error) => verdicts.notes.push(format!("no FVD: {error}")),
        }
    }
    if let Some(ratings) = &ratings {
        people(ratings, &mut verdicts)?;
    }
    verdicts.write(&job.out)?;
    write_clips(&verdicts, &job.out)?;
    println!("{}", verdicts.sentence());
    for clip in verdicts.clips.iter().filter(|c| c.error.is_some()) {
        println!(
            "  not read: {}: {}",
            clip.name,
            clip.error.as_deref().unwrap_or_default()
        );
    }
    for note in &verdicts.notes {
        println!("  {note}");
    }
    let mut trained = Ok(());
    if let Some(config) = &config {
        println!("clip by clip: {}; policies now", job.out.join("report.html").display());
        trained = train(config, &args, &mut verdicts, &mut ctx);
        verdicts.write(&job.out)?;
        write_clips(&verdicts, &job.out)?;
    }
    println!("report: {}", job.out.join("report.html").display());
    ensure!(
        verdicts.totals.failed < verdicts.totals.clips,
        "no video could be read; the report says why of each"
    );
    trained
}

/// The experiment on these clips.
fn config(args: &Args) -> Result<Config> {
    let [folder] = &args.video[..] else {
        bail!("--train takes the clips of one folder; put them below one");
    };
    Ok(Config::load(&args.preset, None, &args.settings)?.on_clips(folder, args.fps)?)
}

/// Runs it, or what is missing of it; where that fails, the report says why.
fn train(config: &Config, args: &Args, verdicts: &mut Verdicts, ctx: &mut JobContext) -> Result<()> {
    let options = RunOptions {
        data: args.data.clone(),
        out: args.out.join("experiment"),
        overwrite: args.overwrite,
        device: args.device.clone(),
        command: command::command("score_videos"),
    };
    let result = match verdicts.totals.frames[1] {
        0 => Err(anyhow!("no action of these clips can be trusted")),
        _ => pipeline::run(config, &options, ctx).map_err(Into::into),
    };
    let report = result.inspect_err(|error| {
        verdicts
            .notes
            .push(format!("no policy was trained on these clips: {error}"));
    })?;
    for comparison in report.verdict.comparisons() {
        println!("{comparison}");
    }
    verdicts.policies = Some(Policies::new(
        "experiment/report.html",
        report.warning,
        report.verdict,
        &report.arms,
    ));
    Ok(())
}

/// FVD of the clips and of two halves of the real episodes, a cut of each.
fn distance(net: &I3d, source: &Source, job: &Job, ctx: &mut JobContext) -> Result<Fvd> {
    let cuts: Vec<_> = job.middles(FVD_FRAMES)?.into_iter().flatten().collect();
    let task = ctx.task("I3D", source.len() + cuts.len());
    let (mut real, mut clips) = (Vec::new(), Vec::new());
    for index in 0..source.len() {
        let episode = source.episode(index)?;
        if let Some(cut) = middle(episode.frames, FVD_FRAMES) {
            real.push(net.features(&cut)?);
        }
        task.advance_to(index + 1, "");
    }
    for cut in &cuts {
        clips.push(net.features(cut)?);
        task.advance_to(source.len() + clips.len(), "");
    }
    task.finish(&format!("{} real videos, {} clips", real.len(), clips.len()));
    ensure!(
        real.len() >= 4 && clips.len() >= 2,
        "expected at least 4 real episodes and 2 clips of {FVD_FRAMES} frames and more"
    );
    let [a, b] = split_clips(real.len(), real.len() / 2, 0)?;
    let half = |part: &[usize]| part.iter().map(|&i| real[i].clone()).collect::<Vec<_>>();
    Ok(Fvd {
        frames: FVD_FRAMES,
        real: real.len(),
        clips: clips.len(),
        distance: fvd(&real, &clips)?,
        halves: fvd(&half(&a), &half(&b))?,
    })
}

/// What people said, beside the audit.
fn people(ratings: &Ratings, verdicts: &mut Verdicts) -> Result<()> {
    let score = |s: clip_review::Scores| AuditScore {
        adherence: s.adherence,
        responsibility: s.responsibility,
        physics: s.physics,
    };
    let audit: AuditScores = (verdicts.scores().into_iter())
        .map(|(name, s)| (name, score(s)))
        .collect();
    let report = match ratings.report(Some(&audit), Bootstrap::default()) {
        Err(error @ RatingError::NoneAudited { .. }) => {
            verdicts
                .notes
                .push(format!("no correlation of people and audit: {error}"));
            ratings.report(None, Bootstrap::default())
        }
        report => report,
    }?;
    verdicts.people = Some(People {
        text: report.to_string(),
        report: serde_json::to_value(&report)?,
    });
    Ok(())
}
