//! Conversion between layouts.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use pusht_data::{Conversion, DataError, DataLayout, SeededTrajectory, SimulatedSet, Simulation, Start};
use pusht_jobs::JobContext;

#[test]
fn names_and_paths_say_the_layout() {
    for layout in DataLayout::ALL {
        assert_eq!(layout.to_string().parse(), Ok(layout));
    }
    assert!("zip".parse::<DataLayout>().unwrap_err().to_string().contains("\"zip\""));
    assert_eq!(
        DataLayout::of_path(Path::new("a/b.zarr")),
        Some(DataLayout::ReplayBuffer)
    );
    assert_eq!(DataLayout::of_path(Path::new("b.jsonl")), Some(DataLayout::Simulated));
    assert_eq!(DataLayout::of_path(Path::new("b.mp4")), None);
}

#[test]
fn every_layout_is_written_once_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let trajectories = [0, 1]
        .map(|seed| SeededTrajectory::new(Start::Seed(seed), vec![[200.0, 300.0], [210.0, 310.0], [220.0, 320.0]]));
    let set = SimulatedSet::new("test", "made up", Simulation::DIFFUSION_POLICY, trajectories.to_vec()).unwrap();
    set.save(folder.path().join("set.jsonl")).unwrap();
    let source = pusht_data::open(folder.path().join("set.jsonl")).unwrap();
    let mut ctx = JobContext::silent();
    for layout in DataLayout::ALL {
        let target = folder.path().join(layout.name());
        let mut conversion = Conversion::to(layout);
        conversion.scale = 1;
        let converted = conversion.run(&source, &target, &mut ctx).unwrap();
        assert_eq!((converted.episodes, converted.frames), (2, 6));
        assert!(matches!(
            conversion.run(&source, &target, &mut ctx),
            Err(DataError::Exists { .. })
        ));
        if !layout.is_video() {
            let written = pusht_data::open(&target).unwrap().trajectories(1).unwrap();
            assert_eq!(written.actions, source.trajectories(1).unwrap().actions, "{layout}");
            assert_eq!(written.actions[1].len(), 2);
            assert!(written.agent.is_some());
        }
    }
    assert!(folder.path().join("png/episode_0001").is_dir());
    assert!(folder.path().join("mp4/episode_0001.mp4").is_file());
    let first = Conversion {
        episodes: Some(1),
        ..Conversion::to(DataLayout::Gif)
    };
    let converted = first.run(&source, &folder.path().join("one"), &mut ctx).unwrap();
    assert_eq!((converted.episodes, converted.frames, converted.compared), (1, 3, None));
}
