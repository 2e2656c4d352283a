//! Simulated sets: files, exact regeneration, resuming after a kill, bad files.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use pusht_data::{DataError, Interventions, SeededTrajectory, SimulatedSet, Simulation, SimulationPlan, Start, open};
use pusht_env::{Action, EnvError, Pose, Renderer, State};
use pusht_jobs::{CancelFlag, JobContext, RecordedProgress};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;

/// A walk with numbers that need all their digits.
fn walk(seed: u64, rows: usize) -> Vec<Action> {
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut at = [256.0_f32, 300.0];
    let mut step = || {
        at = at.map(|x| (x + rng.random_range(-30.0..30.0)).clamp(20.0, 490.0));
        at
    };
    (0..rows).map(|_| step()).collect()
}

fn starts(n: u64) -> Vec<Start> {
    let state = State {
        agent: [100.1, 1.0 / 3.0 + 200.0],
        block: Pose::new(300.7, 250.3, -0.1),
    };
    let mut all: Vec<Start> = (0..n).map(|i| Start::Seed(100_000 + i)).collect();
    all.extend([Start::Reset(state), Start::State(state)]);
    all
}

fn set() -> SimulatedSet {
    let trajectory = |(i, start)| SeededTrajectory::new(start, walk(i as u64, 20 + i));
    let trajectories = starts(4).into_iter().enumerate().map(trajectory).collect();
    SimulatedSet::new("walk", "random walk", Simulation::GYM_PUSHT, trajectories).unwrap()
}

#[test]
fn episodes_are_what_the_environment_shows() {
    let set = set();
    let simulation = set.simulation;
    let episodes = set.episodes(0..set.len(), &mut JobContext::silent()).unwrap();
    let mut renderer = Renderer::new(96, simulation.fill_rule).unwrap();
    for (trajectory, episode) in set.trajectories().iter().zip(&episodes) {
        episode.check().unwrap();
        let mut env = trajectory.begin(&simulation).unwrap();
        for (t, &action) in trajectory.actions.iter().enumerate() {
            assert_eq!(episode.states.as_ref().unwrap()[t], env.state());
            assert_eq!(episode.frames[t], renderer.render(&env.scene()));
            env.step(action).unwrap();
        }
    }
    assert_eq!(episodes[2].provenance.seed, Some(100_002));
    assert_eq!(episodes[4].provenance.seed, None);
    assert_eq!(episodes[5].provenance.actions, "random walk");
    // The exact start, which a reset would move.
    let Start::State(state) = set.trajectories()[5].start else {
        panic!("an exact start")
    };
    assert_eq!(episodes[5].states.as_ref().unwrap()[0], state);
    assert_ne!(episodes[4].states.as_ref().unwrap()[0], state);
}

#[test]
fn a_file_brings_back_every_bit() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("new folder/walk.jsonl");
    let set = set();
    set.save(&path).unwrap();
    let back = SimulatedSet::open(&path).unwrap();
    assert_eq!(back.trajectories(), set.trajectories());
    assert_eq!(
        (back.simulation, &back.source, &back.actions),
        (set.simulation, &set.source, &set.actions)
    );
    let source = open(&path).unwrap();
    assert_eq!(source.lengths(), [20, 21, 22, 23, 24, 25]);
    assert_eq!(source.actions(3).unwrap(), set.trajectories()[3].actions);
    assert_eq!(
        source.episodes(1..3, &mut JobContext::silent()).unwrap(),
        set.episodes(0..6, &mut JobContext::silent()).unwrap()[1..3]
    );
    // No other file is left beside it.
    assert_eq!(path.parent().unwrap().read_dir().unwrap().count(), 1);
    assert!(matches!(
        source.episodes(5..7, &mut JobContext::silent()),
        Err(DataError::OutOfRange { .. })
    ));
}

