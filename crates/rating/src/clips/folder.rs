//! The clips of a folder, identified by content: a renamed clip is still the same clip, a replaced one is not.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use pusht_jobs::{JobContext, counted};
use video_io::{ReadOptions, VideoBackend, VideoIoError, VideoReader, generated_frames};

use super::content::Stamp;
use super::search::candidates;
use crate::RatingError;

/// A clip that can be shown.
#[derive(Clone, Debug)]
pub(crate) struct Clip {
    /// SHA-256 of its content.
    pub sha256: String,
    /// Path relative to the folder, with `/`.
    pub name: String,
    path: PathBuf,
    stamp: Stamp,
}

/// All clips of a folder. Only files of the catalog are read, and only below the folder.
#[derive(Debug)]
pub(crate) struct Catalog {
    root: PathBuf,
    clips: Vec<Clip>,
    by_content: HashMap<String, usize>,
    /// Files whose content is that of no clip.
    strange: HashMap<PathBuf, Stamp>,
}

impl Catalog {
    /// Reads all clips below `folder` (MP4 and GIF files, folders of PNG files, nothing hidden). Those left out are
    /// reported to `ctx`: links out of the folder, clips without a readable first frame, copies.
    pub(crate) fn read(folder: &Path, ctx: &mut JobContext) -> Result<Self, RatingError> {
        let root = folder.canonicalize().map_err(RatingError::io(folder))?;
        if !root.is_dir() {
            return Err(RatingError::NotAFolder { path: folder.into() });
        }
        // Named as in an audit of the same folder.
        let root = generated_frames(&root).unwrap_or(root);
        let mut catalog = Self {
            root,
            clips: Vec::new(),
            by_content: HashMap::new(),
            strange: HashMap::new(),
        };
        let (mut left_out, mut notes) = (0, Vec::new());
        let paths = candidates(&catalog.root)?;
        let task = ctx.task("read clips", paths.len(), "clip");
        for path in paths {
            task.check()?;
            let name = catalog.name(&path);
            match catalog.examine(&path).and_then(playable) {
                Ok(clip) => match catalog.by_content.get(&clip.sha256) {
                    Some(&same) => notes.push(format!("{name}: the same as {}; rated once", catalog.clips[same].name)),
                    None => {
                        catalog.by_content.insert(clip.sha256.clone(), catalog.clips.len());
                        catalog.clips.push(clip);
                    }
                },
                Err(reason) => {
                    left_out += 1;
                    notes.push(format!("{name}: left out: {reason}"));
                }
            }
            task.add(1);
        }
        task.finish(&format!("{} to rate", counted(catalog.clips.len(), "clip")));
        notes.iter().for_each(|note| ctx.say(note));
        if catalog.clips.is_empty() {
            return Err(RatingError::NoClips {
                path: folder.into(),
                left_out,
            });
        }
        Ok(catalog)
    }

    /// The clips, in the order of their names when the folder was read.
    pub(crate) fn clips(&self) -> &[Clip] {
        &self.clips
    }

    /// Finds the clip with this content after checking that its file still has it; it may have been renamed.
    pub(crate) fn find(&mut self, sha256: &str) -> Result<&Clip, RatingError> {
        let index = *self.by_content.get(sha256).ok_or(RatingError::UnknownClip)?;
        if !self.is_intact(index) {
            self.look_again()?;
        }
        match self.is_intact(index) {
            true => Ok(&self.clips[index]),
            false => Err(RatingError::ClipChanged),
        }
    }

    /// Indices of the first `most` of these clips that can be shown, and the number of clips before them that cannot.
    /// The folder is searched at most once, and only as many clips are checked as necessary.
    pub(crate) fn shown(&mut self, contents: &[&str], most: usize) -> (Vec<usize>, usize) {
        let (mut shown, mut unavailable, mut searched) = (Vec::new(), 0, false);
        for (place, sha256) in contents.iter().enumerate() {
            if shown.len() == most {
                break;
            }
            let Some(&index) = self.by_content.get(*sha256) else {
                continue;
            };
            if !self.is_intact(index) && !searched {
                // If the folder cannot be read, no clip is found again.
                let _ = self.look_again();
                searched = true;
            }
            match self.is_intact(index) {
                true => shown.push(place),
                false => unavailable += 1,
            }
        }
        (shown, unavailable)
    }

    /// Whether a clip is unchanged at its path.
    fn is_intact(&self, index: usize) -> bool {
        let clip = &self.clips[index];
        Stamp::of(&clip.path, &self.root).is_ok_and(|stamp| stamp == clip.stamp)
    }

    /// Searches for moved clips among the files that are not those of other clips.
    fn look_again(&mut self) -> Result<(), RatingError> {
        let intact: Vec<bool> = (0..self.clips.len()).map(|i| self.is_intact(i)).collect();
        let known = self.clips.iter().zip(&intact).filter(|(_, intact)| **intact);
        let known: HashSet<PathBuf> = known.map(|(clip, _)| clip.path.clone()).collect();
        for path in candidates(&self.root)? {
            let Ok(stamp) = Stamp::of(&path, &self.root) else {
                continue;
            };
            if known.contains(&path) || self.strange.get(&path) == Some(&stamp) {
                continue;
            }
            let Ok(found) = self.examine(&path) else {
                continue;
            };
            match self.by_content.get(&found.sha256) {
                Some(&index) if !intact[index] => self.clips[index] = found,
                _ => drop(self.strange.insert(path, stamp)),
            }
        }
        Ok(())
    }

    /// The clip at `path` with its present content.
    fn examine(&self, path: &Path) -> Result<Clip, String> {
        let failed = |e: std::io::Error| e.to_string();
        let stamp = Stamp::of(path, &self.root).map_err(failed)?;
        let sha256 = video_io::content_hash(path).map_err(failed)?;
        // The file may have changed while it was read.
        if Stamp::of(path, &self.root).map_err(failed)? != stamp {
            return Err("it is being written".into());
        }
        Ok(Clip {
            sha256,
            name: self.name(path),
            path: path.to_path_buf(),
            stamp,
        })
    }

    fn name(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        let parts: Vec<_> = below.iter().map(|p| p.to_string_lossy()).collect();
        match parts.is_empty() {
            // The folder itself holds the frames of one clip.
            true => ".".into(),
            false => parts.join("/"),
        }
    }
}

impl Clip {
    /// Path of the file or folder.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

/// Opens a clip with the built-in readers: a request of a page starts no other program.
pub(super) fn open_clip(path: &Path) -> Result<VideoReader, VideoIoError> {
    let options = ReadOptions {
        backend: VideoBackend::BuiltIn,
        ..ReadOptions::default()
    };
    VideoReader::open_with(path, &options)
}

/// Returns the clip if its first frame can be read.
fn playable(clip: Clip) -> Result<Clip, String> {
    open_clip(&clip.path)
        .and_then(|mut reader| reader.next_frame())
        .map_err(|e| e.to_string())?
        .ok_or("no frames")?;
    Ok(clip)
}
