//! Actions for folders of PushT videos of any size, rate and format, from whichever model.
//!
//! [`find_videos`] lists what there is, [`Job`] labels it video by video ([`Method`]: the closed form, or any
//! [`pusht_data::InverseDynamics`]), [`write_dataset`] makes the data set and `label.json` of what can be trusted. A job
//! that was stopped goes on where it was, parts of it join to the same bytes, and a video that cannot be read is said in
//! its record and stops nothing. `docs/labelling.md` has the rules.

mod blocks;
mod dataset;
mod dataset_job;
mod error;
mod find;
mod job;
mod labels;
mod record;
mod report;
mod trust;
mod video;

pub use dataset::{Layout, write_dataset};
pub use dataset_job::DatasetJob;
pub use error::LabelError;
pub use find::find_videos;
pub use job::Job;
pub use labels::Labelled;
pub use record::{Measures, Stretch, VideoRecord};
pub use report::Summary;
pub use trust::{Doubt, LEAST_STRETCH, LONGEST_STRETCH};
pub use video::{Method, Settings};
