//! Datasets: zarr replay buffers and LeRobot sets.

use std::fs;
use std::path::{Path, PathBuf};

use pusht_data::{Episode, Provenance, open, write_lerobot};
use pusht_env::{GOAL, Pose, Renderer, Scene, State};
use pusht_jobs::JobContext;

use crate::scratch::{Scratch, write_below};
use crate::unpack_files;

/// Episodes whose frames are read, and rows of an episode.
const EPISODES: usize = 4;

thread_local! {
    static FOLDER: Scratch = Scratch::new();
    static LEROBOT: Template = Template::new();
}

pub(crate) fn zarr(input: &[u8]) {
    FOLDER.with(|folder| read(&folder.files("set.zarr", input)));
}

pub(crate) fn lerobot_info(input: &[u8]) {
    LEROBOT.with(|template| template.read(&[("meta/info.json", input)]));
}

pub(crate) fn lerobot_tables(input: &[u8]) {
    LEROBOT.with(|template| template.read(&unpack_files(input)));
}

/// Opens a dataset, and reads some of its episodes.
fn read(path: &Path) {
    let Ok(source) = open(path) else {
        return;
    };
    let lengths = source.lengths();
    assert_eq!(lengths.len(), source.len());
    for episode in 0..source.len().min(EPISODES) {
        let rows = lengths[episode];
        if let Ok(Some(states)) = source.states(episode) {
            assert_eq!(states.len(), rows);
        }
        if let Ok(episode) = source.episode(episode) {
            assert_eq!(episode.frames.len(), rows);
            assert_eq!(episode.actions.len(), rows);
        }
    }
}

/// A complete LeRobot dataset of which single files are replaced.
struct Template {
    folder: Scratch,
    set: PathBuf,
}

impl Template {
    #[expect(clippy::expect_used, reason = "without it there is nothing to test")]
    fn new() -> Self {
        let folder = Scratch::new();
        let set = folder.path().join("set");
        let episodes = [3, 4]
            .into_iter()
            .enumerate()
            .map(|(index, rows)| Ok(episode(index, rows)));
        write_lerobot(&set, episodes, 7, &mut JobContext::silent()).expect("a small set can be written");
        Self { folder, set }
    }

    fn read(&self, files: &[(&str, &[u8])]) {
        let held = self.folder.path().join("held");
        let mut moved = Vec::new();
        for (number, (name, content)) in files.iter().enumerate() {
            let (path, aside) = (self.set.join(name), held.join(number.to_string()));
            let replaced = path.is_file() && fs::create_dir_all(&held).is_ok() && fs::rename(&path, &aside).is_ok();
            write_below(&self.set, name, content);
            moved.push((path, replaced.then_some(aside)));
        }
        read(&self.set);
        for (path, aside) in moved.into_iter().rev() {
            let _ = match aside {
                Some(aside) => fs::rename(aside, path),
                None => fs::remove_file(path),
            };
        }
    }
}

/// An episode whose disc moves beside the T.
#[expect(clippy::expect_used, reason = "the size is one that the renderer has")]
fn episode(index: usize, rows: usize) -> Episode {
    let mut renderer = Renderer::new(96, Default::default()).expect("a size of the renderer");
    let block = Pose::new(250.0, 200.0, 0.4);
    let agents: Vec<[f64; 2]> = (0..rows).map(|row| [60.0 + 8.0 * row as f64, 420.0]).collect();
    Episode {
        frames: (agents.iter())
            .map(|agent| renderer.render(&Scene::new(*agent, block, GOAL)))
            .collect(),
        actions: agents.iter().map(|a| [a[0] as f32 + 8.0, a[1] as f32]).collect(),
        states: Some(
            (agents.iter())
                .map(|a| State::from_row([a[0], a[1], block.x, block.y, block.angle]))
                .collect(),
        ),
        goal: GOAL,
        provenance: Provenance {
            source: "fuzz".to_owned(),
            index,
            seed: None,
            actions: "recorded".to_owned(),
        },
    }
}
