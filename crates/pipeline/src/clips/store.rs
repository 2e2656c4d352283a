//! Clips of one generator on disk: one folder of images per clip, and film strips and videos of the first ones.

use std::path::{Path, PathBuf};

use pusht_env::Frame;
use report::{Picture, PictureGroup};
use video_io::{VideoOptions, read_frames, save_video};

use crate::PipelineError;
use crate::error::failed;
use crate::pictures::{write_strip, write_video};

/// Number of clips shown in the report as film strip and video.
pub(super) const SHOWN: usize = 3;

/// The folder of a clip.
pub(super) fn folder(dir: &Path, clip: usize) -> PathBuf {
    dir.join(format!("clip_{clip:03}"))
}

pub(super) fn save(dir: &Path, clip: usize, frames: &[Frame]) -> Result<(), PipelineError> {
    save_video(folder(dir, clip), frames, VideoOptions::default()).map_err(|e| failed("clips")(&e))
}

pub(super) fn read(dir: &Path, clip: usize) -> Result<Vec<Frame>, PipelineError> {
    read_frames(folder(dir, clip)).map_err(|e| failed("clips")(&e))
}

/// Writes film strip and video number `index` of a stage.
pub(super) fn show(dir: &Path, index: usize, frames: &[Frame]) -> Result<(), PipelineError> {
    let [strip, video] = shown(index);
    write_strip(&dir.join(strip), frames)?;
    write_video(&dir.join(video), frames)
}

/// Film strips and videos of the first clips of the folder `stage`, for the report.
pub(super) fn pictures(stage: &str, captions: impl IntoIterator<Item = String>) -> Vec<Picture> {
    let of = |(i, caption): (usize, String)| {
        shown(i).map(|file| Picture {
            group: PictureGroup::Generated,
            caption: caption.clone(),
            file: format!("{stage}/{file}"),
        })
    };
    captions.into_iter().take(SHOWN).enumerate().flat_map(of).collect()
}

fn shown(index: usize) -> [String; 2] {
    [format!("strip_{index}.png"), format!("clip_{index}.mp4")]
}
