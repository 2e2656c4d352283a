//! Writes a folder of PNG files.

use crate::Frame;
use crate::error::VideoIoError;
use crate::pictures::png_bytes;
use crate::write::errors::write_error;
use pusht_jobs::StagedFolder;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// Writes frames to a temporary folder.
pub(crate) struct Folder {
    path: PathBuf,
    staged: StagedFolder,
    broken: bool,
}

impl Folder {
    /// Begins a folder; an existing one may hold nothing but an earlier video.
    pub(crate) fn create(path: &Path) -> Result<Self, VideoIoError> {
        check_free(path)?;
        let staged = StagedFolder::beside(path).map_err(write_error(path))?;
        Ok(Self {
            path: path.into(),
            staged,
            broken: false,
        })
    }

    pub(crate) fn push(&mut self, frame: &Frame, index: usize) -> io::Result<()> {
        let name = format!("frame_{index:06}.png");
        let written = png_bytes(frame)
            .map_err(io::Error::other)
            .and_then(|bytes| fs::write(self.staged.path().join(name), bytes));
        self.broken |= written.is_err();
        written
    }

    /// Moves the folder to its final path; an earlier video there is moved aside first and removed at the end.
    pub(crate) fn finish(self) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier frame could not be written"));
        }
        check_free(&self.path).map_err(io::Error::other)?;
        self.staged.replace()
    }
}

/// Checks that a folder does not exist or holds only frames.
fn check_free(path: &Path) -> Result<(), VideoIoError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(write_error(path)(e)),
    };
    for entry in entries {
        let name = entry.map_err(write_error(path))?.file_name();
        if !is_frame(&name) {
            return Err(VideoIoError::FolderInUse {
                path: path.into(),
                found: name.into(),
            });
        }
    }
    Ok(())
}

/// Whether a name is `frame_`, digits and `.png`.
fn is_frame(name: &OsStr) -> bool {
    let digits = name
        .to_str()
        .and_then(|n| n.strip_prefix("frame_"))
        .and_then(|n| n.strip_suffix(".png"));
    digits.is_some_and(|d| d.len() >= 6 && d.bytes().all(|b| b.is_ascii_digit()))
}
