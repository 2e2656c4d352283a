#![doc = include_str!("../README.md")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "these are tests, and their measurements"
)]
#![recursion_limit = "256"]

mod backend;
mod compare;
mod files;
mod fitting;
mod kernels;
mod layers;
mod numbers;
mod policies;
mod precision;
mod published;
mod rollouts;
mod sampling;
mod worlds;

pub use backend::{BackendTest, find_backend};

/// All tests, families of models first.
pub fn backend_tests() -> Vec<BackendTest> {
    [
        policies::TESTS,
        worlds::TESTS,
        published::TESTS,
        kernels::TESTS,
        layers::TESTS,
        sampling::TESTS,
        fitting::TESTS,
        files::TESTS,
        precision::TESTS,
        rollouts::TESTS,
    ]
    .concat()
}
