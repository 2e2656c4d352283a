#![doc = include_str!("../README.md")]

mod blocks;
mod counts;
mod dataset;
mod dataset_job;
mod error;
mod job;
mod labels;
mod layout;
mod notes;
mod record;
mod report;
mod trust;
mod video;

pub use counts::{FrameCounts, TrackConfidence, VideoSize};
pub use dataset::write_dataset;
pub use dataset_job::DatasetJob;
pub use error::{LabelError, VideoError};
pub use job::{Job, LabelFile};
pub use labels::Labelled;
pub use layout::Layout;
pub use notes::VideoNote;
pub use record::{Measures, Stretch, VideoRecord};
pub use report::Summary;
pub use trust::{Doubt, LEAST_STRETCH, LONGEST_STRETCH};
pub use video::{Method, Settings, VideoFacts, VideoLabeller, resampled};
