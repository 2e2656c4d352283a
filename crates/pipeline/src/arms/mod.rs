//! The arms: which frames, with which labels, every policy is trained on.

mod dataset;
mod list;

pub(crate) use dataset::{ArmDataset, ClipSet, DemoLabels, LabeledClips};
pub(crate) use list::{Arm, ArmData, DEMO, DEMO_MATCHED, GENERATED, chosen};
