//! Writes the dataset of trusted segments.

use std::fs;
use std::path::Path;

use pusht_data::{DataError, Episode, Provenance, Transform, write_replay_buffer};
use pusht_env::{GOAL, State};
use pusht_jobs::JobContext;
use video_io::{Resampled, VideoIoError, VideoReader};

use crate::counts::HZ;
use crate::report::{self, LabelingSummary};
use crate::video::resampled;
use crate::{LabelError, Labeled, Layout, Segment, VideoRecord};

/// Writes the trusted segments as episodes to the folder `out`, with `label.json` in it; frames are read from the
/// videos again. `augment` adds the seven flips and quarter turns of each. If nothing can be trusted, only `label.json`
/// is written. Progress counts frames.
///
/// # Errors
/// `out` exists; a video has changed since it was labeled; `out` cannot be written.
pub fn write_dataset(
    labeled: &Labeled,
    out: &Path,
    layout: Layout,
    augment: bool,
    ctx: &mut JobContext,
) -> Result<LabelingSummary, LabelError> {
    if out.exists() {
        return Err(LabelError::Exists {
            path: out.to_path_buf(),
        });
    }
    let transforms = transforms(augment);
    let (mut summary, mut lengths) = (LabelingSummary::default(), Vec::new());
    for record in labeled.records() {
        let record = record?;
        summary.add(&record, transforms.len());
        for segment in &record.segments {
            lengths.extend(std::iter::repeat_n(segment.actions.len(), transforms.len()));
        }
    }
    let episodes = labeled
        .records()
        .enumerate()
        .flat_map(|(index, record)| Episodes::new(labeled, record, index, &transforms));
    if lengths.is_empty() {
        fs::create_dir_all(out).map_err(LabelError::io(out))?;
    } else {
        match layout {
            Layout::Zarr => write_replay_buffer(out, &lengths, episodes, ctx)?,
            #[cfg(feature = "lerobot")]
            Layout::LeRobot => {
                pusht_data::write_lerobot(out, episodes, lengths.iter().sum(), ctx)?;
            }
        }
    }
    report::write(labeled, &summary, layout, transforms.len(), out)?;
    Ok(summary)
}

/// The transforms applied to every segment; the identity comes first.
pub(crate) fn transforms(augment: bool) -> Vec<Transform> {
    if augment { Transform::dihedral() } else { PLAIN.to_vec() }
}

/// Only the identity.
const PLAIN: [Transform; 1] = [Transform::IDENTITY];

impl Labeled {
    /// The trusted segments as episodes, in the order of the videos; frames are read from the videos again, one video
    /// after the other. `provenance.index` is the number of the video.
    ///
    /// An item is an error if its video has changed since it was labeled, or is found neither at its path relative to
    /// the working directory nor where that path led when it was labeled.
    pub fn episodes(&self) -> impl Iterator<Item = Result<Episode, DataError>> + '_ {
        let records = self.records().enumerate();
        records.flat_map(|(index, record)| Episodes::new(self, record, index, &PLAIN))
    }
}

/// The episodes of one video, read again from front to back.
struct Episodes<'a> {
    labeled: &'a Labeled,
    record: VideoRecord,
    index: usize,
    transforms: &'a [Transform],
    frames: Option<Resampled>,
    /// Index of the next frame.
    at: usize,
    segments: std::vec::IntoIter<Segment>,
    /// Episodes still to yield: the transformed copies of the segment that was read last, in reverse order.
    ready: Vec<Result<Episode, DataError>>,
}

impl<'a> Episodes<'a> {
    fn new(
        labeled: &'a Labeled,
        record: Result<VideoRecord, LabelError>,
        index: usize,
        transforms: &'a [Transform],
    ) -> Self {
        let (mut record, ready) = match record {
            Ok(record) => (record, Vec::new()),
            Err(error) => {
                let record = VideoRecord::failed("the file of labels".into(), String::new(), error.to_string());
                let error = Err(unreadable(&record, error.to_string()));
                (record, vec![error])
            }
        };
        Self {
            labeled,
            segments: std::mem::take(&mut record.segments).into_iter(),
            record,
            index,
            transforms,
            frames: None,
            at: 0,
            ready,
        }
    }

    fn read(&mut self, segment: Segment) -> Result<Episode, DataError> {
        let record = &self.record;
        let wrong = |e: VideoIoError| unreadable(record, e.to_string());
        let frames = match &mut self.frames {
            Some(frames) => frames,
            none => {
                let video = self
                    .labeled
                    .find(self.index, record)
                    .map_err(|reason| unreadable(record, reason))?;
                let reader = VideoReader::open(&video).map_err(wrong)?;
                none.insert(Resampled::new(reader, self.labeled.settings().rate(), HZ))
            }
        };
        let map = (record.registration).ok_or_else(|| unreadable(record, "it was not registered".to_owned()))?;
        let mut pictures = Vec::with_capacity(segment.actions.len());
        while pictures.len() < segment.actions.len() {
            let picked = frames.next_raw().map_err(wrong)?;
            let picked =
                picked.ok_or_else(|| unreadable(record, "it is shorter than when it was labeled".to_owned()))?;
            if self.at >= segment.first {
                pictures.push(resampled(&map, &picked.frame));
            }
            self.at += 1;
        }
        Ok(Episode {
            frames: pictures,
            actions: segment.actions,
            states: Some(segment.states.into_iter().map(State::from_row).collect()),
            goal: GOAL,
            provenance: Provenance {
                source: record.video.display().to_string(),
                index: self.index,
                seed: None,
                actions: self.labeled.idm().to_owned(),
            },
        })
    }
}

impl Iterator for Episodes<'_> {
    type Item = Result<Episode, DataError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(episode) = self.ready.pop() {
            return Some(episode);
        }
        let segment = self.segments.next()?;
        let episode = match self.read(segment) {
            Ok(episode) => episode,
            Err(error) => return Some(Err(error)),
        };
        // The identity comes first.
        let turned = self.transforms[1..].iter().rev();
        self.ready = turned.map(|t| turn(*t, &episode, &self.record)).collect();
        Some(Ok(episode))
    }
}

fn turn(transform: Transform, episode: &Episode, record: &VideoRecord) -> Result<Episode, DataError> {
    let turned = transform.episode(episode);
    turned.map_err(|error| unreadable(record, error.to_string()))
}

fn unreadable(record: &VideoRecord, reason: String) -> DataError {
    DataError::Unreadable {
        path: record.video.clone(),
        item: "the video".to_owned(),
        reason,
    }
}
