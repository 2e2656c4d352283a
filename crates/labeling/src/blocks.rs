//! Runs a model on a video of any length in blocks, so that at most one block of frames is in memory.

use pusht_data::{IdmError, InverseDynamics, Labels};
use pusht_env::{Action, Frame};

/// Number of frames in a block.
const BLOCK: usize = 256;

/// The action of each frame, where it has one, and the actions' standard deviations.
pub(crate) type Rows = (Vec<Option<Action>>, Option<Vec<f32>>);

/// Splits a video into blocks; they overlap by the number of frames for which a block yields no labels.
pub(crate) struct Blocks<'a> {
    model: &'a dyn InverseDynamics,
    /// Frames that are still needed. `first` is the number of the first of them.
    frames: Vec<Frame>,
    first: usize,
    actions: Vec<Option<Action>>,
    deviations: Option<Vec<f32>>,
    /// Number of frames kept after the last block was labeled, so that the end is not labeled twice.
    labeled: usize,
}

impl<'a> Blocks<'a> {
    pub(crate) fn new(model: &'a dyn InverseDynamics) -> Self {
        Self {
            model,
            frames: Vec::new(),
            first: 0,
            actions: Vec::new(),
            deviations: Some(Vec::new()),
            labeled: 0,
        }
    }

    pub(crate) fn push(&mut self, frame: Frame) -> Result<(), IdmError> {
        self.frames.push(frame);
        if self.frames.len() == BLOCK {
            let labels = self.model.label(&self.frames)?;
            let done = self.take(&labels);
            // The next block begins so that its first label follows this one's last; at least half of it is new.
            let keep = (BLOCK - done).min(BLOCK / 2);
            self.frames.drain(..BLOCK - keep);
            self.first += BLOCK - keep;
            self.labeled = keep;
        }
        Ok(())
    }

    /// Labels the remaining frames. If they are too few for the model, they have no actions.
    pub(crate) fn finish(mut self, count: usize) -> Result<Rows, IdmError> {
        if self.frames.len() > self.labeled {
            match self.model.label(&self.frames) {
                Ok(labels) => {
                    self.take(&labels);
                }
                Err(IdmError::TooShort { .. }) if !self.actions.is_empty() => {}
                Err(error) => return Err(error),
            }
        }
        self.actions.resize(count, None);
        let deviations = self.deviations.map(|mut d| {
            d.resize(count, 0.0);
            d
        });
        Ok((self.actions, deviations))
    }

    /// Stores labels at their frames; where blocks overlap the earlier ones are kept. Returns the number of frames of
    /// the block that need not be passed to the model again.
    fn take(&mut self, labels: &Labels) -> usize {
        for (i, action) in labels.actions.iter().enumerate() {
            let at = self.first + labels.start + i;
            if at < self.actions.len() {
                continue;
            }
            self.actions.resize(at, None);
            self.actions.push(Some(*action));
            match (&mut self.deviations, &labels.deviations) {
                (Some(all), Some(these)) => {
                    all.resize(at, 0.0);
                    all.push(these.get(i).copied().unwrap_or(0.0));
                }
                (all, _) => *all = None,
            }
        }
        labels.actions.len()
    }
}