#[test]
fn who_acted_is_kept_with_every_action() {
    let dir = tempfile::tempdir().unwrap();
    let (path, again) = (dir.path().join("set.jsonl"), dir.path().join("again.jsonl"));
    let mut trajectories = set().trajectories().to_vec();
    let is_intervention: Vec<bool> = (0..21).map(|step| (5..9).contains(&step)).collect();
    trajectories[1].interventions = Some(Interventions {
        policy: "expert".to_owned(),
        policy_sha256: None,
        is_intervention,
    });
    let taken_over = SimulatedSet::new("person", "recorded", Simulation::GYM_PUSHT, trajectories.clone()).unwrap();
    taken_over.save(&path).unwrap();
    assert_eq!(SimulatedSet::open(&path).unwrap().trajectories(), trajectories);
    // Also through a conversion, and the other lines are as before.
    let (kept, _) = SimulatedSet::recover(
        &open(&path).unwrap(),
        3,
        Simulation::GYM_PUSHT,
        &mut JobContext::silent(),
    )
    .unwrap();
    kept.save(&again).unwrap();
    assert_eq!(SimulatedSet::open(&again).unwrap().trajectories(), &trajectories[..3]);
    let text = std::fs::read_to_string(&path).unwrap();
    let with: Vec<bool> = text.lines().map(|line| line.contains("interventions")).collect();
    assert_eq!(with, [false, false, true, false, false, false, false]);

    trajectories[1].actions.pop();
    let e = SimulatedSet::new("person", "recorded", Simulation::GYM_PUSHT, trajectories).unwrap_err();
    assert!(
        e.to_string()
            .contains("episode 1 cannot be read (it has 20 actions and 21 values is_intervention"),
        "{e}"
    );
}

fn plan(threads: usize) -> SimulationPlan {
    SimulationPlan {
        source: "walk".to_owned(),
        simulation: Simulation::DIFFUSION_POLICY,
        starts: starts(10),
        settings: serde_json::json!({"step": 30}),
        threads,
    }
}

fn act(index: usize, _: &Start) -> Result<Vec<Action>, EnvError> {
    Ok(walk(index as u64, 10 + index))
}

#[test]
fn making_does_not_depend_on_threads() {
    let dir = tempfile::tempdir().unwrap();
    let bytes: Vec<Vec<u8>> = [1, 4]
        .into_iter()
        .map(|threads| {
            let path = dir.path().join(format!("{threads}.jsonl"));
            let told = RecordedProgress::default();
            let mut ctx = JobContext::new(Box::new(told.clone()), CancelFlag::new());
            plan(threads).make(&path, act, &mut ctx).unwrap();
            assert_eq!(told.steps(), (1..=12).map(|d| (d, 12)).collect::<Vec<_>>());
            std::fs::read(path).unwrap()
        })
        .collect();
    assert_eq!(bytes[0], bytes[1]);
    assert_eq!(dir.path().read_dir().unwrap().count(), 2);
}

#[test]
fn a_stopped_run_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set.jsonl");
    let partial = dir.path().join("set.jsonl.partial");
    let failing = |index: usize, start: &Start| {
        if index == 7 {
            Err("no plan".to_owned())
        } else {
            Ok(act(index, start).unwrap())
        }
    };
    let error = plan(1).make(&path, failing, &mut JobContext::silent()).unwrap_err();
    assert!(
        error.to_string().contains("episode 7 cannot be simulated: no plan"),
        "{error}"
    );
    assert!(!path.exists() && partial.exists());
    assert!(
        open(&partial).err().unwrap().to_string().contains("episode"),
        "an unfinished set is refused"
    );

    // As a kill in the middle of a line leaves it.
    let mut text = std::fs::read_to_string(&partial).unwrap();
    assert!(text.lines().count() > 2, "some episodes are kept");
    let kept = text.lines().count() - 1;
    text.push_str("{\"index\":11,\"start\":{\"se");
    std::fs::write(&partial, text).unwrap();

    let made = AtomicUsize::new(0);
    let counting = |index: usize, start: &Start| {
        made.fetch_add(1, Ordering::Relaxed);
        act(index, start)
    };
    let set = plan(2).make(&path, counting, &mut JobContext::silent()).unwrap();
    assert_eq!(made.load(Ordering::Relaxed), 12 - kept);
    assert!(path.exists() && !partial.exists());
    let whole = plan(1)
        .make(dir.path().join("whole.jsonl"), act, &mut JobContext::silent())
        .unwrap();
    assert_eq!(set.trajectories(), whole.trajectories());

    // A second run finds it finished; other seeds or settings are refused.
    let again = plan(1)
        .make(
            &path,
            |_, _| Err::<Vec<Action>, _>("not asked"),
            &mut JobContext::silent(),
        )
        .unwrap();
    assert_eq!(again.trajectories(), set.trajectories());
    let mut other = plan(1);
    other.starts[3] = Start::Seed(5);
    let error = other.make(&path, act, &mut JobContext::silent()).unwrap_err();
    assert!(error.to_string().contains("other settings or seeds"), "{error}");
}

