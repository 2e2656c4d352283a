//! Every family of models on the backend under test beside the CPU; each test prints what it measured. Without an adapter all
//! of them are ignored, with the reason.

use std::process::ExitCode;

use backend_tests::{backend_tests, find_backend};

fn main() -> ExitCode {
    let tests = backend_tests().into_iter();
    test_support::run(
        tests
            .map(|(name, test)| test_support::needing(name, find_backend, test))
            .collect(),
    )
}
