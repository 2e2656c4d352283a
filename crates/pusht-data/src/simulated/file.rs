//! The file of a simulated set: JSON lines, so that any language reads it and an interrupted writer leaves whole
//! episodes.
//!
//! The first line is the header. Then follows one line per episode, in order. Numbers are written in the shortest form
//! that reads back to the same bits. While episodes are being made, the same lines, in any order, are appended to
//! `PATH.partial`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::ops::Range;
use std::path::Path;

use pusht_jobs::{JournalScan, Shard, begins_with};
use serde::{Deserialize, Serialize};

use super::{SeededTrajectory, SimulatedSet, Simulation, Start};
use crate::{DataError, atomic};

const FORMAT: &str = "pusht-simulated-episodes";
const VERSION: u32 = 1;
const EXPECTED: &str = "a file of simulated episodes (JSON lines, as `pusht demos record` writes them)";

/// The first line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Header {
    format: String,
    version: u32,
    pub episodes: usize,
    pub source: String,
    pub actions: String,
    pub simulation: Simulation,
    pub settings: serde_json::Value,
    /// Only in the file of a part.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<Part>,
}

/// Header fields of the file of a part.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Part {
    pub shard: Shard,
    /// Hash of the starts of the whole set, which no part contains.
    starts: String,
}

impl Part {
    pub fn new(shard: Shard, starts: &[Start]) -> Self {
        let json = serde_json::to_vec(starts).expect("starts are JSON");
        // FNV-1a.
        let hash = json.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let starts = format!("{hash:016x}");
        Self { shard, starts }
    }
}

impl Header {
    pub fn new(
        episodes: usize,
        source: &str,
        actions: &str,
        simulation: Simulation,
        settings: &serde_json::Value,
    ) -> Self {
        Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            episodes,
            source: source.to_owned(),
            actions: actions.to_owned(),
            simulation,
            settings: settings.clone(),
            part: None,
        }
    }

    /// The header of a part of the set.
    pub fn of_part(self, part: Option<Part>) -> Self {
        Self { part, ..self }
    }

    /// Whether this and another part belong to one set.
    pub fn same_set(&self, other: &Self) -> bool {
        let starts = |header: &Self| header.part.as_ref().map(|part| part.starts.clone());
        starts(self) == starts(other) && self.clone().of_part(None) == other.clone().of_part(None)
    }

    /// Indices of the episodes in the file.
    pub fn range(&self) -> Range<usize> {
        match &self.part {
            Some(part) => part.shard.range(self.episodes),
            None => 0..self.episodes,
        }
    }
}

/// Every other line.
#[derive(Serialize, Deserialize)]
pub(super) struct Line {
    pub index: usize,
    #[serde(flatten)]
    pub trajectory: SeededTrajectory,
}

/// Whether a file begins like those of this format, whatever follows.
pub(crate) fn is_ours(path: &Path) -> bool {
    begins_with(path, format!("{{\"format\":\"{FORMAT}\""))
}

impl SimulatedSet {
    /// Whether a file begins like those of simulated sets and of their parts.
    pub fn is_ours(path: impl AsRef<Path>) -> bool {
        is_ours(path.as_ref())
    }

    /// Reads a file that [`SimulatedSet::save`] wrote.
    ///
    /// # Errors
    /// A missing file, another format or version, a truncated file, and the errors of [`SimulatedSet::new`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self, DataError> {
        let set = read(path.as_ref())?;
        set.check()?;
        Ok(set)
    }

    /// Writes a text file with one line per episode, under a temporary name first, then renamed.
    ///
    /// # Errors
    /// A path that cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), DataError> {
        write(self, path.as_ref())
    }
}

fn read(path: &Path) -> Result<SimulatedSet, DataError> {
    let (header, trajectories) = read_finished(path)?;
    if let Some(part) = &header.part {
        return Err(DataError::Unrecognized {
            path: path.to_path_buf(),
            found: format!("part {} of a set of {} episodes", part.shard, header.episodes),
            expected: "a whole set; join all parts with `pusht demos merge`",
        });
    }
    Ok(header.set(path, trajectories))
}

impl Header {
    /// The set of these episodes.
    pub fn set(self, path: &Path, trajectories: Trajectories) -> SimulatedSet {
        SimulatedSet {
            path: path.to_path_buf(),
            source: self.source,
            actions: self.actions,
            simulation: self.simulation,
            settings: self.settings,
            trajectories: trajectories.into_values().collect(),
        }
    }
}

