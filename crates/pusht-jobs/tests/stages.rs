//! A graph of three stages: numbers, their squares, the sums of both.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use pusht_jobs::{
    CancelFlag, Done, JobContext, Key, Origin, Progress, Runner, Selection, Stage, StageError, write_json,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Settings of the test job, and where its process is stopped.
#[derive(Clone, Default)]
struct Settings {
    count: u64,
    power: u32,
    /// Cancels within the squares after this many of them.
    cancel_after: Option<usize>,
    /// Whether the sum fails.
    fails: bool,
}

/// Names of stages in the order in which they were run.
type Log = RefCell<Vec<&'static str>>;

struct Numbers<'a> {
    settings: &'a Settings,
    log: &'a Log,
}

struct Powers<'a> {
    settings: &'a Settings,
    numbers: &'a Done<Vec<u64>>,
    log: &'a Log,
}

struct Sum<'a> {
    settings: &'a Settings,
    numbers: &'a Done<Vec<u64>>,
    powers: &'a Done<Vec<u64>>,
    log: &'a Log,
}

fn read<T: DeserializeOwned>(path: &Path) -> Result<T, StageError> {
    let text = fs::read(path).map_err(StageError::io(path))?;
    serde_json::from_slice(&text).map_err(|e| StageError::io(path)(e.into()))
}

fn write(path: &Path, value: &impl Serialize) -> Result<(), StageError> {
    write_json(path, value).map_err(StageError::io(path))
}

impl Stage for Numbers<'_> {
    type Output = Vec<u64>;
    type Error = StageError;

    fn name(&self) -> String {
        "numbers".into()
    }
    fn inputs(&self) -> impl Serialize {
        self.settings.count
    }
    fn run(&self, dir: &Path, _: &mut JobContext) -> Result<(), StageError> {
        self.log.borrow_mut().push("numbers");
        write(&dir.join("numbers.json"), &(0..self.settings.count).collect::<Vec<_>>())
    }
    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Vec<u64>, StageError> {
        read(&dir.join("numbers.json"))
    }
}

impl Stage for Powers<'_> {
    type Output = Vec<u64>;
    type Error = StageError;

    fn name(&self) -> String {
        "powers".into()
    }
    fn inputs(&self) -> impl Serialize {
        (self.settings.power, &self.numbers.key)
    }
    /// Writes one file per number, so that a stopped process leaves something to resume.
    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), StageError> {
        self.log.borrow_mut().push("powers");
        let task = ctx.task("powers", self.numbers.output.len(), "number");
        for (i, number) in self.numbers.output.iter().enumerate() {
            task.check()?;
            let file = dir.join(format!("{i}.json"));
            if !file.exists() {
                write(&file, &number.pow(self.settings.power))?;
                task.add(1);
            }
            if self.settings.cancel_after == Some(i + 1) {
                task.cancel_flag().cancel();
            }
        }
        task.finish("ok");
        Ok(())
    }
    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Vec<u64>, StageError> {
        let files = 0..self.numbers.output.len();
        files.map(|i| read(&dir.join(format!("{i}.json")))).collect()
    }
}

impl Stage for Sum<'_> {
    type Output = [u64; 2];
    type Error = StageError;

    fn name(&self) -> String {
        "sums/all".into()
    }
    fn inputs(&self) -> impl Serialize {
        [&self.numbers.key, &self.powers.key]
    }
    fn run(&self, dir: &Path, _: &mut JobContext) -> Result<(), StageError> {
        self.log.borrow_mut().push("sum");
        if self.settings.fails {
            return Err(StageError::io(dir)(std::io::Error::other("the disk is full")));
        }
        let sum = |done: &Done<Vec<u64>>| done.output.iter().sum::<u64>();
        write(&dir.join("sum.json"), &[sum(self.numbers), sum(self.powers)])
    }
    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<[u64; 2], StageError> {
        read(&dir.join("sum.json"))
    }
}

/// Outcome of a run: its result, the stages that ran, the lines shown, and the origins of the stages.
struct Ran {
    result: Result<[u64; 2], StageError>,
    worked: Vec<&'static str>,
    said: Vec<String>,
    origins: Vec<Origin>,
}

