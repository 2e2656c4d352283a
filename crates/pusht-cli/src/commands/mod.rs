//! One file a command: its arguments, and what it has the libraries do.

pub(crate) mod audit;
pub(crate) mod completions;
pub(crate) mod experiment;
pub(crate) mod finetune;
pub(crate) mod generate;