fn refused(path: &Path, text: &str) -> String {
    std::fs::write(path, text).unwrap();
    open(path).err().expect("an error").to_string()
}

#[test]
fn bad_files_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("set.jsonl");
    set().save(&path).unwrap();
    let good = std::fs::read_to_string(&path).unwrap();
    let lines: Vec<&str> = good.lines().collect();

    let e = refused(&path, &good[..good.len() - 30]);
    assert!(e.contains("line 7 cannot be read"), "{e}");
    let e = refused(&path, &lines[..4].join("\n"));
    assert!(
        e.contains("episode 3 cannot be read (the file holds 3 of 6 episodes)"),
        "{e}"
    );
    let e = refused(&path, &good.replace("\"index\":3", "\"index\":2"));
    assert!(
        e.contains("line 5 cannot be read (it is episode 2 a second time)"),
        "{e}"
    );
    let e = refused(&path, &good.replace("\"version\":1", "\"version\":2"));
    assert!(e.contains("version 2, this program reads 1"), "{e}");
    let e = refused(&path, &good.replace("\"frame_size\":96", "\"frame_size\":0"));
    assert!(e.contains("cannot be simulated"), "{e}");
    let e = refused(&path, &good.replacen("[[", "[[null,1.0],[", 1));
    assert!(e.contains("line 2 cannot be read"), "{e}");
    let e = refused(
        &path,
        &good
            .replace("\"seed\":100001", "\"seed\":99999999999")
            .replace("gym-pusht", "diffusion-policy"),
    );
    assert!(e.contains("episode 1") && e.contains("99999999999"), "{e}");
    let e = refused(&path, "hello");
    assert!(
        e.contains("a file of something else; expected a zarr replay buffer"),
        "{e}"
    );
    let e = refused(&path, "");
    assert!(e.contains("expected a zarr replay buffer"), "{e}");

    let e = SimulatedSet::new("x", "y", Simulation::GYM_PUSHT, Vec::new()).unwrap_err();
    assert!(e.to_string().contains("without episodes"), "{e}");
    let trajectory = |actions| SeededTrajectory::new(Start::Seed(0), actions);
    let e = SimulatedSet::new(
        "x",
        "y",
        Simulation::GYM_PUSHT,
        vec![trajectory(vec![[1.0; 2]]), trajectory(vec![])],
    )
    .unwrap_err();
    assert!(e.to_string().contains("episode 1 is empty"), "{e}");
    let e = SimulatedSet::new("x", "y", Simulation::GYM_PUSHT, vec![trajectory(vec![[1.0, f32::NAN]])]).unwrap_err();
    assert!(
        e.to_string().contains("row 0: the action [1.0, NaN] is not finite"),
        "{e}"
    );
}

#[test]
fn other_paths_are_named() {
    let dir = tempfile::tempdir().unwrap();
    let error = |path: &Path| open(path).err().expect("an error").to_string();
    assert!(error(&dir.path().join("none")).contains("not found; expected a zarr replay buffer"));
    assert!(error(dir.path()).contains("a folder of something else"));
    set().save(dir.path().join("walk.jsonl")).unwrap();
    assert!(
        error(dir.path()).contains("walk.jsonl instead"),
        "{}",
        error(dir.path())
    );
    std::fs::write(dir.path().join("pusht.zip"), "PK").unwrap();
    assert!(error(&dir.path().join("pusht.zip")).contains("unpack it first"));
}

#[test]
fn a_place_that_cannot_be_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("file");
    std::fs::write(&file, "x").unwrap();
    let e = set().save(file.join("set.jsonl")).unwrap_err();
    assert!(matches!(e, DataError::Unwritable { .. }), "{e}");
}