#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<String>>>);

impl Progress for Said {
    fn begin(&mut self, _: &str, _: usize, _unit: &str) {}
    fn advance(&mut self, _: usize, _: &str) {}
    fn end(&mut self, _: &str) {}
    fn say(&mut self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

fn graph(settings: &Settings, runner: &mut Runner, log: &Log, ctx: &mut JobContext) -> Result<[u64; 2], StageError> {
    let numbers = runner.run(&Numbers { settings, log }, ctx)?;
    let powers = Powers {
        settings,
        numbers: &numbers,
        log,
    };
    let powers = runner.run(&powers, ctx)?;
    let sum = Sum {
        settings,
        numbers: &numbers,
        powers: &powers,
        log,
    };
    let sum = runner.run(&sum, ctx)?;
    runner.reach("report", ctx)?;
    runner.tell_kept(ctx);
    Ok(sum.output)
}

fn run_part(root: &Path, settings: &Settings, selection: Selection) -> Ran {
    let (said, log) = (Said::default(), Log::default());
    let mut ctx = JobContext::new(Box::new(said.clone()), CancelFlag::new());
    let mut runner = Runner::new(root, "1").with_selection(selection);
    let result = graph(settings, &mut runner, &log, &mut ctx);
    let said = said.0.lock().unwrap().clone();
    Ran {
        result,
        worked: log.into_inner(),
        said,
        origins: runner.records().iter().map(|record| record.origin).collect(),
    }
}

fn run(root: &Path, settings: &Settings) -> Ran {
    run_part(root, settings, Selection::All)
}

fn settings(count: u64, power: u32) -> Settings {
    Settings {
        count,
        power,
        ..Settings::default()
    }
}

const ALL: [&str; 3] = ["numbers", "powers", "sum"];

#[test]
fn what_is_finished_is_kept_and_a_changed_input_remakes_what_follows() {
    let root = tempfile::tempdir().unwrap();
    let first = run(root.path(), &settings(4, 2));
    assert_eq!(first.result.unwrap(), [6, 14]);
    assert_eq!((first.worked, first.origins), (ALL.to_vec(), vec![Origin::Made; 3]));
    assert!(first.said.is_empty());
    assert_eq!(
        fs::read_dir(root.path()).unwrap().count(),
        3,
        "nothing unfinished stays"
    );

    let again = run(root.path(), &settings(4, 2));
    assert_eq!(again.result.unwrap(), [6, 14]);
    assert_eq!((again.worked.len(), again.origins), (0, vec![Origin::Kept; 3]));
    assert_eq!(again.said, ["kept: numbers, powers, sums/all"]);

    let cubes = run(root.path(), &settings(4, 3));
    assert_eq!((cubes.result.unwrap(), cubes.worked), ([6, 36], vec!["powers", "sum"]));
    assert_eq!(cubes.said, ["kept: numbers"]);

    let more = run(root.path(), &settings(5, 3));
    assert_eq!((more.result.unwrap(), more.worked), ([10, 100], ALL.to_vec()));

    // Keys include the version.
    let mut runner = Runner::new(root.path(), "2");
    let log = Log::default();
    graph(&settings(5, 3), &mut runner, &log, &mut JobContext::silent()).unwrap();
    assert_eq!(log.into_inner(), ALL);
}

#[test]
fn a_failed_stage_stays_unfinished_and_is_tried_again() {
    let root = tempfile::tempdir().unwrap();
    let fails = Settings {
        fails: true,
        ..settings(4, 2)
    };
    let failed = run(root.path(), &fails);
    assert!(failed.result.unwrap_err().to_string().contains("the disk is full"));
    assert!(root.path().join("sums/all.unfinished").exists() && !root.path().join("sums/all").exists());
    let again = run(root.path(), &settings(4, 2));
    assert_eq!((again.result.unwrap(), again.worked), ([6, 14], vec!["sum"]));
}

#[test]
fn a_cancelled_stage_goes_on_where_it_was_with_the_same_inputs_only() {
    let root = tempfile::tempdir().unwrap();
    let cancelled = Settings {
        cancel_after: Some(3),
        ..settings(5, 2)
    };
    let stop = |settings: &Settings| {
        let stopped = run(root.path(), settings);
        assert!(matches!(stopped.result, Err(StageError::Cancelled(_))));
        assert_eq!(stopped.worked.last(), Some(&"powers"));
    };
    let left = root.path().join("powers.unfinished");
    let marked = || fs::write(left.join("1.json"), "100").unwrap();
    stop(&cancelled);
    assert!(left.join("2.json").exists() && !left.join("3.json").exists());
    // The mark shows that the file was not made again.
    marked();
    let on = run(root.path(), &settings(5, 2));
    assert_eq!((on.result.unwrap(), on.worked), ([10, 129], vec!["powers", "sum"]));

    stop(&Settings { power: 3, ..cancelled });
    marked();
    let other = run(root.path(), &settings(5, 4));
    assert_eq!(other.result.unwrap(), [10, 354]);
    let back = run(root.path(), &settings(5, 2));
    assert_eq!(back.result.unwrap(), [10, 30], "made anew, without the mark");
}

#[test]
fn seconds_of_stopped_processes_count() {
    let root = tempfile::tempdir().unwrap();
    let cancelled = Settings {
        cancel_after: Some(1),
        ..settings(3, 1)
    };
    run(root.path(), &cancelled).result.unwrap_err();
    fs::write(root.path().join("powers.unfinished/seconds"), "40.5").unwrap();
    let mut runner = Runner::new(root.path(), "1");
    let log = Log::default();
    graph(&settings(3, 1), &mut runner, &log, &mut JobContext::silent()).unwrap();
    assert!((40.5..50.0).contains(&runner.records()[1].seconds));
}

#[test]
fn a_finished_folder_does_not_depend_on_interruptions() {
    let root = tempfile::tempdir().unwrap();
    let (calm, stopped) = (root.path().join("calm"), root.path().join("stopped"));
    let names = |folder: &Path| {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let whole = settings(4, 2);
    let cancelled = Settings {
        cancel_after: Some(2),
        ..whole.clone()
    };
    assert!(run(&stopped, &cancelled).result.is_err());
    // What a process leaves that is killed while it replaces a folder.
    fs::create_dir_all(stopped.join("powers.replaced/old")).unwrap();
    for folder in [&calm, &stopped] {
        run(folder, &whole).result.unwrap();
    }
    assert_eq!(names(&stopped), names(&calm));
    assert_eq!(names(&stopped.join("powers")), names(&calm.join("powers")));
    // Replaced by other inputs.
    run(&stopped, &settings(4, 3)).result.unwrap();
    assert_eq!(names(&stopped), names(&calm));
}

#[test]
fn until_ends_with_a_stage_and_only_runs_one_of_them() {
    let root = tempfile::tempdir().unwrap();
    let toy = settings(4, 2);
    let part = |selection: Selection| run_part(root.path(), &toy, selection);
    let until = |name: &str| part(Selection::Until(name.into()));
    let only = |name: &str| part(Selection::Only(name.into()));
    let ended = |ran: &Ran, at: &str| matches!(&ran.result, Err(StageError::Selected { stage }) if stage == at);

    let missing = only("powers").result.unwrap_err().to_string();
    assert!(missing.contains("`numbers`, which is not there"), "{missing}");
    let first = until("numbers");
    assert!(ended(&first, "numbers") && first.worked == ["numbers"]);
    let second = only("powers");
    assert!(ended(&second, "powers") && second.worked == ["powers"]);
    let missing = only("report");
    assert!(missing.worked.is_empty());
    let missing = missing.result.unwrap_err().to_string();
    assert!(
        missing.contains("`sums/all`, which is not there; run up to it first (--until sums)"),
        "{missing}"
    );
    // A group, whose end is the stage after it.
    let third = until("sums");
    assert!(ended(&third, "sums") && third.worked == ["sum"]);
    assert_eq!(third.said, ["kept: numbers, powers"]);
    let report = only("report");
    assert_eq!((report.result.unwrap(), report.worked.len()), ([6, 14], 0));

    let other = run_part(root.path(), &settings(4, 3), Selection::Only("sums".into()));
    let other = other.result.unwrap_err().to_string();
    assert!(
        other.contains("`powers`, which was made from other settings"),
        "{other}"
    );

    let names = ["numbers", "powers", "sums", "report"];
    Selection::All.check(&names).unwrap();
    Selection::Only("sums".into()).check(&names).unwrap();
    let unknown = Selection::Until("sum".into()).check(&names).unwrap_err().to_string();
    assert!(unknown.contains("`sum`") && unknown.contains("numbers, powers, sums, report"));
}

#[test]
fn stages_of_another_build_are_told_apart() {
    let root = tempfile::tempdir().unwrap();
    run(root.path(), &settings(4, 2)).result.unwrap();
    let manifest = root.path().join("powers/stage.json");
    let mut record: serde_json::Value = read(&manifest).unwrap();
    record["program"] = "another".into();
    write(&manifest, &record).unwrap();
    let again = run(root.path(), &settings(4, 2));
    assert_eq!(again.origins, [Origin::Kept, Origin::OtherBuild, Origin::Kept]);
    assert_eq!(again.said, ["kept: numbers, powers (of another build), sums/all"]);
}

#[test]
fn a_folder_that_no_stage_made_is_refused_and_not_removed() {
    let root = tempfile::tempdir().unwrap();
    let mine = root.path().join("powers/mine.txt");
    fs::create_dir(root.path().join("powers")).unwrap();
    fs::write(&mine, "mine").unwrap();
    let refused = run(root.path(), &settings(4, 2)).result.unwrap_err().to_string();
    assert!(
        refused.contains("powers") && refused.contains("stage.json"),
        "{refused}"
    );
    assert_eq!(fs::read_to_string(mine).unwrap(), "mine");
}

/// A stage of a group, which may fail.
struct Part {
    index: usize,
    fails: bool,
}

impl Stage for Part {
    type Output = usize;
    type Error = StageError;

    fn name(&self) -> String {
        format!("parts/{}", self.index)
    }
    fn inputs(&self) -> impl Serialize {
        self.index
    }
    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), StageError> {
        ctx.task("", 1, "step").finish("");
        if self.fails {
            return Err(StageError::io(dir)(std::io::Error::other("no")));
        }
        write(&dir.join("x.json"), &self.index)
    }
    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<usize, StageError> {
        read(&dir.join("x.json"))
    }
}

#[test]
fn stages_of_a_group_run_side_by_side() {
    let root = tempfile::tempdir().unwrap();
    let run = |fails: bool| {
        let parts: Vec<Part> = (0..5)
            .map(|index| Part {
                index,
                fails: fails && index == 3,
            })
            .collect();
        let mut runner = Runner::new(root.path(), "1");
        let done = runner.run_all(&parts, 1, "parts", &mut JobContext::silent());
        let origins: Vec<Origin> = runner.records().iter().map(|record| record.origin).collect();
        (done, origins)
    };
    assert!(run(true).0.is_err());
    let (done, origins) = run(false);
    let done = done.unwrap();
    assert_eq!(done.iter().map(|d| d.output).collect::<Vec<_>>(), [0, 1, 2, 3, 4]);
    assert_eq!(done[2].dir, root.path().join("parts/2"));
    let [kept, made] = [Origin::Kept, Origin::Made];
    assert_eq!(origins, [kept, kept, kept, made, made]);
}

#[test]
fn keys_are_those_of_run_folders_from_before_there_was_a_runner() {
    // SHA-256 of version, name and compact JSON, concatenated: `1` `numbers` `4`.
    let root = tempfile::tempdir().unwrap();
    let (toy, log) = (settings(4, 2), Log::default());
    let numbers = Numbers {
        settings: &toy,
        log: &log,
    };
    let done = Runner::new(root.path(), "1")
        .run(&numbers, &mut JobContext::silent())
        .unwrap();
    let mut hasher = pusht_jobs::Hasher::new();
    hasher.bytes("1numbers4");
    assert_eq!(done.key, Key::external(hasher.finish()));
    assert_eq!(serde_json::to_string(&done.key).unwrap(), format!("\"{}\"", done.key));
}
