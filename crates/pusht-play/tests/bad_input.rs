//! Commands, files, folders and policies that cannot be: an error that says why, and the episode as before.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;

use common::{SIMULATION, alone, lead, point, settings, touch, witness};
use pusht_data::{SeededTrajectory, SimulatedSet, Simulation, Start};
use pusht_env::{Action, Modality, ObsBatch, ObsSpec, Policy, PolicyError};
use pusht_play::{GuidedPolicy, PlayCommand, PlaySession, PlaySettings};

fn refused(settings: &PlaySettings) -> String {
    PlaySession::open(settings, None).unwrap_err().to_string()
}

#[test]
fn commands_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let mut session = alone(folder.path());
    touch(&mut session);
    for (command, said) in [
        (PlayCommand::Save, "nothing to save"),
        (PlayCommand::Undo, "nothing to undo"),
        (PlayCommand::TakeOver, "no policy"),
        (PlayCommand::GiveBack, "no policy"),
        (PlayCommand::Slow { times: 0 }, "expected 1, 2 or 4"),
        (PlayCommand::Slow { times: 3 }, "expected 1, 2 or 4"),
    ] {
        let error = session.handle(command).unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
    lead(&mut session, 0..3);
    let before = session.view();
    for (x, y) in [(f64::NAN, 1.0), (1.0, f64::INFINITY), (f64::NEG_INFINITY, f64::NAN)] {
        let error = session.handle(PlayCommand::Move { x, y, down: true }).unwrap_err();
        assert!(error.to_string().contains("not a position"), "{error}");
    }
    assert_eq!(session.view(), before);
    // A place beside the board is the nearest one on it.
    point(&mut session, [-1e300, 1e9], false);
    session.tick().unwrap();
    assert_eq!(session.view().target, Some([0.0, 512.0]));
}

#[test]
fn the_last_start() {
    let folder = tempfile::tempdir().unwrap();
    let settings = PlaySettings {
        first_seed: u64::from(u32::MAX),
        ..settings(folder.path())
    };
    let mut session = PlaySession::open(&settings, None).unwrap();
    touch(&mut session);
    lead(&mut session, 0..3);
    for command in [PlayCommand::Next, PlayCommand::Save] {
        let error = session.handle(command).unwrap_err().to_string();
        assert!(error.contains("4294967296"), "{error}");
    }
    assert_eq!((session.view().steps, session.view().saved), (3, 0));
    let beyond = PlaySettings {
        first_seed: 1 << 32,
        out: folder.path().join("other"),
        ..settings
    };
    assert!(refused(&beyond).contains("4294967296"));
}

/// A policy that fails in one of three ways, from its third action on.
struct Faulty {
    acts: usize,
    target: Option<Action>,
}

impl Policy for Faulty {
    fn name(&self) -> String {
        "faulty".to_owned()
    }

    fn needs(&self) -> ObsSpec {
        // 0 is not a valid length; it is taken as 1.
        ObsSpec {
            modality: Modality::State,
            history: 0,
        }
    }

    fn reset(&mut self, _envs: &[usize]) {}

    fn act(&mut self, _obs: &ObsBatch<'_>, out: &mut [Action]) -> Result<(), PolicyError> {
        self.acts += 1;
        out[0] = [100.0, 100.0];
        match self.target {
            _ if self.acts < 3 => {}
            Some(target) => out[0] = target,
            None => {
                return Err(PolicyError::Failed {
                    policy: self.name(),
                    reason: "no more ideas".to_owned(),
                });
            }
        }
        Ok(())
    }
}

#[test]
fn a_policy_that_fails_stops_the_clock() {
    for (target, said) in [
        (None, "no more ideas"),
        (Some([f32::NAN, 1.0]), "not finite"),
        (Some([1.0, f32::INFINITY]), "not finite"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let policy = Faulty { acts: 0, target };
        let guide = GuidedPolicy::new(Box::new(policy), None, SIMULATION);
        let mut session = PlaySession::open(&settings(folder.path()), Some(guide)).unwrap();
        session.handle(PlayCommand::Start).unwrap();
        session.tick().unwrap();
        session.tick().unwrap();
        let error = session.tick().unwrap_err().to_string();
        assert!(error.contains(said) && error.contains("paused"), "{error}");
        assert_eq!((session.view().steps, session.is_running()), (2, false));
        // The person can go on.
        point(&mut session, [200.0, 200.0], true);
        session.tick().unwrap();
        assert_eq!((session.view().steps, session.view().human_steps), (3, 1));
    }
}

#[test]
fn folders_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| settings(&folder.path().join(name));
    let begun = alone(&folder.path().join("a"));
    let error = refused(&at("a"));
    assert!(error.contains("another `pusht demos play`"), "{error}");
    drop(begun);
    let mut session = alone(&folder.path().join("a"));
    touch(&mut session);
    lead(&mut session, 0..3);
    drop(session);
    // The unfinished episode, and later the saved one, are of an environment.
    let other = PlaySettings {
        simulation: Simulation::GYM_PUSHT,
        ..at("a")
    };
    assert!(refused(&other).contains("another environment"));
    let mut session = alone(&folder.path().join("a"));
    session.handle(PlayCommand::Save).unwrap();
    drop(session);
    assert!(refused(&other).contains("demonstrations.jsonl"));

    std::fs::create_dir(folder.path().join("other")).unwrap();
    std::fs::write(folder.path().join("other/photo.jpg"), "x").unwrap();
    let error = refused(&at("other"));
    assert!(error.contains("photo.jpg") && error.contains("empty folder"), "{error}");
    assert_eq!(folder.path().join("other").read_dir().unwrap().count(), 1);
    let error = refused(&at("other/photo.jpg"));
    assert!(error.contains("photo.jpg"), "{error}");

    let expert = folder.path().join("expert");
    let trajectory = SeededTrajectory::new(Start::Seed(0), vec![[1.0, 2.0]]);
    let set = SimulatedSet::new("expert", "expert", SIMULATION, vec![trajectory]).unwrap();
    set.save(expert.join("demonstrations.jsonl")).unwrap();
    let before = std::fs::read(expert.join("demonstrations.jsonl")).unwrap();
    assert!(refused(&at("expert")).contains("episodes of \"expert\""));
    assert_eq!(std::fs::read(expert.join("demonstrations.jsonl")).unwrap(), before);
    std::fs::write(expert.join("demonstrations.jsonl"), "hello").unwrap();
    assert!(refused(&at("expert")).contains("demonstrations.jsonl"));

    for max_steps in [0, PlaySettings::MOST_STEPS + 1] {
        let settings = PlaySettings { max_steps, ..at("new") };
        assert!(refused(&settings).contains("expected 1 to 36000"));
    }
    assert!(!folder.path().join("new").exists());
}

