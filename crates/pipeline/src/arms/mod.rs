//! The arms: which frames, with which labels, every policy is trained on.

mod list;
mod material;

pub(crate) use list::{ARMS, Arm, ArmData, DEMO, DEMO_MATCHED, GENERATED};
pub(crate) use material::{DemoLabels, Material};
