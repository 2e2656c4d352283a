//! The tables of episodes in `meta/episodes`: where the rows and the frames of each episode are.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use parquet_numbers::{NumberTable, TableError};
use pusht_jobs::is_hidden;

use super::FPS;
use super::info::{INFO, Info};
use crate::DataError;

/// Where an episode is.
pub(super) struct Place {
    /// Its number, `episode_index`.
    pub(super) number: usize,
    pub(super) length: usize,
    /// Its rows, by their `index`, if stated.
    pub(super) rows: Option<Range<usize>>,
    /// Numbers of chunk and file.
    pub(super) data: [usize; 2],
    pub(super) video: [usize; 2],
    /// Its first frame in the video, s.
    pub(super) from: f64,
    /// Its frames come before this time, s, if it is stated or another episode begins there.
    pub(super) to: Option<f64>,
}

/// The episodes of a dataset, by their numbers.
///
/// # Errors
/// Tables that cannot be read, numbers that cannot be meant, two episodes of one number or at one time of a video, or another
/// number of episodes or rows than `meta/info.json` states.
pub(super) fn read(path: &Path, info: &Info) -> Result<Vec<Place>, DataError> {
    let layout = |expected: String, found: String| DataError::Layout {
        path: path.to_path_buf(),
        array: "meta/episodes".to_owned(),
        expected,
        found,
    };
    let mut places = Vec::new();
    for folder in listed(&path.join("meta/episodes")) {
        for file in listed(&folder) {
            if file.extension().is_some_and(|e| e == "parquet") {
                places.append(&mut table(&file, &info.image)?);
            }
        }
    }
    if places.is_empty() {
        return Err(layout("at least one episode".to_owned(), "none".to_owned()));
    }
    let total = |key: &str, stated: Option<u64>, counted: u64| match stated {
        Some(stated) if stated != counted => Err(layout(
            format!("{stated}, the {key} of {INFO}"),
            format!("{counted}; a table is missing, or {INFO} is of another dataset"),
        )),
        _ => Ok(()),
    };
    total("total_episodes", info.episodes, places.len() as u64)?;
    let rows = places.iter().map(|place| place.length as u64);
    total("total_frames", info.frames, rows.fold(0, u64::saturating_add))?;
    places.sort_by_key(|place| place.number);
    if let Some(pair) = places.windows(2).find(|pair| pair[0].number == pair[1].number) {
        return Err(layout(
            "every episode once".to_owned(),
            format!("episode {} twice", pair[0].number),
        ));
    }
    bound(&mut places).map_err(|(a, b)| {
        layout(
            "every episode at its own time of the video (from_timestamp)".to_owned(),
            format!("episodes {a} and {b} at the same time of the same video"),
        )
    })?;
    Ok(places)
}

/// Ends every episode in its video where the next one begins; the numbers of two episodes that begin together.
fn bound(places: &mut [Place]) -> Result<(), (usize, usize)> {
    let mut videos: BTreeMap<[usize; 2], Vec<usize>> = BTreeMap::new();
    for (at, place) in places.iter().enumerate() {
        videos.entry(place.video).or_default().push(at);
    }
    let row = 1.0 / f64::from(FPS);
    for episodes in videos.values_mut() {
        episodes.sort_by(|&a, &b| places[a].from.total_cmp(&places[b].from));
        for pair in episodes.windows(2) {
            let next = places[pair[1]].from;
            let place = &mut places[pair[0]];
            if next - place.from < row / 2.0 {
                return Err((place.number, places[pair[1]].number));
            }
            // Half a row, because times are rounded.
            let next = next - row / 2.0;
            place.to = Some(place.to.map_or(next, |to| to.min(next)));
        }
    }
    Ok(())
}

/// The episodes of one table.
fn table(file: &Path, image: &str) -> Result<Vec<Place>, TableError> {
    let [video_chunk, video_file, from, to] = ["chunk_index", "file_index", "from_timestamp", "to_timestamp"]
        .map(|column| format!("videos/{image}/{column}"));
    let counts = [
        "episode_index",
        "length",
        "data/chunk_index",
        "data/file_index",
        &video_chunk,
        &video_file,
    ];
    const ROWS: [&str; 2] = ["dataset_from_index", "dataset_to_index"];
    let names: Vec<&str> = counts.into_iter().chain(ROWS).chain([&*from, &to]).collect();
    let columns = NumberTable::read(file, &names)?;
    let whole = |name: &str| columns.needed(name, columns.counts(name)?);
    let [number, length, data_chunk, data_file, video_chunk, video_file] = [
        whole(counts[0])?,
        whole(counts[1])?,
        whole(counts[2])?,
        whole(counts[3])?,
        whole(counts[4])?,
        whole(counts[5])?,
    ];
    let rows = columns.counts(ROWS[0])?.zip(columns.counts(ROWS[1])?);
    let begins = columns.needed(&from, columns.times(&from)?)?;
    let ends = columns.times(&to)?;
    let place = |row: usize| {
        let rows = rows.as_ref().map(|(from, to)| from[row]..to[row]);
        if let Some(range) = rows.as_ref()
            && range.end.checked_sub(range.start) != Some(length[row])
        {
            let expected = "dataset_from_index and length together";
            return Err(columns.value(ROWS[1], row, range.end.to_string(), expected));
        }
        let ends = ends.as_ref().map(|ends| ends[row]);
        if let Some(end) = ends.filter(|&end| end < begins[row]) {
            return Err(columns.value(&to, row, end.to_string(), "a time after from_timestamp"));
        }
        Ok(Place {
            number: number[row],
            length: length[row],
            rows,
            data: [data_chunk[row], data_file[row]],
            video: [video_chunk[row], video_file[row]],
            from: begins[row],
            to: ends,
        })
    };
    (0..columns.rows()).map(place).collect()
}

/// What is in a folder and not hidden, by name.
fn listed(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder);
    let mut paths: Vec<PathBuf> = entries
        .map(|e| e.flatten().map(|e| e.path()).collect())
        .unwrap_or_default();
    paths.retain(|path| !is_hidden(path));
    paths.sort();
    paths
}
