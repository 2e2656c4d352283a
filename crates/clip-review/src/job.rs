//! Reviews all videos of a folder, in parallel and resumable.
//!
//! `clips.jsonl` in the output folder has a header and a line for every finished clip, in the order of completion; an
//! incomplete last line is dropped. `labels.jsonl` is the file of labels of crate `labeling`, which is resumed in the
//! same way.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use clip_audit::TrajectorySet;
use labeling::{LabelJob, Labeled, Settings};
use pusht_jobs::{JobContext, Journal, JournalError, JournalScan, absent_is_fine, claim_folder, counted};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use video_io::{Rate, content_hash, find_videos};

use crate::pass::Reader;
use crate::verdicts::LabelSummary;
use crate::{ClipVerdict, RealSet, Verdicts, VerdictsError};

const FORMAT: &str = "pusht-verdicts";

/// A job that reviews videos.
pub struct ReviewJob {
    /// Video files, or folders that are searched.
    pub video: Vec<PathBuf>,
    /// Frame rate of all videos, frames per second; overrides the rates stated in the files.
    pub fps: Option<u32>,
    /// The output folder.
    pub out: PathBuf,
}

/// First line of `clips.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Header {
    format: String,
    version: String,
    fps: Option<u32>,
    videos: Vec<PathBuf>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    index: usize,
    /// Content hash of the video when it was reviewed.
    #[serde(default)]
    content: String,
    clip: ClipVerdict,
}

/// The part of a [`Line`] that shows whether the video was read and has changed since.
#[derive(Deserialize)]
struct Known {
    index: usize,
    #[serde(default)]
    content: String,
    clip: KnownClip,
}

#[derive(Deserialize)]
struct KnownClip {
    error: Option<String>,
}

impl ReviewJob {
    /// Reviews all videos. With real episodes, the trajectories of the clips are compared with theirs. Progress counts
    /// videos.
    ///
    /// # Errors
    /// No videos; an output folder of another job, or one that cannot be written. A video that cannot be read is not an
    /// error.
    pub fn run(&self, real: Option<&RealSet>, ctx: &mut JobContext) -> Result<Verdicts, VerdictsError> {
        let videos = find_videos(&self.video)?;
        claim_folder(&self.out, &["clips.jsonl", "labels.jsonl", "strips"]).map_err(VerdictsError::io(&self.out))?;
        self.start_over_if_videos_were_added(&videos)?;
        let strips = self.out.join("strips");
        fs::create_dir_all(&strips).map_err(VerdictsError::io(&strips))?;
        let labels = self.look(&videos, ctx)?;
        let (mut clips, mut set) = (Vec::new(), TrajectorySet::default());
        for line in self.scan()?.lines::<Line>()? {
            let Line { mut clip, .. } = line?;
            // A clip whose positions are not finite adds nothing.
            let track = std::mem::take(&mut clip.track);
            if clip.audit.as_ref().is_some_and(|a| a.audit.frames > 0) {
                set.add(&track)?;
            }
            clips.push(clip);
        }
        let mut verdicts = Verdicts::new(clips, labels);
        match real.map(|real| real.compare(&set)) {
            Some(Ok(report)) => verdicts.distribution = Some(report),
            Some(Err(error)) => verdicts.notes.push(format!("no comparison of trajectories: {error}")),
            None => {}
        }
        Ok(verdicts)
    }

    pub(crate) fn rate(&self) -> Rate {
        self.fps.map_or(Rate::Stated, Rate::Fixed)
    }

    fn header(&self, videos: &[PathBuf]) -> Header {
        Header {
            format: FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            fps: self.fps,
            videos: videos.to_vec(),
        }
    }

    fn file(&self) -> PathBuf {
        self.out.join("clips.jsonl")
    }

    /// Removes the results of an earlier run if `videos` has all of its videos and more. The order of the videos, and with
    /// it every index and the names of the strips, changes; all are reviewed again.
    fn start_over_if_videos_were_added(&self, videos: &[PathBuf]) -> Result<(), VerdictsError> {
        if !self.file().exists() {
            return Ok(());
        }
        let found = self.scan()?.header;
        let all: BTreeSet<&PathBuf> = videos.iter().collect();
        let added = found.videos.len() < all.len() && found.videos.iter().all(|video| all.contains(video));
        if !added || self.header(&found.videos) != found {
            return Ok(());
        }
        let strips = self.out.join("strips");
        absent_is_fine(fs::remove_dir_all(&strips)).map_err(VerdictsError::io(&strips))?;
        // The journal goes last: it tells a run that is interrupted here what the folder holds.
        for name in ["labels.jsonl", "labels.jsonl.partial", "clips.jsonl"] {
            let path = self.out.join(name);
            absent_is_fine(fs::remove_file(&path)).map_err(VerdictsError::io(&path))?;
        }
        Ok(())
    }

