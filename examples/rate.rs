//! People rate clips in the browser; what they said, as a table and with statistics.
#![allow(clippy::print_stdout, reason = "the address and what came out are the output")]

mod common;

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::Parser;
use pusht_jobs::{JobContext, write_file};
use rating::{AuditScores, Ratings, Server, ServerSummary, Settings};
use traj_metrics::Bootstrap;

/// Serves a page on which people rate clips blind: with --video. Without it, --export and --report say what they rated.
#[derive(Parser)]
struct Args {
    /// Folder of clips: MP4 (H.264, AV1) or GIF files, folders of PNG files, or folders that hold such.
    #[arg(long, value_name = "DIR")]
    video: Option<PathBuf>,
    /// Database of the ratings; made where it is missing, gone on with where it is not.
    #[arg(long, value_name = "FILE")]
    db: PathBuf,
    /// Port of the page; 0 takes any free one.
    #[arg(long, value_name = "N", default_value_t = 8642, requires = "video")]
    port: u16,
    /// Address to listen on. On any but a loopback address the page asks for a token, which is in the link that is printed.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1", requires = "video")]
    listen: IpAddr,
    /// A token of your own, at least 16 letters and digits.
    #[arg(long, value_name = "TOKEN", requires = "video")]
    token: Option<String>,
    /// Frames a second of the clips, over what their files say (PNG folders: 10).
    #[arg(long, value_name = "N", requires = "video", value_parser = clap::value_parser!(u32).range(1..=240))]
    fps: Option<u32>,
    /// Of the order of the clips in a new database, and of the intervals.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Writes all ratings as CSV.
    #[arg(long, value_name = "FILE", conflicts_with = "video")]
    export: Option<PathBuf>,
    /// Writes ratings.csv, report.json and report.md: means, intervals, agreement.
    #[arg(long, value_name = "DIR", conflicts_with = "video")]
    report: Option<PathBuf>,
    /// With --report: an audit's scores, to correlate with. JSON: {"clip.mp4": {"adherence": 2, "responsibility": 1,
    /// "physics": 4.5}, …}.
    #[arg(long, value_name = "FILE", requires = "report")]
    audit: Option<PathBuf>,
}

fn main() -> ExitCode {
    common::exit(run)
}

fn run() -> Result<()> {
    let args = Args::parse();
    if let Some(video) = &args.video {
        return serve(video, &args);
    }
    if args.export.is_none() && args.report.is_none() {
        bail!("nothing to do: --video DIR serves the page, --export FILE and --report DIR write what was rated");
    }
    let ratings = Ratings::read(&args.db)?;
    if let Some(file) = &args.export {
        write_file(file, |out| ratings.write_csv(out))?;
        println!("{} ratings in {}", ratings.ratings.len(), file.display());
    }
    if let Some(folder) = &args.report {
        let audit = args.audit.as_deref().map(read_audit).transpose()?;
        let bootstrap = Bootstrap {
            seed: args.seed,
            ..Bootstrap::default()
        };
        let report = ratings.report(audit.as_ref(), bootstrap)?;
        write_file(folder.join("ratings.csv"), |out| ratings.write_csv(out))?;
        write_file(folder.join("report.json"), |mut out| {
            serde_json::to_writer_pretty(&mut out, &report)?;
            writeln!(out)
        })?;
        write_file(folder.join("report.md"), |out| write!(out, "{report}"))?;
        println!(
            "{} ratings of {} clips by {} people; report.md, report.json and ratings.csv in {}",
            report.ratings,
            report.clips.len(),
            report.raters.len(),
            folder.display()
        );
    }
    Ok(())
}

fn serve(video: &Path, args: &Args) -> Result<()> {
    let settings = Settings {
        video: video.into(),
        db: args.db.clone(),
        address: SocketAddr::new(args.listen, args.port),
        token: args.token.clone(),
        seed: args.seed,
        fps: args.fps,
    };
    let mut ctx = JobContext::terminal().context("Ctrl-C cannot be caught")?;
    let server = Server::open(&settings, &mut ctx)?;
    println!("{} clips to rate at {}", server.clips(), server.url());
    if args.listen.is_unspecified() {
        println!("from elsewhere: the same link, with this machine's name or address in it");
    }
    println!("Ctrl-C ends it; the same command goes on");
    let ServerSummary { ratings, raters } = server.run(&mut ctx)?;
    let db = args.db.display();
    println!("{ratings} ratings of {raters} people in {db}; `rate --db {db} --report DIR` says what came out");
    Ok(())
}

fn read_audit(file: &Path) -> Result<AuditScores> {
    let name = || file.display().to_string();
    let text = std::fs::read_to_string(file).with_context(name)?;
    serde_json::from_str(&text).with_context(|| {
        format!(
            "{}: no scores of an audit; expected scores.json of score_videos",
            name()
        )
    })
}
