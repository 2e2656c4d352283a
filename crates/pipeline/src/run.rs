//! One experiment, from demonstrations to the report.

use std::fs;
use std::path::{Path, PathBuf};

use eval::Report;
use pusht_jobs::JobContext;

use crate::stage::{io, write};
use crate::{Config, PipelineError, assemble, stages};

/// The settings of a run, in its folder.
const SETTINGS: &str = "config.toml";

/// What a run is told besides its configuration.
pub struct RunOptions<'a> {
    /// Recorded demonstrations (a replay buffer or a file of simulated episodes); without them the expert plays.
    pub data: Option<PathBuf>,
    /// The run's folder.
    pub out: PathBuf,
    /// Go on where `out` holds a finished run with other settings, and make anew what they change; otherwise it is
    /// refused.
    pub overwrite: bool,
    /// `cpu`, `cuda`, `cuda:1`, `wgpu`.
    pub device: String,
    /// For the record.
    pub command: String,
    /// Shows every stage; stops where it is cancelled.
    pub ctx: &'a mut JobContext,
}

/// Runs the experiment, or what is missing of it, and writes `report.json` and `report.html` into the run's folder.
///
/// # Errors
/// The first stage that fails, or [`PipelineError::Interrupted`]. Finished stages are kept either way.
pub fn run(config: &Config, options: RunOptions<'_>) -> Result<Report, PipelineError> {
    let RunOptions {
        data,
        out,
        overwrite,
        device,
        command,
        ctx,
    } = options;
    let failed = |e: training::TrainingError| PipelineError::Config {
        origin: "--device".to_owned(),
        reason: e.to_string(),
    };
    let device_name = device;
    let device = training::device(&device_name).map_err(failed)?;
    fs::create_dir_all(&out).map_err(io(&out))?;
    let played = "the expert's".to_owned();
    let source = data.as_ref().map_or(played, |path| path.display().to_string());
    let settings = format!("# Demonstrations: {source}\n{}", config.to_toml()?);
    if !overwrite {
        refuse_other_settings(&out, &settings)?;
    }
    write(&out.join(SETTINGS), settings.as_bytes())?;
    let cancel = ctx.cancel_flag().clone();
    let mut lab = stages::Lab {
        config,
        root: out.clone(),
        device,
        device_name: device_name.clone(),
        ctx,
        done: Vec::new(),
        kept: Vec::new(),
        other_build: Vec::new(),
    };
    let results = stages::all(&mut lab, data.as_deref()).map_err(|error| {
        // Whatever a stage made of the interruption, the user asked for it.
        if cancel.is_cancelled() {
            PipelineError::Interrupted { run: out.clone() }
        } else {
            error
        }
    })?;
    let report = assemble::report(config, results, &lab.done, &lab.other_build, &command, &device_name)?;
    report.write(&out).map_err(|e| PipelineError::Stage {
        stage: "report".to_owned(),
        reason: e.to_string(),
    })?;
    Ok(report)
}

/// A finished run is not replaced by one with other settings unless that was asked for.
fn refuse_other_settings(out: &Path, settings: &str) -> Result<(), PipelineError> {
    let Ok(before) = fs::read_to_string(out.join(SETTINGS)) else {
        return Ok(());
    };
    if before == settings || !out.join("report.json").is_file() {
        return Ok(());
    }
    let differs = before.lines().zip(settings.lines()).find(|(there, here)| there != here);
    let (there, here) = differs.unwrap_or(("fewer settings", "more settings"));
    Err(PipelineError::OtherSettings {
        run: out.to_owned(),
        there: there.to_owned(),
        here: here.to_owned(),
    })
}

/// Draws `report.html` of a finished run anew from its `report.json` and pictures.
///
/// # Errors
/// A folder without a readable `report.json`, or a page that cannot be written.
pub fn draw_report(run: &Path) -> Result<Report, PipelineError> {
    if !run.join("report.json").is_file() {
        return Err(PipelineError::NotARun {
            path: run.to_owned(),
            reason: "has no report.json; expected the folder of a finished run, such as runs/cpu".to_owned(),
        });
    }
    let failed = |e: eval::ReportError| PipelineError::NotARun {
        path: run.to_owned(),
        reason: e.to_string(),
    };
    let report = Report::read(run).map_err(failed)?;
    report.write(run).map_err(failed)?;
    Ok(report)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finished_run_with_other_settings_is_refused() {
        let run = tempfile::tempdir().unwrap();
        let refused = |settings| refuse_other_settings(run.path(), settings).is_err();
        assert!(!refused("clips = 2"));
        fs::write(run.path().join(SETTINGS), "clips = 1").unwrap();
        assert!(!refused("clips = 2"), "an unfinished run goes on with the new settings");
        fs::write(run.path().join("report.json"), "{}").unwrap();
        assert!(refused("clips = 2"));
        assert!(!refused("clips = 1"));
    }
}
