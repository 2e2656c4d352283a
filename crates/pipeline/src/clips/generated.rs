//! Clips that are trained on: generated between start and end frames from the training part, evaluated, tracked and
//! labeled.

use std::path::Path;

use eval::GeneratorKind;
use labeling::{LabelJob, LabelMethod, Labeled, Segment, Settings};
use pusht_data::{Episode, InverseDynamics, Provenance, Split};
use pusht_env::Frame;
use pusht_jobs::{Done, JobContext, Stage};
use serde::{Deserialize, Serialize};

use super::ends::{self, Ends};
use super::evaluate::evaluate_clips;
use super::make::make_clips;
use super::set::{Clips, labeled};
use super::{simulated, store};
use crate::PipelineError;
use crate::config::Labeler;
use crate::demonstrations::Demonstrations;
use crate::error::failed;
use crate::files::{io, read_json, write_json};
use crate::generators::Video;
use crate::inverse::Learned;

/// Stage that generates and labels the clips of a video model.
pub(crate) struct GenerateClips<'a> {
    /// Name of the stage.
    pub(crate) folder: String,
    /// Number of clips, fewer if there are not enough pairs of frames.
    pub(crate) clips: usize,
    /// Frames per clip.
    pub(crate) frames: usize,
    pub(crate) labels: Labeler,
    pub(crate) demos: &'a Demonstrations,
    pub(crate) split: &'a Split,
    pub(crate) video: &'a Done<Video>,
    pub(crate) learned: &'a Done<Learned>,
}

/// Record of a clip; its frames are in a folder of images.
#[derive(Serialize, Deserialize)]
struct Clip {
    ends: Ends,
    /// Its trusted segments.
    #[serde(alias = "stretches")]
    segments: Vec<Segment>,
}

const CLIPS: &str = "clips.json";
const QUALITY: &str = "quality.json";

impl Stage for GenerateClips<'_> {
    type Output = Clips;
    type Error = PipelineError;

    fn name(&self) -> String {
        self.folder.clone()
    }

    fn inputs(&self) -> impl Serialize {
        let Self { video, learned, .. } = self;
        ("judged", self.clips, self.frames, self.labels, &video.key, &learned.key)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let (demos, video) = (self.demos, &self.video.output);
        let shorter = video.kind == GeneratorKind::ObjectLatent;
        let ends = ends::draw(self.split, &demos.episodes, self.clips, self.frames, shorter);
        if ends.is_empty() {
            return Err(failed("clips")(&format!(
                "no training episode has a clip of {} frames; ask for fewer (video.frames)",
                self.frames
            )));
        }
        make_clips(dir, demos, &video.loaded, &ends, ctx)?;
        let quality = evaluate_clips(dir, demos, &ends, &video.loaded.model.name(), ctx)?;
        write_json(&dir.join(QUALITY), &quality)?;
        let segments = label(dir, ends.len(), self.labeler().as_ref(), ctx)?;
        let clips: Vec<Clip> = ends
            .into_iter()
            .zip(segments)
            .map(|(ends, segments)| Clip { ends, segments })
            .collect();
        write_json(&dir.join(CLIPS), &clips)?;
        let segments = clips.iter().enumerate().flat_map(|(i, clip)| {
            let episodes = store::read(dir, i).and_then(|frames| self.episodes(dir, i, clip, &frames));
            match episodes {
                Ok(episodes) => episodes.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            }
        });
        simulated::show(dir, segments)?;
        let mut shown = 0..clips.len().min(store::SHOWN);
        shown.try_for_each(|i| store::show(dir, i, &store::read(dir, i)?))
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Clips, PipelineError> {
        let fail = failed("clips");
        let clips: Vec<Clip> = read_json(&dir.join(CLIPS))?;
        let (mut episodes, mut all) = (Vec::new(), 0);
        for (i, clip) in clips.iter().enumerate() {
            let frames = store::read(dir, i)?;
            all += frames.len();
            episodes.extend(self.episodes(dir, i, clip, &frames)?);
        }
        let trusted = episodes.iter().map(Episode::len).sum();
        if episodes.is_empty() {
            return Err(fail(&format!(
                "no action of the {} clips can be trusted, so there is nothing to train on; look at them in {}",
                clips.len(),
                dir.display()
            )));
        }
        let ends: Vec<Ends> = clips.into_iter().map(|clip| clip.ends).collect();
        Ok(Clips {
            quality: Some(read_json(&dir.join(QUALITY))?),
            episodes,
            frames: [all, trusted],
            pictures: [
                store::pictures(&self.folder, ends.iter().enumerate().map(store::caption)),
                simulated::pictures(dir, &self.folder)?,
            ]
            .concat(),
            ends,
        })
    }
}

impl GenerateClips<'_> {
    fn labeler(&self) -> Box<dyn InverseDynamics> {
        self.learned.output.labeler(self.labels)
    }

    /// The labeled segments of a clip.
    fn episodes(&self, dir: &Path, index: usize, clip: &Clip, frames: &[Frame]) -> Result<Vec<Episode>, PipelineError> {
        let (source, by) = (self.video.output.loaded.model.name(), self.labeler().name());
        let episode = |segment: &Segment| {
            let provenance = Provenance {
                source: source.clone(),
                index,
                seed: Some(clip.ends.seed),
                actions: by.clone(),
            };
            let goal = self.demos.episodes[clip.ends.episode].goal;
            labeled(segment, frames, goal, provenance).ok_or_else(|| {
                failed("clips")(&format!(
                    "clip {index} has fewer frames than labels; remove {} and run again",
                    dir.display()
                ))
            })
        };
        clip.segments.iter().map(episode).collect()
    }
}

/// The trusted segments of every clip.
fn label(
    dir: &Path,
    clips: usize,
    labeler: &dyn InverseDynamics,
    ctx: &mut JobContext,
) -> Result<Vec<Vec<Segment>>, PipelineError> {
    let fail = failed("clips");
    let job = LabelJob {
        videos: (0..clips).map(|i| store::folder(dir, i)).collect(),
        method: LabelMethod::Model(labeler),
        settings: Settings { fps: Some(10) },
    };
    let file = dir.join("labels.jsonl");
    job.run(&file, ctx).map_err(|e| fail(&e))?;
    let labeled = Labeled::open(std::slice::from_ref(&file)).map_err(|e| fail(&e))?;
    let segments = labeled
        .records()
        .map(|record| Ok(record.map_err(|e| fail(&e))?.segments))
        .collect::<Result<_, PipelineError>>();
    // The final labels are in clips.json.
    std::fs::remove_file(&file).map_err(io(&file))?;
    segments
}
