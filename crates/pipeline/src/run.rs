//! A run: one folder with the stages of an experiment, its settings and its report.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use pusht_data::SourceOptions;
use pusht_jobs::{JobContext, Origin, Runner, Selection, StageError, claim_folder};
use report::{ExperimentReport, StageTime};

use crate::assemble::{self, Circumstances};
use crate::error::failed;
use crate::files::{io, write_bytes};
use crate::former_names;
use crate::graph::{REPORT, run_stages, stage_names};
use crate::inverse;
use crate::machine::Machine;
use crate::{Config, PipelineError};

/// File of a run's settings, in its folder.
const SETTINGS: &str = "config.toml";
/// Files of a report; the first has its data.
const REPORT_FILES: [&str; 2] = ["report.json", "report.html"];

/// Options of a run besides its configuration.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Recorded demonstrations, opened with [`pusht_data::open`]; `None`: demonstrations of the expert are recorded.
    pub data: Option<PathBuf>,
    /// How `data` is read, where it leaves a choice.
    pub reading: SourceOptions,
    /// The run's folder.
    pub out: PathBuf,
    /// If `out` holds a finished run with other settings: whether to rerun the stages that differ, instead of an error.
    pub overwrite: bool,
    /// Device: `cpu`, `cuda`, `cuda:1`, `wgpu` or `auto` (the best that starts).
    pub device: String,
    /// Command line, for the record.
    pub command: String,
}

impl RunOptions {
    /// Options of a run in the folder `out`, on the CPU, with the expert's demonstrations.
    pub fn new(out: impl Into<PathBuf>) -> Self {
        Self {
            data: None,
            reading: SourceOptions::default(),
            out: out.into(),
            overwrite: false,
            device: "cpu".to_owned(),
            command: String::new(),
        }
    }
}

/// Runs the experiment, or the stages that are missing, and writes `report.json` and `report.html` into the run's
/// folder.
///
/// # Errors
/// The first stage that fails, or [`PipelineError::Interrupted`]. Finished stages are kept either way.
pub fn run(config: &Config, options: &RunOptions, ctx: &mut JobContext) -> Result<ExperimentReport, PipelineError> {
    experiment(config, options, Selection::All, ctx)
}

/// Runs a part of the experiment: up to a stage, or one stage alone. Returns the report if it is in the part.
///
/// # Errors
/// Those of [`run`]; a stage that the experiment does not have; missing inputs of a stage that is run alone.
pub fn run_part(
    config: &Config,
    options: &RunOptions,
    part: Selection,
    ctx: &mut JobContext,
) -> Result<Option<ExperimentReport>, PipelineError> {
    match experiment(config, options, part, ctx) {
        Err(PipelineError::Graph(StageError::Selected { .. })) => Ok(None),
        other => other.map(Some),
    }
}

fn experiment(
    config: &Config,
    options: &RunOptions,
    part: Selection,
    ctx: &mut JobContext,
) -> Result<ExperimentReport, PipelineError> {
    let out = &options.out;
    let machine = Machine::open(&options.device)?;
    let data = options.data.as_deref();
    let names = stage_names(config, data, &machine);
    part.check(&names)?;
    let ours: Vec<&str> = names.iter().map(AsRef::as_ref).chain([SETTINGS]).collect();
    claim_folder(out, &ours).map_err(io(out))?;
    prepare(out, &settings(config, data, &options.reading)?, options.overwrite)?;
    ctx.say(&format!("stages: {}", names.join(", ")));
    let mut runner = Runner::new(out, env!("CARGO_PKG_VERSION")).with_selection(part);
    let ran = run_stages(
        config,
        data.map(|data| (data, &options.reading)),
        &machine,
        &mut runner,
        ctx,
    );
    let reached = ran.and_then(|results| Ok((results, runner.reach(REPORT, ctx)?)));
    let (results, ()) = reached.map_err(|error| {
        // Any error after an interruption is reported as the interruption.
        if ctx.check().is_err() {
            PipelineError::Interrupted { run: out.clone() }
        } else {
            error
        }
    })?;
    runner.tell_kept(ctx);
    let report = assemble::report(config, results, circumstances(&runner, options))?;
    report.write(out).map_err(|e| failed(REPORT)(&e))?;
    Ok(report)
}

fn circumstances<'a>(runner: &'a Runner, options: &'a RunOptions) -> Circumstances<'a> {
    let stages = runner.records();
    let others = stages.iter().filter(|stage| stage.origin == Origin::OtherBuild);
    Circumstances {
        command: &options.command,
        folder: &options.out,
        device: &options.device,
        stages: (stages.iter())
            .map(|stage| StageTime {
                name: stage.name.clone(),
                seconds: stage.seconds,
            })
            .collect(),
        other_build: others.map(|stage| stage.name.as_str()).collect(),
    }
}

/// Settings of a run as saved in its folder.
fn settings(config: &Config, data: Option<&Path>, reading: &SourceOptions) -> Result<String, PipelineError> {
    let played = "the expert's".to_owned();
    let mut source = data.map_or(played, |path| path.display().to_string());
    if let Some(camera) = &reading.camera {
        source += &format!(", camera {camera}");
    }
    if reading.tolerance != SourceOptions::TOLERANCE {
        source += &format!(", tolerance {} s", reading.tolerance);
    }
    Ok(format!("# Demonstrations: {source}\n{}", config.to_toml()?))
}

