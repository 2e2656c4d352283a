//! Runs that are stopped, run in parts, or go on in folders of earlier versions.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::fs;

use common::{config, options};
use pipeline::{Config, PipelineError, RunOptions, Selection, run, run_part};
use pusht_jobs::{CancelFlag, JobContext, Progress};
use report::ExperimentReport;

/// Cancels in the middle of the task of this name.
struct CancelIn {
    task: &'static str,
    now: bool,
    cancel: CancelFlag,
}

impl Progress for CancelIn {
    fn begin(&mut self, what: &str, _: usize, _unit: &str) {
        self.now = what == self.task;
    }
    fn advance(&mut self, _: usize, _: &str) {
        if self.now {
            self.cancel.cancel();
        }
    }
    fn end(&mut self, _: &str) {}
}

/// What must not depend on how a run came about; times do.
fn numbers(mut report: ExperimentReport) -> String {
    report.finished.clear();
    report.record = Default::default();
    report.models.iter_mut().for_each(|model| model.seconds = 0.0);
    for arm in &mut report.arms {
        for seed in &mut arm.seeds {
            seed.training.iter_mut().for_each(|training| training.seconds = 0.0);
        }
    }
    serde_json::to_string(&report).unwrap()
}

#[test]
fn a_run_that_is_stopped_again_and_again_ends_in_the_same_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let (config, whole, parts) = (config(&[]), folder.path().join("whole"), folder.path().join("parts"));
    let expected = run(&config, &options(&whole), &mut JobContext::silent()).unwrap();
    let stops = [
        ("train inverse dynamics", "inverse-dynamics"),
        ("evaluate clips", "clips"),
        ("train mixed", "policies/mixed-0"),
    ];
    for (task, stage) in stops {
        let cancel = CancelFlag::new();
        let progress = CancelIn {
            task,
            now: false,
            cancel: cancel.clone(),
        };
        let mut ctx = JobContext::new(Box::new(progress), cancel);
        let stopped = run(&config, &options(&parts), &mut ctx);
        assert!(matches!(stopped, Err(PipelineError::Interrupted { .. })), "{task}");
        let is_there = |name: &str| parts.join(name).exists();
        assert!(is_there(&format!("{stage}.unfinished")) && !is_there(stage), "{task}");
        assert!(!is_there("report.json"));
    }
    let report = run(&config, &options(&parts), &mut JobContext::silent()).unwrap();
    assert!(numbers(report) == numbers(expected));
}

#[test]
fn a_part_of_the_graph_runs_alone() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let part = |part: Selection| run_part(&config(&[]), &options(out), part, &mut JobContext::silent());
    let until = |stage: &str| part(Selection::Until(stage.into()));
    let only = |stage: &str| part(Selection::Only(stage.into()));
    let is_there = |name: &str| out.join(name).exists();
    let missing = |result: Result<Option<ExperimentReport>, PipelineError>, stage: &str| {
        let error = result.unwrap_err().to_string();
        assert!(error.contains(&format!("needs the stage `{stage}`")), "{error}");
    };

    let unknown = until("clip").unwrap_err().to_string();
    assert!(fs::read_dir(out).unwrap().next().is_none(), "nothing was begun");
    missing(only("clips"), "demonstrations");
    assert!(until("labels").unwrap().is_none() && is_there("labels") && !is_there("video-model"));
    missing(only("clips"), "video-model");
    assert!(only("video-model").unwrap().is_none() && is_there("video-model") && !is_there("clips"));
    assert!(until("clips").unwrap().is_none() && is_there("clips") && !is_there("clips-real"));
    missing(only("policies"), "clips-real");
    assert!(until("clips-crossfade").unwrap().is_none() && is_there("clips-real") && !is_there("policies"));
    missing(only("report"), "policies/demo-0");
    assert!(only("policies").unwrap().is_none() && is_there("policies/mixed-0") && !is_there("rollouts"));
    assert!(until("rollouts").unwrap().is_none() && is_there("rollouts/mixed-0") && !is_there("report.json"));
    let report = only("report").unwrap().unwrap();

    // The stages are those that were announced.
    let mut groups: Vec<&str> = Vec::new();
    for stage in &report.record.stages {
        let group = stage.name.split('/').next().unwrap();
        if groups.last() != Some(&group) {
            groups.push(group);
        }
    }
    groups.push("report");
    assert!(unknown.ends_with(&groups.join(", ")), "{unknown}");
}

#[test]
fn run_folders_of_earlier_versions_go_on() {
    let folder = tempfile::tempdir().unwrap();
    // There were five arms, and no pool.
    let before = [
        "demonstrations.pool=0",
        "arms=['demo', 'demo-matched', 'idm', 'generated', 'mixed']",
    ];
    let smoke = Config::load("smoke", None, &before.map(str::to_owned)).unwrap();
    let options = RunOptions::new(folder.path());
    run(&smoke, &options, &mut JobContext::silent()).unwrap();
    // Beginnings of the keys of a run of version 0.1.0, before there was a runner.
    let keys = [
        ("demonstrations", "d78471e17e503b7c"),
        ("tracks", "1d76ec10a51a48bd"),
        ("split", "eb8c1cb7b66ef177"),
        ("inverse-dynamics", "6ffb3a5a6235ac3c"),
        ("labels", "d6a8cdc0936be866"),
        ("video-model", "89349e0cc68478ea"),
        ("clips", "10854baef34100eb"),
        ("policies/demo-0", "00445086e0186c68"),
        ("policies/mixed-1", "d13d8cde393ef964"),
        ("policies/cnn-0", "79b42123f7ad1ef9"),
        ("rollouts/expert", "c9be86b9459e0555"),
        ("rollouts/mixed-1", "0700ee7beea601ab"),
        ("rollouts/cnn-0", "c02b2ab68c8e18e5"),
    ];
    for (stage, key) in keys {
        let manifest = folder.path().join(stage).join("stage.json");
        let mut record: serde_json::Value = serde_json::from_slice(&fs::read(&manifest).unwrap()).unwrap();
        let inputs = record["inputs"].as_str().unwrap();
        assert!(inputs.starts_with(key), "{stage}: {inputs}");
        // The first versions did not say which build it was.
        record.as_object_mut().unwrap().remove("program");
        fs::write(&manifest, record.to_string()).unwrap();
    }
    let report = run(&smoke, &options, &mut JobContext::silent()).unwrap();
    let kept = report.notes.iter().find(|note| note.contains("another build")).unwrap();
    assert!(keys.iter().all(|(stage, _)| kept.contains(stage)), "{kept}");
}

#[test]
fn a_folder_in_the_place_of_a_stage_is_refused_and_stays() {
    let folder = tempfile::tempdir().unwrap();
    let mine = folder.path().join("clips/holiday.mp4");
    fs::create_dir(folder.path().join("clips")).unwrap();
    fs::write(&mine, "mine").unwrap();
    let error = run(&config(&[]), &options(folder.path()), &mut JobContext::silent());
    let error = error.unwrap_err().to_string();
    assert!(error.contains("clips") && error.contains("move it away"), "{error}");
    assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
}
