//! Labels one video: frames are read, registered, tracked and labeled one at a time; only those in the window of the
//! inverse dynamics model are kept.

use std::path::Path;

use pusht_data::InverseDynamics;
use pusht_env::{Frame, Pose};
use pusht_vision::{ActionSmoother, Registrar, Registration, Tracked, Tracker, VideoSize};
use serde::{Deserialize, Serialize};
use video_io::{Rate, RawFrame, Resampled, VideoReader, content_hash};

use crate::blocks::Blocks;
use crate::counts::HZ;
use crate::frame_labels::{TrackedFrames, VideoFacts};
use crate::later_board::later_board;
use crate::record::VideoRecord;
use crate::{LabelError, VideoError};

/// The inverse dynamics method of a job.
pub enum LabelMethod<'a> {
    /// The agent's law of motion, inverted on the tracked positions; needs no trained model.
    ClosedForm(ActionSmoother),
    /// A model that reads frames, such as `LearnedIdm` of the crate `idm`.
    Model(&'a dyn InverseDynamics),
}

impl LabelMethod<'_> {
    /// Name of the method in records and provenance.
    pub fn name(&self) -> String {
        match self {
            Self::ClosedForm(_) => "closed form".to_owned(),
            Self::Model(model) => model.name(),
        }
    }
}

/// How the videos of a job are read; part of the identity of its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Frame rate of all videos, frames per second; overrides the rates stated in the files. `None` (the default) uses
    /// the stated rates, and 10 Hz for folders of PNG files, which state none. Set it only if the files state a wrong
    /// rate.
    pub fps: Option<u32>,
}

impl Settings {
    pub(crate) fn rate(self) -> Rate {
        self.fps.map_or(Rate::Stated, Rate::Fixed)
    }
}

/// Registers and tracks frames; built once for a job.
pub(crate) struct BoardReader {
    registrar: Registrar,
    tracker: Tracker,
}

impl BoardReader {
    pub(crate) fn new(goal: Pose) -> Result<Self, LabelError> {
        Ok(Self {
            registrar: Registrar::new(goal)?,
            tracker: Tracker::new(goal)?,
        })
    }

    /// Labels a video. If that fails, the record holds the error.
    pub(crate) fn label(&self, path: &Path, method: &LabelMethod<'_>, settings: Settings) -> VideoRecord {
        // Hashed before the frames are read, so that a video that changes meanwhile is recognized as changed.
        let content = content_hash(path).unwrap_or_default();
        match self.try_label(path, method, settings) {
            Ok(record) => VideoRecord { content, ..record },
            Err(error) => VideoRecord::failed(path.to_path_buf(), content, error.to_string()),
        }
    }

    fn try_label(&self, path: &Path, method: &LabelMethod<'_>, settings: Settings) -> Result<VideoRecord, VideoError> {
        let reader = VideoReader::open(path)?;
        let codec = reader.codec().to_owned();
        let mut frames = Resampled::new(reader, settings.rate(), HZ);
        let (mut registration, mut size, mut last) = (None, VideoSize::default(), None);
        let mut labeler = VideoLabeler::new(method);
        while let Some(picked) = frames.next_raw()? {
            let map = match registration {
                Some(map) => map,
                None => {
                    size = picked.frame.dimensions().into();
                    let register = |frame: &Frame| self.registrar.register(frame);
                    let found = register(&picked.frame.to_rgb());
                    let later = || later_board(path, settings.rate(), register);
                    *registration.insert(found.or_else(|error| later().ok_or(error))?)
                }
            };
            let frame = resampled(&map, &picked.frame);
            // A picture that the video shows longer stands for as many frames.
            let repeated = last == Some(picked.index) && !picked.held;
            last = Some(picked.index);
            let tracked = self.tracker.track_after(&frame, labeler.last())?;
            labeler.push(&frame, tracked, repeated)?;
        }
        if frames.is_unclear() {
            labeler.set_unclear_times();
        }
        labeler.finish(VideoFacts {
            video: path.to_path_buf(),
            codec,
            size,
            frames: frames.frames_read(),
            registration,
        })
    }
}

/// Labels one video frame by frame; the caller reads the frames. Only a model's window of frames is kept.
pub struct VideoLabeler<'a> {
    method: &'a LabelMethod<'a>,
    model: Option<Blocks<'a>>,
    frames: TrackedFrames,
}

impl<'a> VideoLabeler<'a> {
    /// A labeler for one video.
    pub fn new(method: &'a LabelMethod<'a>) -> Self {
        Self {
            method,
            model: match method {
                LabelMethod::Model(model) => Some(Blocks::new(*model)),
                LabelMethod::ClosedForm(_) => None,
            },
            frames: TrackedFrames::default(),
        }
    }

    /// Tracking result of the last frame, for [`Tracker::track_after`] on the next one.
    pub fn last(&self) -> Option<&Tracked> {
        self.frames.last()
    }

    /// Adds the next frame at 10 Hz, 96 × 96, with its tracking result, obtained with
    /// `tracker.track_after(frame, labeler.last())`; `repeated` is true if the video has no new frame here and does not
    /// say that the picture stays.
    ///
    /// # Errors
    /// A frame of another size; an error of the inverse dynamics model.
    pub fn push(&mut self, frame: &Frame, tracked: Tracked, repeated: bool) -> Result<(), VideoError> {
        self.frames.push(frame, tracked, repeated)?;
        match &mut self.model {
            Some(model) => Ok(model.push(frame.clone())?),
            None => Ok(()),
        }
    }

    /// Trusts no action of the video, because it is not known which frames are 0.1 s apart ([`Resampled::is_unclear`]).
    pub fn set_unclear_times(&mut self) {
        self.frames.set_unclear_times();
    }

    /// Returns the labels of all frames; [`VideoRecord::content`] is left empty.
    ///
    /// # Errors
    /// Fewer than two frames; an error of the inverse dynamics model.
    pub fn finish(self, facts: VideoFacts) -> Result<VideoRecord, VideoError> {
        let count = self.frames.count()?;
        let labels = match (self.method, self.model) {
            (LabelMethod::ClosedForm(smoother), _) => self.frames.closed_form(smoother)?,
            (LabelMethod::Model(_), Some(model)) => self.frames.labels(model.finish(count)?),
            (LabelMethod::Model(_), None) => self.frames.labels((vec![None; count], None)),
        };
        labels.into_record(facts)
    }
}

/// Resamples a frame to the 96 × 96 that the tracker reads. Only the pixels that are needed are converted to RGB.
pub fn resampled(map: &Registration, frame: &RawFrame) -> Frame {
    map.resample_with(frame.dimensions(), |y, columns, out| frame.read(y, columns, out))
}
