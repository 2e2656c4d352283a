//! Paths from recordings: the given path is the recorded one, and data that is too short is refused.

#![allow(clippy::unwrap_used)]

use pusht_data::{Demonstrations, Simulation, Source, demonstrate, open};
use pusht_env::ExpertConfig;
use pusht_jobs::JobContext;
use world_eval::{DemonstrationPaths, ExpertPaths, TrainingWindows, WorldEvalError};

fn record(folder: &tempfile::TempDir) -> Source {
    let path = folder.path().join("demos.jsonl");
    let what = Demonstrations {
        episodes: 3,
        first_seed: 0,
        max_steps: 40,
        simulation: Simulation::GYM_PUSHT,
        expert: ExpertConfig::default(),
        threads: 0,
    };
    demonstrate(&path, &what, &mut JobContext::silent()).unwrap();
    open(&path).unwrap()
}

#[test]
fn windows_of_demonstrations() {
    let folder = tempfile::tempdir().unwrap();
    let source = record(&folder);
    let mut ctx = JobContext::silent();
    let paths = DemonstrationPaths {
        episodes: vec![0, 2],
        clips: 6,
        frames: 20,
        seed: 1,
    };
    let clips = paths.read(&source, &mut ctx).unwrap();
    assert_eq!(clips.len(), 6);
    assert_eq!(clips, paths.read(&source, &mut ctx).unwrap());
    for clip in &clips {
        assert_eq!(
            (clip.frames.len(), clip.states.len(), clip.request.frames()),
            (20, 20, 20)
        );
        assert!(clip.frames[0] == clip.request.start);
        // From any row on, the agent's motion is the recorded one.
        for (given, state) in clip.request.agent_path().iter().zip(&clip.states) {
            let off = (given[0] - state.agent[0]).hypot(given[1] - state.agent[1]);
            assert!(off < 1e-3, "{:?}: {off} px", clip.origin);
        }
        // The simulator, put into the middle of the episode, does nearly the same.
        let last = clip.request.simulate().unwrap()[19].block;
        assert!(world_eval::corner_distance(last, clip.states[19].block) < 1.0);
    }
    // The nearest training clip of a clip that is in the training data is that clip.
    let windows = TrainingWindows::new(&source, &[0, 1, 2], &mut ctx).unwrap();
    assert!(windows.nearest(&clips[0]).unwrap().unwrap() == clips[0].frames);
    assert!(
        TrainingWindows::new(&source, &[1], &mut ctx)
            .unwrap()
            .nearest(&clips[0])
            .unwrap()
            .is_some()
    );
}

#[test]
fn data_that_is_too_short_and_settings_out_of_range() {
    let folder = tempfile::tempdir().unwrap();
    let source = record(&folder);
    let mut ctx = JobContext::silent();
    let paths = |clips, frames| DemonstrationPaths {
        episodes: vec![0, 2],
        clips,
        frames,
        seed: 0,
    };
    let refused = |clips, frames| paths(clips, frames).choose(&source).unwrap_err().to_string();
    assert!(refused(1, 48).contains("none of the 2 episodes has 48 frames (the longest has 40)"));
    assert!(refused(3, 40).contains("3 clips of 40 frames were asked for, and its 2 episodes have 2 of them"));
    assert_eq!(refused(0, 20), "the number of clips is 0; expected at least 1");
    assert_eq!(refused(1, 2), "the number of frames per clip is 2; expected at least 3");
    let far = DemonstrationPaths {
        episodes: vec![9],
        ..paths(1, 20)
    };
    assert!(matches!(far.choose(&source), Err(WorldEvalError::Data(_))));
    // No episode of the expert is as long.
    let error = ExpertPaths::new(1, 2000).play(&mut ctx).unwrap_err();
    assert!(matches!(error, WorldEvalError::ExpertShort { found: 0, .. }), "{error}");
}
