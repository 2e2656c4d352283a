//! Clips that are trained on: generated between start and end frames from the training part or from new starts, evaluated,
//! tracked and labeled.

use std::path::Path;

use eval::GeneratorKind;
use labeling::{LabelJob, LabelMethod, Labeled, Segment, Settings};
use pusht_data::{Episode, InverseDynamics, Provenance, Split};
use pusht_env::Frame;
use pusht_jobs::{Done, JobContext, Stage};
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64;
use serde::{Deserialize, Serialize};

use super::asked::Asked;
use super::ends::{self, Ends};
use super::evaluate::{evaluate_clips, evaluate_new_starts};
use super::make::make_clips;
use super::new_starts::NewStart;
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
    pub(crate) wanted: Wanted,
    pub(crate) labels: Labeler,
    pub(crate) demos: &'a Demonstrations,
    pub(crate) split: &'a Split,
    pub(crate) video: &'a Done<Video>,
    pub(crate) learned: &'a Done<Learned>,
}

/// Which clips are made.
#[derive(Clone, Copy)]
pub(crate) struct Wanted {
    /// Number of clips, fewer if there are not enough pairs of rows.
    pub(crate) clips: usize,
    /// Frames per clip; the largest number, if they begin at resets.
    pub(crate) frames: usize,
    /// Seed of the first of the resets at which they begin; `None`: between rows of the training part.
    pub(crate) first_reset: Option<u64>,
}

/// Record of a clip; its frames are in a folder of images.
#[derive(Serialize, Deserialize)]
struct Clip {
    #[serde(rename = "ends")]
    asked: Asked,
    /// Its trusted segments.
    #[serde(alias = "stretches")]
    segments: Vec<Segment>,
}

const CLIPS: &str = "clips.json";
const QUALITY: &str = "quality.json";
const NEW_STARTS: &str = "new_starts.json";

impl Stage for GenerateClips<'_> {
    type Output = Clips;
    type Error = PipelineError;

    fn name(&self) -> String {
        self.folder.clone()
    }

    fn inputs(&self) -> impl Serialize {
        let Self { video, learned, .. } = self;
        let Wanted {
            clips,
            frames,
            first_reset,
        } = self.wanted;
        let how = first_reset.map_or("judged".to_owned(), |first| format!("from reset {first} on"));
        (how, clips, frames, self.labels, &video.key, &learned.key)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let (demos, video) = (self.demos, &self.video.output);
        let asked = self.asked()?;
        make_clips(dir, demos, &video.loaded, &asked, self.wanted.frames, ctx)?;
        let name = video.loaded.model.name();
        let rows: Vec<Ends> = asked.iter().filter_map(Asked::rows).cloned().collect();
        if rows.len() == asked.len() {
            write_json(&dir.join(QUALITY), &evaluate_clips(dir, demos, &rows, &name, ctx)?)?;
        } else {
            write_json(
                &dir.join(NEW_STARTS),
                &evaluate_new_starts(dir, asked.len(), &name, ctx)?,
            )?;
        }
        let segments = label(dir, asked.len(), self.labeler().as_ref(), ctx)?;
        let clips: Vec<Clip> = asked
            .into_iter()
            .zip(segments)
            .map(|(asked, segments)| Clip { asked, segments })
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
        let asked: Vec<Asked> = clips.into_iter().map(|clip| clip.asked).collect();
        let ends: Vec<Ends> = asked.iter().filter_map(Asked::rows).cloned().collect();
        let (quality, new_starts) = match self.wanted.first_reset {
            None => (Some(read_json(&dir.join(QUALITY))?), None),
            Some(_) => (None, Some(read_json(&dir.join(NEW_STARTS))?)),
        };
        Ok(Clips {
            quality,
            new_starts,
            episodes,
            frames: [all, trusted],
            pictures: [
                store::pictures(&self.folder, asked.iter().enumerate().map(Asked::caption)),
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

    /// What is asked for, clip by clip.
    fn asked(&self) -> Result<Vec<Asked>, PipelineError> {
        let Wanted {
            clips,
            frames,
            first_reset,
        } = self.wanted;
        if let Some(first) = first_reset {
            let mut rng = Pcg64::seed_from_u64(self.split.seed);
            let start = |index| NewStart {
                reset: first.wrapping_add(index),
                seed: rng.next_u64(),
            };
            return Ok((0..clips as u64).map(start).map(Asked::From).collect());
        }
        let shorter = self.video.output.kind == GeneratorKind::ObjectLatent;
        let ends = ends::draw(self.split, &self.demos.episodes, clips, frames, shorter);
        if ends.is_empty() {
            return Err(failed("clips")(&format!(
                "no training episode has a clip of {frames} frames; ask for fewer (video.frames)"
            )));
        }
        Ok(ends.into_iter().map(Asked::Between).collect())
    }

    /// The labeled segments of a clip.
    fn episodes(&self, dir: &Path, index: usize, clip: &Clip, frames: &[Frame]) -> Result<Vec<Episode>, PipelineError> {
        let (source, by) = (self.video.output.loaded.model.name(), self.labeler().name());
        let episode = |segment: &Segment| {
            let provenance = Provenance {
                source: source.clone(),
                index,
                seed: Some(clip.asked.seed()),
                actions: by.clone(),
            };
            let goal = clip.asked.goal(self.demos);
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
