#![doc = include_str!("../README.md")]

mod blocks;
mod counts;
mod dataset;
mod dataset_job;
mod error;
mod frame_labels;
mod job;
mod jumps;
mod labels;
mod later_board;
mod layout;
mod notes;
mod record;
mod report;
mod trust;
mod video;

pub use counts::{FrameCounts, TrackConfidence};
pub use dataset::write_dataset;
pub use dataset_job::{DatasetJob, LabeledDataset, write_joined};
pub use error::{LabelError, VideoError};
pub use frame_labels::{FrameLabels, TrackedFrames, VideoFacts};
pub use job::{LabelFile, LabelJob};
pub use labels::Labeled;
pub use later_board::later_board;
pub use layout::Layout;
pub use notes::VideoNote;
pub use record::{Measures, Segment, VideoRecord};
pub use report::LabelingSummary;
pub use trust::{MAX_SEGMENT_FRAMES, MIN_SEGMENT_FRAMES, RejectReason};
pub use video::{LabelMethod, Settings, VideoLabeler, resampled};