#[test]
fn unfinished_episodes_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("unfinished.jsonl");
    let mut session = PlaySession::open(&settings(folder.path()), Some(witness().0)).unwrap();
    session.handle(PlayCommand::Start).unwrap();
    (0..3).for_each(|_| session.tick().unwrap());
    drop(session);
    let good = std::fs::read_to_string(&journal).unwrap();
    let header = good.lines().next().unwrap();
    let with = |line: &str| format!("{good}{line}\n");
    for (text, line, said) in [
        (String::new(), 1, "no whole line"),
        (header[..30].to_owned(), 1, "no whole line"),
        ("hello\n".to_owned(), 1, "expected value"),
        ("{\"format\":\"x\"}\n".to_owned(), 1, "its format is"),
        (
            good.replace("\"version\":1", "\"version\":2"),
            1,
            "this program reads 1",
        ),
        (good.replace("\"seed\":3", "\"seed\":-3"), 1, "expected u64"),
        (with("{\"action\":[1,2]}"), 5, "did not match"),
        (with("{\"action\":[1,2,3],\"human\":true}"), 5, "did not match"),
        (with("{\"action\":[null,2],\"human\":true}"), 5, "did not match"),
        (with("{\"action\":[1e300,2],\"human\":true}"), 5, "not finite"),
        (with("{\"keep\":4}"), 5, "does not continue"),
        (with("{\"keep\":-1}"), 5, "did not match"),
        (with(&"x".repeat(10_000)), 5, "more than 4096 bytes"),
    ] {
        std::fs::write(&journal, &text).unwrap();
        let error = refused(&settings(folder.path()));
        assert!(
            error.contains(&format!("line {line}: ")) && error.contains(said) && error.contains("move the file away"),
            "{text:?}: {error}"
        );
        assert_eq!(std::fs::read_to_string(&journal).unwrap(), text);
    }
    let seed = good.replace("\"seed\":3", "\"seed\":99999999999");
    std::fs::write(&journal, seed).unwrap();
    assert!(refused(&settings(folder.path())).contains("99999999999"));
    // Too many steps.
    let many = "{\"action\":[1.0,2.0],\"human\":true}\n".repeat(PlaySettings::MOST_STEPS + 1);
    std::fs::write(&journal, format!("{header}\n{many}")).unwrap();
    assert!(refused(&settings(folder.path())).contains("line 36002: it does not continue"));
}

#[test]
fn a_disk_that_takes_nothing_stops_the_clock() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("played");
    let mut session = alone(&out);
    touch(&mut session);
    lead(&mut session, 0..3);
    // The folder is gone, so the next start cannot be written; the episode stays.
    let aside = folder.path().join("aside");
    std::fs::rename(&out, &aside).unwrap();
    std::fs::write(&out, "a file").unwrap();
    for command in [PlayCommand::Save, PlayCommand::Restart, PlayCommand::Next] {
        assert!(session.handle(command).is_err());
    }
    assert_eq!((session.view().steps, session.view().saved), (3, 0));
    assert!(session.is_running());
    std::fs::remove_file(&out).unwrap();
    std::fs::rename(&aside, &out).unwrap();
    session.handle(PlayCommand::Save).unwrap();
    assert_eq!(session.view().saved, 1);
}

#[cfg(target_os = "linux")]
#[test]
fn an_unfinished_episode_that_is_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let journal = folder.path().join("unfinished.jsonl");
    drop(alone(folder.path()));
    assert!(Path::new("/dev/full").exists());
    std::fs::remove_file(&journal).unwrap();
    std::os::unix::fs::symlink("/dev/full", &journal).unwrap();
    let error = refused(&settings(folder.path()));
    assert!(error.contains("unfinished.jsonl"), "{error}");
}
