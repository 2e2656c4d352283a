//! Recordings of LTX-Video.
#![allow(clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use ltx_video::parity::MODELS;
use model_parity::compare;

/// Checks that the folders in `folder` whose names begin with one of `starts` are reproduced, with nothing left
/// uncompared; returns their number.
pub fn all_reproduced(folder: &Path, starts: &[&str]) -> usize {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    let mut wrong = Vec::new();
    let mut compared = 0;
    for folder in folders {
        let name = folder.file_name().unwrap().to_string_lossy().to_string();
        if !starts.iter().any(|start| name.starts_with(start)) {
            continue;
        }
        compared += 1;
        let problems = match compare(&folder, MODELS, &Device::flex()) {
            Ok(report) => report.problems(),
            Err(error) => vec![error.to_string()],
        };
        wrong.extend(problems.iter().map(|problem| format!("{name}: {problem}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    compared
}
