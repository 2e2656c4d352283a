//! Reads folders of PNG files, frame by frame.

use crate::Frame;
use crate::error::VideoIoError;
use crate::extensions::is_png_file;
use crate::read::errors::{decode_error, read_error};
use image::{ImageReader, Limits};
use pusht_jobs::{begins_with, is_hidden, is_lfs_pointer, open_file};
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::{fs, io};

use super::LARGEST;

/// First bytes of pictures that are often named `.png`, and what they are.
const OTHERS: [(&[u8], &str); 4] = [
    (b"\xFF\xD8\xFF", "a JPEG picture"),
    (b"GIF8", "a GIF"),
    (b"RIFF", "a WebP picture"),
    (b"BM", "a BMP picture"),
];

/// An open folder of PNG files.
pub(crate) struct FolderSource {
    files: Vec<PathBuf>,
    times: Vec<i64>,
    next: usize,
}

impl FolderSource {
    pub(crate) fn open(path: &Path) -> Result<Self, VideoIoError> {
        let mut files: Vec<PathBuf> = fs::read_dir(path)
            .and_then(|entries| entries.map(|e| Ok(e?.path())).collect::<io::Result<_>>())
            .map_err(read_error(path))?;
        files.retain(|file| is_png_file(file) && !is_hidden(file));
        if files.is_empty() {
            return Err(VideoIoError::NoPngs { path: path.into() });
        }
        files.sort_by_cached_key(|f| natural_key(&f.file_name().unwrap_or_default().to_string_lossy()));
        let times = times(&files);
        Ok(Self { files, times, next: 0 })
    }

    pub(crate) fn len(&self) -> usize {
        self.files.len()
    }

    /// The next frame and its time.
    pub(crate) fn next_frame(&mut self) -> Result<Option<(Frame, i64)>, VideoIoError> {
        let Some(file) = self.files.get(self.next) else {
            return Ok(None);
        };
        let time = self.times.get(self.next).copied().unwrap_or_default();
        self.next += 1;
        Ok(Some((read_png(file)?, time)))
    }
}

fn read_png(path: &Path) -> Result<Frame, VideoIoError> {
    let mut reader = ImageReader::new(BufReader::new(open_file(path).map_err(read_error(path))?));
    reader.set_format(image::ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_alloc = Some(LARGEST);
    reader.limits(limits);
    let decoded = reader
        .decode()
        .map_err(|e| match OTHERS.iter().find(|(start, _)| begins_with(path, start)) {
            _ if is_lfs_pointer(path) => VideoIoError::LfsPointer { path: path.into() },
            Some((_, found)) => VideoIoError::NotPng {
                path: path.into(),
                found,
            },
            None => decode_error(path, "PNG file", e),
        })?;
    Ok(decoded.into_rgb8())
}

/// Longest gap in the numbers of a folder, frames: no more are missing than need to be told.
const LONGEST_GAP: u64 = 20;

/// The times of files, in frames: where the last numbers in their names leave out some, frames are missing. Names that differ
/// in more than this number, or whose numbers mostly grow by other steps, count as they come.
fn times(files: &[PathBuf]) -> Vec<i64> {
    let numbered = |file: &PathBuf| {
        let stem = file.file_stem()?.to_str()?;
        let start = stem.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        Some((stem[..start].to_owned(), stem[start..].parse::<u64>().ok()?))
    };
    let counted = || (0..files.len()).map(|index| index as i64).collect();
    let Some(numbers) = files.iter().map(numbered).collect::<Option<Vec<_>>>() else {
        return counted();
    };
    let steps: Option<Vec<u64>> = (numbers.windows(2))
        .map(|pair| {
            pair[1]
                .1
                .checked_sub(pair[0].1)
                .filter(|step| *step > 0 && pair[0].0 == pair[1].0)
        })
        .collect();
    let Some(steps) = steps else {
        return counted();
    };
    let mut sorted = steps.clone();
    sorted.sort_unstable();
    let usual = sorted.get(sorted.len() / 2).copied().unwrap_or(1);
    if steps.iter().any(|step| !step.is_multiple_of(usual)) {
        return counted();
    }
    let mut time = 0;
    let after = steps.iter().map(|step| {
        time += (step / usual).min(LONGEST_GAP) as i64;
        time
    });
    std::iter::once(0).chain(after).take(files.len()).collect()
}

/// Sort key: the name split into text and numbers. Leading zeros are ignored; ties are broken by the name itself.
fn natural_key(name: &str) -> (Vec<(String, usize, String)>, String) {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, after) = rest.split_at(digits);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(end);
        let number = number.trim_start_matches('0');
        // Numbers of any length: the shorter one is smaller, equal lengths compare as text.
        parts.push((text.to_owned(), number.len(), number.to_owned()));
        rest = after;
    }
    (parts, name.to_owned())
}

#[cfg(test)]
#[path = "../../tests/unit/png_folder.rs"]
mod tests;
