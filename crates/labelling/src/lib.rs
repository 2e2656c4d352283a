#![doc = include_str!("../README.md")]

mod blocks;
mod dataset;
mod dataset_job;
mod error;
mod job;
mod labels;
mod record;
mod report;
mod trust;
mod video;

pub use dataset::{Layout, write_dataset};
pub use dataset_job::DatasetJob;
pub use error::{LabelError, VideoError};
pub use job::{Job, LabelFile};
pub use labels::Labelled;
pub use record::{Measures, Stretch, VideoRecord};
pub use report::Summary;
pub use trust::{Doubt, LEAST_STRETCH, LONGEST_STRETCH};
pub use video::{Method, Settings, VideoFacts, VideoLabeller, resampled};
