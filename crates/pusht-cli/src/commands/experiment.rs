//! `pusht experiment`.

use std::iter;
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use hub_files::RepoKind;
use named_parts::{DataOptions, device_name, hub};
use pipeline::{Config, RunOptions, Selection, VideoChoice};

use crate::outcome::Outcome;
use crate::session::{Session, command_line};

/// Run the experiment: does generated video help a policy? Writes report.html and report.json
///
/// Finished stages are kept: running the same command again resumes a stopped run.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Experiment {
    #[command(subcommand)]
    part: Option<Part>,
    /// Preset: smoke (under a minute, a test without meaningful results), cpu (two cores, under ten minutes), strong (a
    /// policy that solves the task, hours on two cores) or paper (a GPU)
    #[arg(long, default_value = "cpu")]
    preset: String,
    /// TOML file whose settings override the preset's
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Override one setting of preset and file, for example --set video.clips=120; may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// Demonstrations: a zarr replay buffer, a LeRobot v3 set or a file of `pusht demos record` [default: the expert's
    /// demonstrations]
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: DataOptions,
    /// Folder of the run [default: runs/NAME]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// If --out holds a finished run with other settings, rerun the stages that differ
    #[arg(long)]
    overwrite: bool,
    /// Device: cpu, cuda, cuda:1, wgpu or auto
    #[arg(long, default_value = "cpu", value_parser = device_name)]
    device: String,
    /// Stop after this stage: clips, policies, …
    #[arg(long, value_name = "STAGE", conflicts_with = "only")]
    until: Option<String>,
    /// Run only this stage, from the stages that are finished: clips, report, …
    #[arg(long, value_name = "STAGE")]
    only: Option<String>,
    /// First training seed of every arm; the number of seeds is the preset's
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

#[derive(Subcommand)]
enum Part {
    /// Rewrite report.html of a finished run, from its report.json and images
    Report {
        /// Folder of the run, such as runs/cpu
        run: PathBuf,
    },
}

impl Experiment {
    pub(crate) fn run(mut self, session: &mut Session) -> Result<Outcome> {
        if let Some(Part::Report { run }) = self.part {
            let report = pipeline::draw_report(&run)?;
            let page = run.join("report.html");
            let text = format!("{}\n\nreport: {}", report.verdict.sentence(), page.display());
            return Ok(Outcome::new(text, &report.verdict)?);
        }
        self.reading.need(self.data.is_some())?;
        let mut config = Config::load(&self.preset, self.config.as_deref(), &self.settings)?;
        if let Some(first) = self.seed {
            config.seeds = seeds_from(first, config.seeds.len())?;
        }
        self.data = self.reading.locate_given(self.data.as_deref(), &mut session.ctx)?;
        locate(&mut config, session)?;
        let out = self.out.unwrap_or_else(|| PathBuf::from("runs").join(&config.name));
        let options = RunOptions {
            reading: self.reading.source(),
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

/// Replaces the names of the Hub in the settings by local paths.
fn locate(config: &mut Config, session: &mut Session) -> Result<()> {
    let video = &mut config.video;
    let first = ("video.model", &mut video.model, &mut video.sampling);
    let others = video
        .others
        .iter_mut()
        .map(|other| ("video.others", &mut other.model, &mut other.sampling));
    for (key, model, sampling) in iter::once(first).chain(others) {
        for (name, layout) in [("text", hub::layouts::text()), ("lora", hub::layouts::adapters())] {
            let given = sampling.get(name).and_then(|value| value.as_str()).map(PathBuf::from);
            if let Some(path) = given.filter(|path| hub::is_name(path)) {
                let key = format!("{key} {name}");
                let path = hub::locate(&key, &path, RepoKind::Model, &[layout], &mut session.ctx)?;
                let path = path.to_str().context("the folder of the cache is not text")?;
                *sampling = std::mem::take(sampling).with(name, path);
            }
        }
        if let VideoChoice::Ready(spec) = model {
            *spec = hub::locate_model(key, spec.clone(), sampling.get("text").is_some(), &mut session.ctx)?;
        }
    }
    for policy in iter::once(&config.policy).chain(&config.other_policies) {
        hub::fetch_imagenet(policy, &mut session.ctx)?;
    }
    Ok(())
}

fn seeds_from(first: u64, count: usize) -> Result<Vec<u64>> {
    let seeds: Option<Vec<u64>> = (0..count as u64).map(|i| first.checked_add(i)).collect();
    seeds
        .with_context(|| format!("--seed {first}: {count} seeds from there on go beyond 64 bits; choose a smaller one"))
}
