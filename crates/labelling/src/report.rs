//! `label.json`: what was found in each video. The actions are in the data set.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::{Value, json};

use crate::{Doubt, LabelError, Labelled, VideoRecord};

/// Numbers of a whole job.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Summary {
    /// Videos of the job.
    pub videos: usize,
    /// Videos that could not be labelled at all.
    pub failed: usize,
    /// Episodes written, augmented copies included.
    pub episodes: usize,
    /// Frames at 10 Hz.
    pub frames: usize,
    /// Frames with a trusted action.
    pub trusted: usize,
    /// The others, by the reason.
    pub dropped: BTreeMap<Doubt, usize>,
}

impl Summary {
    /// Adds a video of which every stretch becomes so many episodes.
    pub(crate) fn add(&mut self, record: &VideoRecord, copies: usize) {
        self.videos += 1;
        self.failed += usize::from(record.error.is_some());
        self.episodes += copies * record.stretches.len();
        self.frames += record.frames[1];
        self.trusted += record.trusted();
        for (doubt, count) in &record.dropped {
            *self.dropped.entry(*doubt).or_default() += count;
        }
    }
}

/// Writes it, a video a line, to the folder `out`; every stretch became `copies` episodes.
pub(crate) fn write(labelled: &Labelled, summary: &Summary, copies: usize, out: &Path) -> Result<(), LabelError> {
    let mut episode = 0;
    let mut stretches = |record: &VideoRecord| -> Vec<Value> {
        let places = record.stretches.iter().map(|stretch| {
            let first = episode;
            episode += copies;
            json!({"first_frame": stretch.first, "frames": stretch.actions.len(), "episode": first})
        });
        places.collect()
    };
    pusht_data::write_file(&out.join("label.json"), |file| {
        writeln!(file, "{{\n\"idm\": {},", json!(labelled.idm()))?;
        writeln!(file, "\"fps\": {},", json!(labelled.settings().fps))?;
        writeln!(file, "\"episodes_per_stretch\": {copies},")?;
        write!(file, "\"summary\": {},\n\"videos\": [", json!(summary))?;
        for (index, record) in labelled.records().enumerate() {
            let record = record.map_err(std::io::Error::other)?;
            let mut value = json!(record);
            value["trusted"] = json!(record.trusted());
            value["stretches"] = json!(stretches(&record));
            let comma = if index > 0 { "," } else { "" };
            write!(file, "{comma}\n{value}")?;
        }
        file.write_all(b"\n]\n}\n")
    })?;
    Ok(())
}
