//! Runs every input of `fuzz/corpus` through its reader: no panic, no abort, an end.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use fuzz_targets::FuzzTarget;
use libtest_mimic::{Arguments, Failed, Trial};

/// Longest time of one input. The limit of the fuzzer is 10 s; a test machine may be busy.
const LONGEST: Duration = Duration::from_secs(60);

fn main() -> ExitCode {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus");
    let trial = |target: &FuzzTarget| {
        let (target, folder) = (*target, folder.join(target.name()));
        Trial::test(target.name(), move || replay(target, &folder))
    };
    let trials = FuzzTarget::ALL.iter().map(trial).collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

/// Runs the inputs of one target in a thread of its own, which is given up if one of them does not end.
fn replay(target: FuzzTarget, folder: &Path) -> Result<(), Failed> {
    let files = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = files.map(|entry| Ok(entry?.path())).collect::<std::io::Result<_>>()?;
    files.sort();
    if files.is_empty() {
        return Err(format!("{} is empty; the example make_corpus fills it", folder.display()).into());
    }
    let (done, results) = channel();
    let inputs = files.clone();
    thread::spawn(move || {
        for input in inputs {
            let Ok(bytes) = fs::read(&input) else {
                return;
            };
            let start = Instant::now();
            target.run(&bytes);
            if done.send(start.elapsed()).is_err() {
                return;
            }
        }
    });
    let mut slowest = (Duration::ZERO, None);
    for file in &files {
        let name = file.display();
        match results.recv_timeout(LONGEST) {
            Ok(took) if took >= slowest.0 => slowest = (took, Some(name.to_string())),
            Ok(_) => {}
            Err(RecvTimeoutError::Timeout) => return Err(format!("{name}: no end after {LONGEST:?}").into()),
            Err(RecvTimeoutError::Disconnected) => return Err(format!("{name}: a panic, see above").into()),
        }
    }
    if let (took, Some(name)) = slowest {
        eprintln!(
            "{}: {} inputs, the slowest {took:.1?}: {name}",
            target.name(),
            files.len()
        );
    }
    Ok(())
}
