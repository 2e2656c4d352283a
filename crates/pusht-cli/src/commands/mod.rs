//! One file a command: its arguments, and what it has the libraries do.

pub(crate) mod completions;
pub(crate) mod experiment;
