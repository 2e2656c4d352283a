//! Runs the experiment.
fn main() {}
