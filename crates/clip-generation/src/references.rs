//! Clips with the demonstrations from which their first and last frames are taken.

use std::path::{Path, PathBuf};

use pusht_data::{Source, open_with};
use pusht_env::Frame;
use video_io::read_frames;

use crate::endpoint::{Endpoint, EndpointSource};
use crate::error::GenerationError;
use crate::record::Generation;

/// The clips of a folder, with the demonstrations between the same endpoints.
pub struct ClipReferences {
    folder: PathBuf,
    generation: Generation,
    source: Source,
}

/// A clip and the demonstration from its first to its last frame.
#[derive(Clone, Debug)]
pub struct ReferencedClip {
    /// The clip's frames.
    pub clip: Vec<Frame>,
    /// The corresponding frames of the demonstration.
    pub demonstration: Vec<Frame>,
}

impl ClipReferences {
    /// Opens a folder of clips between rows of a dataset, and the dataset.
    ///
    /// # Errors
    /// No record, clips between images, or a dataset that cannot be read.
    pub fn open(folder: &Path) -> Result<Self, GenerationError> {
        let generation = Generation::open(folder)?;
        let EndpointSource::Data { path, reading, .. } = &generation.plan.ends else {
            return Err(GenerationError::NoDemonstrations {
                path: folder.to_path_buf(),
            });
        };
        let source = open_with(path, reading)?;
        Ok(Self {
            folder: folder.to_path_buf(),
            generation,
            source,
        })
    }

    /// The folder's record.
    pub fn generation(&self) -> &Generation {
        &self.generation
    }

    /// Number of clips.
    pub fn len(&self) -> usize {
        self.generation.clips.len()
    }

    /// Whether there are no clips.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Reads the clip with this index, which is below [`Self::len`].
    ///
    /// # Errors
    /// A clip or episode that cannot be read, or a record with rows that the dataset does not have.
    pub fn clip(&self, index: usize) -> Result<ReferencedClip, GenerationError> {
        let record = &self.generation.clips[index];
        let frames = record.length.unwrap_or(self.generation.plan.frames);
        let refuse = || GenerationError::Record {
            path: self.folder.join(Generation::FILE),
            reason: format!("{:?} names no row of the demonstrations", record.start.to_string()),
        };
        let Endpoint::Row { episode, row } = record.start else {
            return Err(refuse());
        };
        if episode >= self.source.len() {
            return Err(refuse());
        }
        let all = self.source.episode(episode)?.frames;
        let demonstration = all.get(row..row + frames).ok_or_else(refuse)?.to_vec();
        Ok(ReferencedClip {
            clip: read_frames(self.folder.join(&record.frames))?,
            demonstration,
        })
    }
}