/// Creates the run's folder. A finished run with other settings is replaced only if `overwrite`; then its report is
/// removed first.
fn prepare(out: &Path, settings: &str, overwrite: bool) -> Result<(), PipelineError> {
    fs::create_dir_all(out).map_err(io(out))?;
    let place = out.join(SETTINGS);
    let [data, page] = REPORT_FILES.map(|file| out.join(file));
    if let Ok(before) = pusht_jobs::read_text(&place).map(former_names::renamed)
        && before != settings
        && data.is_file()
    {
        if !overwrite {
            return Err(other_settings(out, &before, settings));
        }
        fs::remove_file(&data).map_err(io(&data))?;
        if page.is_file() {
            fs::remove_file(&page).map_err(io(&page))?;
        }
    }
    write_bytes(&place, settings.as_bytes())
}

fn other_settings(out: &Path, before: &str, settings: &str) -> PipelineError {
    let [before, now] = [before, settings].map(by_key);
    let keys: BTreeSet<&String> = before.keys().chain(now.keys()).collect();
    let differs = keys.into_iter().find(|key| before.get(*key) != now.get(*key));
    let of = |settings: &BTreeMap<String, String>| {
        let key = differs.map_or("", String::as_str);
        let value = settings.get(key);
        value.map_or_else(|| format!("no {key}"), |value| format!("{key} = {value}"))
    };
    PipelineError::OtherSettings {
        run: out.to_owned(),
        there: of(&before),
        here: of(&now),
    }
}

/// The settings of a run by their dotted keys, each value whole and on one line. The first line is a comment that names
/// the demonstrations.
fn by_key(settings: &str) -> BTreeMap<String, String> {
    let (source, text) = settings.split_once('\n').unwrap_or(("", settings));
    let (_, source) = source.split_once(": ").unwrap_or_default();
    let mut all = BTreeMap::from([("demonstrations".to_owned(), format!("{source:?}"))]);
    match text.parse::<toml::Table>() {
        Ok(table) => flatten("", table, &mut all),
        Err(_) => drop(all.insert("settings".to_owned(), text.replace('\n', " "))),
    }
    all
}

fn flatten(above: &str, table: toml::Table, all: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let key = if above.is_empty() {
            key
        } else {
            format!("{above}.{key}")
        };
        match value {
            toml::Value::Table(table) => flatten(&key, table, all),
            value => drop(all.insert(key, value.to_string())),
        }
    }
}

/// Rewrites `report.html` of a finished run from its `report.json` and images.
///
/// # Errors
/// A folder without a readable `report.json`, or a page that cannot be written.
pub fn draw_report(run: &Path) -> Result<ExperimentReport, PipelineError> {
    let [data, _] = REPORT_FILES;
    if !run.join(data).is_file() {
        return Err(PipelineError::NotARun {
            path: run.to_owned(),
            reason: format!("has no {data}; expected the folder of a finished run, such as runs/cpu"),
        });
    }
    let failed = |e: report::ReportError| PipelineError::NotARun {
        path: run.to_owned(),
        reason: e.to_string(),
    };
    let mut report = ExperimentReport::read(run).map_err(failed)?;
    report.models = report.models.into_iter().map(inverse::name_measures).collect();
    report.write(run).map_err(failed)?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_run_with_other_settings_is_refused_or_loses_its_report() {
        let run = tempfile::tempdir().unwrap();
        let prepared = |settings, overwrite| prepare(run.path(), settings, overwrite).is_ok();
        assert!(prepared("clips = 1", false));
        assert!(
            prepared("clips = 2", false),
            "an unfinished run goes on with the new settings"
        );
        let report = REPORT_FILES.map(|file| run.path().join(file));
        report.iter().for_each(|file| fs::write(file, "{}").unwrap());
        assert!(!prepared("clips = 1", false));
        assert!(prepared("clips = 2", true) && report.iter().all(|file| file.is_file()));
        assert!(prepared("clips = 1", true) && !report.iter().any(|file| file.exists()));
        assert!(prepared("clips = 3", false));
    }

    #[test]
    fn the_setting_that_differs_is_named_whole() {
        let of = |data: &str, seeds: &str| format!("# Demonstrations: {data}\nname = \"smoke\"\nseeds = {seeds}\n");
        let error = |before: &str, now: &str| other_settings(Path::new("runs/smoke"), before, now).to_string();
        let two = of("the expert's", "[\n    0,\n    1,\n]");
        let text = error(&two, &of("the expert's", "[0]"));
        assert!(text.contains("(there `seeds = [0, 1]`, here `seeds = [0]`)"), "{text}");
        let text = error(&two, &of("a.zarr", "[0, 1]"));
        assert!(
            text.contains("demonstrations = \"the expert's\"") && text.contains("\"a.zarr\""),
            "{text}"
        );
        let text = error(&two, &format!("{two}[rollout]\nsteps = 3\n"));
        assert!(
            text.contains("there `no rollout.steps`, here `rollout.steps = 3`"),
            "{text}"
        );
    }
}