/// Reads a file that has all the episodes its header announces, of a set or of a part.
pub(super) fn read_finished(path: &Path) -> Result<(Header, Trajectories), DataError> {
    let (header, trajectories) = lines(path)?;
    if let Some(index) = header.range().find(|i| !trajectories.contains_key(i)) {
        return Err(unreadable(
            path,
            format!("episode {index}"),
            format!(
                "the file holds {} of {} episodes",
                trajectories.len(),
                header.range().len()
            ),
        ));
    }
    Ok((header, trajectories))
}

/// Episodes by their index.
pub(super) type Trajectories = BTreeMap<usize, SeededTrajectory>;

/// Reads what an interrupted writer left: the header and the complete episodes.
pub(super) fn read_journal(path: &Path) -> Result<(JournalScan<Header>, Trajectories), DataError> {
    let scan = JournalScan::<Header>::read(path)?;
    let mut trajectories = Trajectories::new();
    for line in scan.lines::<Line>()? {
        let Line { index, trajectory } = line?;
        if !scan.header.range().contains(&index) {
            return Err(outside(path, format!("episode {index}"), &scan.header));
        }
        trajectories.insert(index, trajectory);
    }
    Ok((scan, trajectories))
}

fn lines(path: &Path) -> Result<(Header, Trajectories), DataError> {
    let file = pusht_jobs::open_file(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => DataError::NotFound {
            path: path.to_path_buf(),
            expected: EXPECTED,
        },
        _ => unreadable(path, "the file".to_owned(), e.to_string()),
    })?;
    let mut lines = BufReader::new(file).lines();
    let first = lines.next().transpose().ok().flatten().unwrap_or_default();
    let header = header(path, &first)?;
    let mut trajectories = BTreeMap::new();
    for (number, line) in lines.enumerate() {
        let item = || format!("line {}", number + 2);
        let parsed = line
            .map_err(|e| e.to_string())
            .and_then(|text| serde_json::from_str::<Line>(&text).map_err(|e| e.to_string()));
        let line = match parsed {
            Ok(line) => line,
            Err(reason) => return Err(unreadable(path, item(), reason)),
        };
        if !header.range().contains(&line.index) {
            return Err(outside(path, item(), &header));
        }
        let index = line.index;
        if trajectories.insert(index, line.trajectory).is_some() {
            return Err(unreadable(path, item(), format!("it is episode {index} a second time")));
        }
    }
    Ok((header, trajectories))
}

fn header(path: &Path, line: &str) -> Result<Header, DataError> {
    let unrecognized = |found: String| DataError::Unrecognized {
        path: path.to_path_buf(),
        found,
        expected: EXPECTED,
    };
    let value: serde_json::Value = serde_json::from_str(line)
        .map_err(|_| unrecognized("its first line is not the header of such a file".to_owned()))?;
    if value["format"] != FORMAT {
        return Err(unrecognized(format!("its format is {}", value["format"])));
    }
    if value["version"] != VERSION {
        return Err(unrecognized(format!(
            "it has version {}, this program reads {VERSION}",
            value["version"]
        )));
    }
    serde_json::from_value(value).map_err(|e| unreadable(path, "the header".to_owned(), e.to_string()))
}

/// Error for an episode that the header does not announce.
fn outside(path: &Path, item: String, header: &Header) -> DataError {
    let range = header.range();
    unreadable(
        path,
        item,
        format!("it is not one of the episodes {}..{}", range.start, range.end),
    )
}

fn unreadable(path: &Path, item: String, reason: String) -> DataError {
    DataError::Unreadable {
        path: path.to_path_buf(),
        item,
        reason,
    }
}

fn write(set: &SimulatedSet, path: &Path) -> Result<(), DataError> {
    let header = Header::new(set.len(), &set.source, &set.actions, set.simulation, &set.settings);
    write_all(path, &header, set.trajectories.iter().enumerate())
}

/// Writes a header and episodes with their indices, under a temporary name first, then renamed.
pub(super) fn write_all<'a>(
    path: &Path,
    header: &Header,
    mut trajectories: impl Iterator<Item = (usize, &'a SeededTrajectory)>,
) -> Result<(), DataError> {
    atomic::write_file(path, |out| {
        line(out, header)?;
        trajectories.try_for_each(|(index, trajectory)| append(out, index, trajectory))
    })
}

/// Writes one line.
fn line(out: &mut (impl Write + ?Sized), value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Writes one episode.
fn append(out: &mut (impl Write + ?Sized), index: usize, trajectory: &SeededTrajectory) -> std::io::Result<()> {
    let trajectory = trajectory.clone();
    line(out, &Line { index, trajectory })
}
