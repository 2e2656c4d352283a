//! Batches of frames and actions by reference, made without copying the dataset.

use rayon::prelude::*;

use crate::augment::FrameTransform;
use crate::{Episode, FrameRef, NotSquare, Transform};

/// Frames with their actions, stored contiguously for conversion to tensors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    /// n × height × width × 3, 0…255.
    pub frames: Vec<u8>,
    /// n × 2, px.
    pub actions: Vec<f32>,
    /// Height and width of the frames, px.
    pub size: [usize; 2],
}

impl Batch {
    /// Number of frames, n.
    pub fn len(&self) -> usize {
        self.actions.len() / 2
    }

    /// Whether the batch has no frames.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }
}

/// Random access to the frames of a list of episodes, original or transformed.
pub struct Loader<'a> {
    episodes: Vec<&'a Episode>,
    transforms: Vec<Transform>,
    tables: Vec<FrameTransform>,
    size: [usize; 2],
}

impl<'a> Loader<'a> {
    /// A loader for episodes whose frames all have one size. [`FrameRef::copy`] is an index into `transforms`, whose
    /// first is the identity; with only that one, frames need not be square.
    ///
    /// # Errors
    /// No frames, frames of several sizes, or transforms of frames that are not square.
    pub fn new(episodes: impl IntoIterator<Item = &'a Episode>, transforms: &[Transform]) -> Result<Self, LoaderError> {
        let episodes: Vec<&Episode> = episodes.into_iter().collect();
        let first = episodes
            .iter()
            .flat_map(|e| &e.frames)
            .next()
            .ok_or(LoaderError::NoFrames)?;
        let expected = first.dimensions();
        for (episode, e) in episodes.iter().enumerate() {
            if let Some(row) = e.frames.iter().position(|f| f.dimensions() != expected) {
                return Err(LoaderError::FrameSize {
                    episode,
                    row,
                    found: e.frames[row].dimensions(),
                    expected,
                });
            }
            if e.frames.len() != e.actions.len() {
                return Err(LoaderError::Lengths {
                    episode,
                    frames: e.frames.len(),
                    actions: e.actions.len(),
                });
            }
        }
        if transforms.first() != Some(&Transform::IDENTITY) {
            return Err(LoaderError::NoIdentity);
        }
        if transforms.len() > 1 && expected.0 != expected.1 {
            return Err(NotSquare {
                found: expected,
                expected: expected.1,
            }
            .into());
        }
        let tables = transforms[1..].iter().map(|t| FrameTransform::new(t, expected.0));
        Ok(Self {
            episodes,
            tables: tables.collect(),
            transforms: transforms.to_vec(),
            size: [expected.1 as usize, expected.0 as usize],
        })
    }

    /// The frames and actions of these references, in their order.
    ///
    /// # Errors
    /// A reference to a frame that does not exist.
    pub fn batch(&self, refs: &[FrameRef]) -> Result<Batch, LoaderError> {
        let mut batch = Batch::default();
        self.batch_into(refs, &mut batch)?;
        Ok(batch)
    }

    /// Like [`Self::batch`], into the memory of an earlier batch.
    ///
    /// # Errors
    /// A reference to a frame that does not exist.
    pub fn batch_into(&self, refs: &[FrameRef], batch: &mut Batch) -> Result<(), LoaderError> {
        if let Some(&missing) = refs.iter().find(|r| !self.contains(r)) {
            return Err(LoaderError::NoSuchFrame { missing });
        }
        let bytes = self.size[0] * self.size[1] * 3;
        batch.size = self.size;
        batch.frames.resize(refs.len() * bytes, 0);
        batch.actions.resize(refs.len() * 2, 0.0);
        let rows = batch
            .frames
            .par_chunks_exact_mut(bytes)
            .zip(batch.actions.par_chunks_exact_mut(2));
        // A plain copy takes about 2 µs, too little to be distributed over threads one by one.
        rows.zip(refs).with_min_len(32).for_each(|((pixels, action), r)| {
            let episode = &self.episodes[r.episode];
            let (frame, taken) = (&episode.frames[r.row], episode.actions[r.row]);
            match r.copy.checked_sub(1) {
                None => pixels.copy_from_slice(frame.as_raw()),
                Some(table) => self.tables[table].apply(frame.as_raw(), pixels),
            }
            action.copy_from_slice(&self.action(r, taken));
        });
        Ok(())
    }

    fn action(&self, r: &FrameRef, action: pusht_env::Action) -> pusht_env::Action {
        if r.copy == 0 {
            action
        } else {
            self.transforms[r.copy].action(action)
        }
    }

    fn contains(&self, r: &FrameRef) -> bool {
        r.copy < self.transforms.len() && self.episodes.get(r.episode).is_some_and(|e| r.row < e.frames.len())
    }
}

/// Errors of a loader.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LoaderError {
    /// No frames to load.
    #[error("there are no frames to load; expected at least one episode with frames")]
    NoFrames,
    /// Frames of several sizes.
    #[error("episode {episode}, row {row}: the frame is {found:?} px; expected {expected:?} as the first one")]
    FrameSize {
        /// Index of the episode.
        episode: usize,
        /// First bad row.
        row: usize,
        /// Width and height found.
        found: (u32, u32),
        /// Width and height of the very first frame.
        expected: (u32, u32),
    },
    /// A number of actions other than that of frames.
    #[error("episode {episode} has {frames} frames and {actions} actions; expected as many of each")]
    Lengths {
        /// Index of the episode.
        episode: usize,
        /// Frames found.
        frames: usize,
        /// Actions found.
        actions: usize,
    },
    /// The list of transforms does not begin with the identity.
    #[error("the first transform is not the identity; put Transform::IDENTITY first, it stands for copy 0")]
    NoIdentity,
    /// Frames that cannot be rotated, because they are not square.
    #[error(transparent)]
    NotSquare(#[from] NotSquare),
    /// A reference to a frame that does not exist.
    #[error("there is no frame {missing:?}; the split belongs to other episodes or another list of transforms")]
    NoSuchFrame {
        /// The reference.
        missing: FrameRef,
    },
}
