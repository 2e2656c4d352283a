//! One file per command: its arguments, and the library calls.

pub(crate) mod audit;
pub(crate) mod bench;
pub(crate) mod completions;
pub(crate) mod demos;
pub(crate) mod experiment;
pub(crate) mod finetune;
pub(crate) mod generate;
pub(crate) mod label;
#[cfg(feature = "parity")]
pub(crate) mod parity;
pub(crate) mod rate;
pub(crate) mod rollout;
pub(crate) mod score;
pub(crate) mod train;
