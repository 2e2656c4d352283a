//! The arms: which frames, with which labels, every policy is trained on.

mod dataset;
mod list;

pub(crate) use dataset::{ArmDataset, DemoLabels};
pub(crate) use list::{ARMS, Arm, ArmData, DEMO, DEMO_MATCHED, GENERATED};
