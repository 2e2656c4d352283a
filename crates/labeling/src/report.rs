//! `label.json`: findings for each video. The actions are in the dataset.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use pusht_jobs::{counted, write_file};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{LabelError, Labeled, Layout, RejectReason, VideoRecord};

/// Totals of a whole job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LabelingSummary {
    /// Videos of the job.
    pub videos: usize,
    /// Videos that could not be labeled at all.
    pub failed: usize,
    /// Episodes written, augmented copies included.
    pub episodes: usize,
    /// Frames at 10 Hz.
    pub frames: usize,
    /// Frames with a trusted action.
    pub trusted: usize,
    /// Frames without a trusted action, by reason.
    pub dropped: BTreeMap<RejectReason, usize>,
}

/// The totals in one line, without the reasons.
impl fmt::Display for LabelingSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            videos,
            failed,
            frames,
            trusted,
            episodes,
            ..
        } = self;
        write!(
            f,
            "{} ({failed} failed), {} labeled; {trusted} trusted, in {}",
            counted(*videos, "video"),
            counted(*frames, "frame"),
            counted(*episodes, "episode")
        )
    }
}

impl LabelingSummary {
    /// Adds a video whose segments become `copies` episodes each.
    pub(crate) fn add(&mut self, record: &VideoRecord, copies: usize) {
        self.videos += 1;
        self.failed += usize::from(record.error.is_some());
        self.episodes += copies * record.segments.len();
        self.frames += record.frames.resampled;
        self.trusted += record.trusted();
        for (reason, count) in &record.dropped {
            *self.dropped.entry(*reason).or_default() += count;
        }
    }
}

/// Writes `label.json` to the folder `out`, one line per video; every segment became `copies` episodes.
pub(crate) fn write(
    labeled: &Labeled,
    summary: &LabelingSummary,
    layout: Layout,
    copies: usize,
    out: &Path,
) -> Result<(), LabelError> {
    let mut episode = 0;
    let mut segments = |record: &VideoRecord| -> Vec<Value> {
        let places = record.segments.iter().map(|segment| {
            let first = episode;
            episode += copies;
            json!({"first_frame": segment.first, "frames": segment.actions.len(), "episode": first})
        });
        places.collect()
    };
    let path = out.join(Written::FILE);
    write_file(&path, |file| {
        writeln!(file, "{{\n\"idm\": {},", json!(labeled.idm()))?;
        writeln!(file, "\"fps\": {},", json!(labeled.settings().fps))?;
        writeln!(file, "\"layout\": {},", json!(layout))?;
        writeln!(file, "\"episodes_per_segment\": {copies},")?;
        write!(file, "\"summary\": {},\n\"videos\": [", json!(summary))?;
        for (index, record) in labeled.records().enumerate() {
            let record = record.map_err(std::io::Error::other)?;
            let mut value = json!(record);
            value["trusted"] = json!(record.trusted());
            value["segments"] = json!(segments(&record));
            let comma = if index > 0 { "," } else { "" };
            write!(file, "{comma}\n{value}")?;
        }
        file.write_all(b"\n]\n}\n")
    })
    .map_err(LabelError::io(&path))
}

/// The part of `label.json` that states how the dataset was written.
#[derive(Debug, PartialEq, Deserialize)]
pub(crate) struct Written {
    pub(crate) layout: Layout,
    #[serde(alias = "episodes_per_stretch")]
    pub(crate) episodes_per_segment: usize,
    pub(crate) summary: LabelingSummary,
}

impl Written {
    pub(crate) const FILE: &str = "label.json";

    /// Reads the record of the dataset in the folder `out`; `None` if there is none, as in datasets of earlier
    /// versions.
    pub(crate) fn read(out: &Path) -> Option<Self> {
        serde_json::from_slice(&pusht_jobs::read_file(out.join(Written::FILE)).ok()?).ok()
    }
}
