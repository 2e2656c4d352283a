//! Existing clips: a folder of videos of any size, rate and origin, labeled as they are.

use std::path::{Path, PathBuf};

use labeling::{LabelJob, LabelMethod, Labeled, MIN_SEGMENT_FRAMES, Settings};
use pusht_data::{Episode, InverseDynamics};
use pusht_jobs::{Done, JobContext, Runner, Stage, counted};
use serde::Serialize;
use video_io::{content_hash, find_videos};

use super::set::Clips;
use super::{simulated, store};
use crate::PipelineError;
use crate::config::Labeler;
use crate::error::failed;
use crate::files::{io, read_json, write_json};
use crate::inverse::Learned;

/// Minimum number of segments: training, validation and test part consist of whole ones.
const FEWEST: usize = 3;

/// A folder of videos, with its contents.
struct Searched<'a> {
    folder: &'a Path,
    videos: Vec<PathBuf>,
    /// Hashes of the videos' contents.
    contents: Vec<String>,
    /// Frames per second, in place of the rate in the files.
    fps: Option<u32>,
}

impl<'a> Searched<'a> {
    /// The videos below `folder`.
    fn new(folder: &'a Path, fps: Option<u32>) -> Result<Self, PipelineError> {
        let videos = find_videos(&[folder.to_path_buf()]).map_err(|e| failed("clips")(&e))?;
        let contents = videos.iter().map(|video| content_hash(video).map_err(io(video)));
        Ok(Self {
            folder,
            contents: contents.collect::<Result<_, _>>()?,
            videos,
            fps,
        })
    }
}

/// Labels the videos below `folder` and returns the trusted segments; `fps` replaces the rate in the files. The closed
/// form needs no learned model.
pub(crate) fn find_clips(
    folder: &Path,
    fps: Option<u32>,
    labels: Labeler,
    learned: Option<&Done<Learned>>,
    runner: &mut Runner,
    ctx: &mut JobContext,
) -> Result<Done<Clips>, PipelineError> {
    let searched = Searched::new(folder, fps)?;
    let stage = LabelFound {
        searched,
        labels,
        learned,
    };
    runner.run(&stage, ctx)
}

/// Stage that labels the videos.
struct LabelFound<'a> {
    searched: Searched<'a>,
    labels: Labeler,
    learned: Option<&'a Done<Learned>>,
}

/// Name of the stage.
const NAME: &str = "clips";
const LABELS: &str = "labels.jsonl";
const CAPTIONS: &str = "shown.json";

impl Stage for LabelFound<'_> {
    type Output = Clips;
    type Error = PipelineError;

    fn name(&self) -> String {
        NAME.to_owned()
    }

    fn inputs(&self) -> impl Serialize {
        let Searched {
            videos, contents, fps, ..
        } = &self.searched;
        (
            "found",
            self.labels,
            fps,
            videos,
            contents,
            self.learned.map(|learned| &learned.key),
        )
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let model: Option<Box<dyn InverseDynamics>> = match self.labels {
            Labeler::ClosedForm => None,
            kind => self.learned.map(|learned| learned.output.labeler(kind)),
        };
        let job = LabelJob {
            videos: self.searched.videos.clone(),
            method: match &model {
                Some(model) => LabelMethod::Model(model.as_ref()),
                None => LabelMethod::ClosedForm(Default::default()),
            },
            settings: Settings { fps: self.searched.fps },
        };
        job.run(&dir.join(LABELS), ctx).map_err(|e| failed("clips")(&e))?;
        let labeled = labels(dir)?;
        simulated::show(dir, labeled.episodes().map(|e| e.map_err(|e| failed("clips")(&e))))?;
        write_json(&dir.join(CAPTIONS), &show_first(&labeled, dir)?)
    }

    fn load(&self, dir: &Path, ctx: &mut JobContext) -> Result<Clips, PipelineError> {
        let fail = failed("clips");
        let labeled = labels(dir)?;
        let mut all = 0;
        for record in labeled.records() {
            all += record.map_err(|e| fail(&e))?.frames.resampled;
        }
        let task = ctx.task("read clips", all, "frame");
        let mut episodes: Vec<Episode> = Vec::new();
        let mut trusted = 0;
        for episode in labeled.episodes() {
            task.check()?;
            let episode = episode.map_err(|e| fail(&e))?;
            trusted += episode.len();
            episodes.push(episode);
            task.advance_to(trusted, "");
        }
        task.finish(&format!(
            "{trusted} of {} have an action that can be trusted",
            counted(all, "frame")
        ));
        if episodes.len() < FEWEST {
            return Err(fail(&format!(
                "{} videos in {} have {} segments of at least {MIN_SEGMENT_FRAMES} frames whose actions can be trusted; expected \
                 at least {FEWEST}, for training, validation and test part. `pusht audit` says what is wrong with \
                 each",
                self.searched.videos.len(),
                self.searched.folder.display(),
                episodes.len()
            )));
        }
        let captions: Vec<String> = read_json(&dir.join(CAPTIONS))?;
        Ok(Clips {
            quality: None,
            new_starts: None,
            episodes,
            frames: [all, trusted],
            pictures: [store::pictures(NAME, captions), simulated::pictures(dir, NAME)?].concat(),
            ends: Vec::new(),
        })
    }
}

fn labels(dir: &Path) -> Result<Labeled, PipelineError> {
    Labeled::open(&[dir.join(LABELS)]).map_err(|e| failed("clips")(&e))
}

/// Writes film strips and videos of the first segments of the first videos that have one, and returns their captions.
fn show_first(labeled: &Labeled, dir: &Path) -> Result<Vec<String>, PipelineError> {
    let (mut captions, mut last) = (Vec::new(), None);
    for episode in labeled.episodes() {
        let episode = episode.map_err(|e| failed("clips")(&e))?;
        if captions.len() == store::SHOWN {
            break;
        }
        let video = episode.provenance.index;
        if last.replace(video) != Some(video) {
            store::show(dir, captions.len(), &episode.frames)?;
            let source = episode.provenance.source;
            captions.push(format!(
                "{source}: {} frames whose actions can be trusted",
                episode.frames.len()
            ));
        }
    }
    Ok(captions)
}
