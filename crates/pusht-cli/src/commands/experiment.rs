//! `pusht experiment`.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use pipeline::{Config, RunOptions, Selection};

use crate::outcome::Outcome;
use crate::session::{Session, command_line};

/// Run the experiment: does generated video help a policy? Writes report.html and report.json
///
/// Finished stages are kept: the same command goes on where it was stopped, and skips what is done.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Experiment {
    #[command(subcommand)]
    part: Option<Part>,
    /// smoke (under a minute, means nothing), cpu (two cores, under ten minutes), strong (a policy that solves the task, hours
    /// on two cores) or paper (a GPU)
    #[arg(long, default_value = "cpu")]
    preset: String,
    /// TOML file whose settings are laid over the preset
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// One setting over preset and file, for example --set video.clips=120; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Demonstrations: a zarr replay buffer, a LeRobot v3 set or a file of `pusht demos record`; without it the expert plays
    /// some
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    /// Folder of the run [default: runs/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// Where --out holds a finished run with other settings: make anew what they change
    #[arg(long)]
    overwrite: bool,
    /// cpu, cuda, cuda:1 or wgpu
    #[arg(long, default_value = "cpu")]
    device: String,
    /// Stop when this stage is finished: clips, policies, …
    #[arg(long, value_name = "STAGE", conflicts_with = "only")]
    until: Option<String>,
    /// Run this stage alone, from what is finished already: clips, report, …
    #[arg(long, value_name = "STAGE")]
    only: Option<String>,
    /// First training seed of every arm; as many follow it as the preset has
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

#[derive(Subcommand)]
enum Part {
    /// Draw report.html of a finished run again, from its report.json and pictures
    Report {
        /// Folder of the run, such as runs/cpu
        run: PathBuf,
    },
}

impl Experiment {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        if let Some(Part::Report { run }) = self.part {
            let report = pipeline::draw_report(&run)?;
            let page = run.join("report.html");
            let text = format!("{}\n\nreport: {}", report.verdict.sentence(), page.display());
            return Ok(Outcome::new(text, &report.verdict)?);
        }
        let mut config = Config::load(&self.preset, self.config.as_deref(), &self.settings)?;
        if let Some(first) = self.seed {
            config.seeds = seeds_from(first, config.seeds.len())?;
        }
        let out = self.out.unwrap_or_else(|| PathBuf::from("runs").join(&config.name));
        let options = RunOptions {
            data: self.data,
            out: out.clone(),
            overwrite: self.overwrite,
            device: self.device,
            command: command_line(),
        };
        let part = match (self.until, self.only) {
            (Some(stage), _) => Selection::Until(stage),
            (_, Some(stage)) => Selection::Only(stage),
            _ => Selection::All,
        };
        let Some(report) = pipeline::run_part(&config, &options, part, &mut session.ctx)? else {
            let text = format!("finished as far as was asked: {}", out.display());
            return Ok(Outcome::new(text, &serde_json::json!({ "out": out }))?);
        };
        let mut text = String::from("\n");
        for comparison in report.verdict.comparisons() {
            text += &format!("{comparison}\n");
        }
        text += &format!("\nwhat that means: {}", out.join("report.html").display());
        Ok(Outcome::new(text, &report)?)
    }
}

fn seeds_from(first: u64, count: usize) -> Result<Vec<u64>> {
    let seeds: Option<Vec<u64>> = (0..count as u64).map(|i| first.checked_add(i)).collect();
    seeds
        .with_context(|| format!("--seed {first}: {count} seeds from there on go beyond 64 bits; choose a smaller one"))
}