    /// Reviews the videos that are not in the journal yet, in one pass per video for audit and labels; returns the
    /// labels of all videos.
    fn look(&self, videos: &[PathBuf], ctx: &mut JobContext) -> Result<Vec<LabelSummary>, VerdictsError> {
        let (clips, known) = self.resume(videos)?;
        let path = self.out.join("labels.jsonl");
        let labels = LabelJob {
            settings: Settings { fps: self.fps },
            ..LabelJob::new(videos.to_vec())
        };
        let labels = labels.open(&path)?;
        let unlabeled: BTreeSet<usize> = labels.todo().into_iter().collect();
        let todo: Vec<usize> = (0..videos.len())
            .filter(|i| !known.contains(i) || unlabeled.contains(i))
            .collect();
        let reader = Reader::new()?;
        let task = ctx.task("look at clips", videos.len(), "clip");
        task.resume(videos.len() - todo.len());
        todo.par_iter().with_max_len(1).try_for_each(|&index| {
            task.check()?;
            let pass = reader.pass(&videos[index], self.rate());
            // The stop of the program ends a running read, which says nothing about the video.
            if pass.audit.is_err() || pass.labels.error.is_some() {
                task.check()?;
            }
            if unlabeled.contains(&index) {
                labels.append(index, pass.labels)?;
            }
            if !known.contains(&index) {
                let clip = ClipVerdict::of(pass.audit, self.name(&videos[index]), &self.out, index)?;
                let content = pass.content;
                clips.append(&Line { index, content, clip })?;
            }
            task.add(1);
            Ok::<_, VerdictsError>(())
        })?;
        labels.finish()?;
        task.finish(&counted(videos.len(), "clip"));
        let labeled = Labeled::open(std::slice::from_ref(&path))?;
        let labels = labeled.records().map(|record| Ok(LabelSummary::of(&record?)));
        labels.collect()
    }

    /// The journal of clips, and the indices of those that were read and have not changed since.
    fn resume(&self, videos: &[PathBuf]) -> Result<(Journal, BTreeSet<usize>), VerdictsError> {
        let (path, header) = (self.file(), self.header(videos));
        if !path.exists() {
            return Ok((Journal::create(&path, &header)?, BTreeSet::new()));
        }
        let found = self.scan()?;
        if found.header != header {
            return Err(VerdictsError::Foreign {
                path,
                found: format!(
                    "what is known of {} other videos or settings",
                    found.header.videos.len()
                ),
            });
        }
        let mut known = BTreeSet::new();
        for line in found.lines::<Known>()? {
            let Known { index, content, clip } = line?;
            let video = videos.get(index);
            let unchanged = |video: &PathBuf| content_hash(video).unwrap_or_default() == content;
            // A program or a disk may have been missing.
            if clip.error.is_none() && video.is_some_and(unchanged) {
                known.insert(index);
            }
        }
        Ok((Journal::resume(&found)?, known))
    }

    fn scan(&self) -> Result<JournalScan<Header>, VerdictsError> {
        let path = self.file();
        JournalScan::read(&path).map_err(|error| match error {
            JournalError::Line { line, reason, .. } => VerdictsError::Foreign {
                path,
                found: format!("no verdicts in line {line} ({reason})"),
            },
            other => other.into(),
        })
    }

    /// The name of a clip in the verdicts: its path relative to the given folder.
    pub fn name(&self, video: &Path) -> String {
        // In an output folder of `pusht generate`, clips are named relative to its `frames` folder.
        let below = |root: &PathBuf| {
            let frames = root.join("frames");
            let made = root
                .join("generation.json")
                .is_file()
                .then(|| video.strip_prefix(frames).ok());
            made.flatten()
                .map(Path::to_path_buf)
                .or_else(|| Some(video.strip_prefix(root).ok()?.to_path_buf()))
        };
        let below = self.video.iter().find_map(below);
        let below = below.filter(|p| !p.as_os_str().is_empty());
        let name = below.unwrap_or_else(|| PathBuf::from(video.file_name().unwrap_or(video.as_os_str())));
        let parts: Vec<_> = name.iter().map(|p| p.to_string_lossy()).collect();
        parts.join("/")
    }
}
