//! Tests with requirements that some machines lack: without them, the test runner reports the tests as ignored.
#![doc = include_str!("../README.md")]

#[cfg(feature = "browser")]
pub mod browser;
mod fake_hub;
mod loopback;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

pub use fake_hub::{FakeHub, FakeRepo};
pub use libtest_mimic::Trial;
use libtest_mimic::{Arguments, Completion};
pub use loopback::{LoopbackReply, LoopbackRequest, LoopbackServer};

/// The folder of reference data named by the environment variable `PUSHT_REFERENCE`.
///
/// # Errors
/// The variable is not set, or empty.
///
/// # Panics
/// Panics if the variable names something that is not a folder: a test must not be skipped for a mistyped path.
pub fn reference() -> Result<PathBuf, String> {
    folder("PUSHT_REFERENCE", std::env::var_os("PUSHT_REFERENCE"))
}

#[allow(clippy::panic, reason = "this is how a test fails")]
fn folder(variable: &str, value: Option<OsString>) -> Result<PathBuf, String> {
    let Some(path) = value.filter(|v| !v.is_empty()).map(PathBuf::from) else {
        return Err(format!("{variable} is not set"));
    };
    if !path.is_dir() {
        panic!("{variable} names {}, which is not a folder", path.display());
    }
    Ok(path)
}

/// A test that is passed the result of `find`, or is ignored, with the reason, if `find` fails.
pub fn needing<T: 'static>(name: &str, find: fn() -> Result<T, String>, test: fn(&T)) -> Trial {
    Trial::ignorable_test(name, move || match find() {
        Ok(found) => {
            test(&found);
            Ok(Completion::Completed)
        }
        Err(reason) => Ok(Completion::ignored_with(reason)),
    })
}

/// Runs the tests with the options of the command line (those of `cargo test` and `cargo nextest`), and returns the
/// exit status.
pub fn run(tests: Vec<Trial>) -> ExitCode {
    libtest_mimic::run(&Arguments::from_args(), tests).exit_code()
}

/// Defines the `main` of a test file with `harness = false`, from the requirement of its tests and the tests.
#[macro_export]
macro_rules! main {
    ($find:path => [$($test:ident),+ $(,)?]) => {
        fn main() -> std::process::ExitCode {
            $crate::run(vec![$($crate::needing(stringify!($test), $find, |found| $test(found))),+])
        }
    };
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn ran(tests: Vec<Trial>) -> (String, [u64; 3]) {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        let arguments = Arguments {
            logfile: Some(log.to_string_lossy().into_owned()),
            ..Arguments::default()
        };
        let conclusion = libtest_mimic::run(&arguments, tests);
        let counts = [conclusion.num_passed, conclusion.num_failed, conclusion.num_ignored];
        (std::fs::read_to_string(log).unwrap(), counts)
    }

    #[test]
    fn what_is_missing_is_counted_as_ignored_with_its_reason() {
        fn found() -> Result<u8, String> {
            Ok(1)
        }
        fn missing() -> Result<u8, String> {
            Err("there is no moon".into())
        }
        let (log, counts) = ran(vec![
            needing("with", found, |n| assert_eq!(*n, 1)),
            needing("without", missing, |_| unreachable!("it does not run")),
        ]);
        assert_eq!(counts, [1, 0, 1], "{log}");
        assert!(log.contains("without ... ignored (there is no moon)"), "{log}");
    }

    #[test]
    fn a_test_fails_where_what_was_named_is_not_there() {
        fn gone() -> Result<PathBuf, String> {
            folder("PUSHT_REFERENCE", Some("/nowhere/at all".into()))
        }
        let (log, counts) = ran(vec![needing("mistyped", gone, |_| {})]);
        assert_eq!(counts, [0, 1, 0], "{log}");
        assert!(log.contains("/nowhere/at all"), "{log}");
    }

    #[test]
    fn an_empty_variable_is_none() {
        assert_eq!(folder("X", None).unwrap_err(), "X is not set");
        assert_eq!(folder("X", Some("".into())).unwrap_err(), "X is not set");
        assert_eq!(folder("X", Some("/".into())).unwrap(), PathBuf::from("/"));
    }
}
