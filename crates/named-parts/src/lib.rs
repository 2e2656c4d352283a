#![doc = include_str!("../README.md")]

mod arguments;
mod data_options;
pub mod hub;
mod policy_choice;
mod world_choice;

pub use arguments::{chosen_device, device_name, finite, gigabytes, similar};
pub use data_options::DataOptions;
pub use policy_choice::{GRADED_POLICIES, PolicyChoice, is_built_in_policy, locate_policy};
pub use world_choice::{LoadedWorld, WorldChoice, world_names};
