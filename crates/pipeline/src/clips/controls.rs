//! Clips of the controls: real ones, cut from the pool, and cross-fades. Both are labeled as generated clips are.

use std::path::Path;

use labeling::{LabelMethod, Segment, VideoFacts, VideoLabeler};
use pusht_data::{Episode, InverseDynamics, Provenance, Split};
use pusht_env::{Frame, GOAL};
use pusht_jobs::{Done, JobContext, Key, Stage, counted};
use pusht_vision::{Tracker, cross_fade};
use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_pcg::Pcg64;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::set::{Clips, labeled};
use crate::PipelineError;
use crate::arms::ClipSet;
use crate::config::Labeler;
use crate::demonstrations::Demonstrations;
use crate::error::failed;
use crate::files::{read_json, write_json};
use crate::inverse::Learned;

/// Fewest frames of a piece that is worth labeling.
const SHORTEST: usize = 8;
/// Clips that are labeled between two updates of the progress.
const BATCH: usize = 16;

/// Stage that labels the clips of a control.
pub(crate) struct ControlClips<'a> {
    /// Name of the stage.
    pub(crate) name: &'static str,
    /// Real clips or cross-fades.
    pub(crate) set: ClipSet,
    /// Frames of a real clip; `None`: whole episodes of the pool, in their order.
    pub(crate) frames: Option<usize>,
    pub(crate) labels: Labeler,
    pub(crate) demos: &'a Demonstrations,
    pub(crate) split: &'a Done<Split>,
    /// The generated clips.
    pub(crate) generated: (&'a Clips, &'a Key),
    pub(crate) learned: &'a Done<Learned>,
}

/// A clip: where it is from, and its frames.
struct Clip {
    source: String,
    episode: usize,
    frames: Vec<Frame>,
}

const LABELS: &str = "labels.json";

/// The trusted segments of every clip.
#[derive(Serialize, Deserialize)]
struct Labeled(Vec<Vec<Segment>>);

impl Stage for ControlClips<'_> {
    type Output = Vec<Episode>;
    type Error = PipelineError;

    fn name(&self) -> String {
        self.name.to_owned()
    }

    fn inputs(&self) -> impl Serialize {
        let of = match self.set {
            ClipSet::CrossFades => self.generated.1,
            ClipSet::Real | ClipSet::Generated => &self.split.key,
        };
        (self.name(), self.frames, self.labels, of, &self.learned.key)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let name = self.name;
        let fail = failed(name);
        let clips = self.clips();
        let tracker = Tracker::new(GOAL).map_err(|e| fail(&e))?;
        let task = ctx.task(&format!("label {name}"), clips.len(), "clip");
        let mut all = Vec::with_capacity(clips.len());
        for batch in clips.chunks(BATCH) {
            task.check()?;
            let labeled: Result<Vec<_>, PipelineError> = batch
                .par_iter()
                .map_init(
                    || self.labeler(),
                    |labeler, clip| segments(&clip.frames, &tracker, labeler.as_ref()).map_err(|e| fail(&e)),
                )
                .collect();
            all.extend(labeled?);
            task.advance_to(all.len(), "");
        }
        let trusted: usize = all.iter().flatten().map(|s: &Segment| s.actions.len()).sum();
        task.finish(&format!(
            "{} with an action that can be trusted",
            counted(trusted, "frame")
        ));
        write_json(&dir.join(LABELS), &Labeled(all))
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Vec<Episode>, PipelineError> {
        let Labeled(segments) = read_json(&dir.join(LABELS))?;
        let by = self.labeler().name();
        let mut episodes = Vec::new();
        for (index, (clip, segments)) in self.clips().into_iter().zip(segments).enumerate() {
            for segment in segments {
                let provenance = Provenance {
                    source: clip.source.clone(),
                    index: clip.episode,
                    seed: None,
                    actions: by.clone(),
                };
                let episode = labeled(&segment, &clip.frames, GOAL, provenance);
                episodes.push(episode.ok_or_else(|| {
                    failed(self.name)(&format!(
                        "clip {index} has fewer frames than labels; remove {} and run again",
                        dir.display()
                    ))
                })?);
            }
        }
        Ok(episodes)
    }
}

impl ControlClips<'_> {
    fn labeler(&self) -> Box<dyn InverseDynamics> {
        self.learned.output.labeler(self.labels)
    }

    fn clips(&self) -> Vec<Clip> {
        match self.set {
            ClipSet::CrossFades => cross_fades(&self.generated.0.episodes),
            ClipSet::Real | ClipSet::Generated => match self.frames {
                Some(frames) => pieces(&self.demos.pool, frames, self.split.output.seed),
                None => whole(&self.demos.pool),
            },
        }
    }
}

/// The episodes of the pool.
fn whole(pool: &[Episode]) -> Vec<Clip> {
    let of = |(index, episode): (usize, &Episode)| Clip {
        source: episode.provenance.source.clone(),
        episode: index,
        frames: episode.frames.clone(),
    };
    pool.iter().enumerate().map(of).collect()
}

/// The pool in pieces of `frames` frames, in a seeded order; what is left of an episode is a shorter piece.
fn pieces(pool: &[Episode], frames: usize, seed: u64) -> Vec<Clip> {
    let of = |(index, episode): (usize, &Episode)| {
        let source = episode.provenance.source.clone();
        let pieces = episode.frames.chunks(frames).filter(|piece| piece.len() >= SHORTEST);
        pieces
            .map(|piece| Clip {
                source: source.clone(),
                episode: index,
                frames: piece.to_vec(),
            })
            .collect::<Vec<_>>()
    };
    let mut pieces: Vec<Clip> = pool.iter().enumerate().flat_map(of).collect();
    pieces.shuffle(&mut Pcg64::seed_from_u64(seed));
    pieces
}

/// Cross-fades between the first and the last frame of clips.
fn cross_fades(clips: &[Episode]) -> Vec<Clip> {
    let long = clips.iter().filter(|clip| clip.len() >= SHORTEST);
    let of = |(index, clip): (usize, &Episode)| {
        let (first, last) = (clip.frames.first()?, clip.frames.last()?);
        Some(Clip {
            source: "cross-fade".to_owned(),
            episode: index,
            frames: cross_fade(first, last, clip.len()),
        })
    };
    long.enumerate().filter_map(of).collect()
}

/// The segments whose actions can be trusted, as `LabelJob` finds them in a folder of these frames.
fn segments(
    frames: &[Frame],
    tracker: &Tracker,
    labeler: &dyn InverseDynamics,
) -> Result<Vec<Segment>, Box<dyn std::error::Error>> {
    let method = LabelMethod::Model(labeler);
    let mut labels = VideoLabeler::new(&method);
    for frame in frames {
        let tracked = tracker.track_after(frame, labels.last())?;
        labels.push(frame, tracked, false)?;
    }
    let facts = VideoFacts {
        video: "clip".into(),
        codec: String::new(),
        size: frames
            .first()
            .map_or_else(Default::default, |frame| frame.dimensions().into()),
        frames: frames.len(),
        registration: None,
    };
    Ok(labels.finish(facts)?.segments)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn episode(frames: usize, index: usize) -> Episode {
        Episode {
            frames: (0..frames)
                .map(|i| Frame::from_raw(2, 2, vec![i as u8; 12]).unwrap())
                .collect(),
            actions: vec![[0.0; 2]; frames],
            states: None,
            goal: GOAL,
            provenance: Provenance {
                source: "pool".into(),
                index,
                seed: None,
                actions: "recorded".into(),
            },
        }
    }

    #[test]
    fn every_frame_of_the_pool_is_in_one_piece() {
        let pool = [episode(100, 0), episode(48, 1), episode(50, 2)];
        let cut = pieces(&pool, 48, 3);
        let lengths: Vec<usize> = cut.iter().map(|clip| clip.frames.len()).collect();
        let order: Vec<_> = whole(&pool)
            .iter()
            .map(|clip| (clip.episode, clip.frames.len()))
            .collect();
        assert_eq!(order, [(0, 100), (1, 48), (2, 50)]);
        // 4 and 2 frames are too short.
        assert_eq!((lengths.len(), lengths.iter().sum::<usize>()), (4, 4 * 48));
        let order = |seed| -> Vec<(usize, u8)> {
            let of = |clip: &Clip| (clip.episode, clip.frames[0].get_pixel(0, 0).0[0]);
            pieces(&pool, 48, seed).iter().map(of).collect()
        };
        assert_eq!(order(3), order(3));
        let mut sorted = order(3);
        sorted.sort_unstable();
        assert_eq!(sorted, [(0, 0), (0, 48), (1, 0), (2, 0)]);
    }

    #[test]
    fn cross_fades_have_the_ends_of_their_clips() {
        let fades = cross_fades(&[episode(20, 0), episode(4, 1)]);
        assert_eq!(fades.len(), 1);
        let shown = |at: usize| fades[0].frames[at].get_pixel(0, 0).0[0];
        assert_eq!((fades[0].frames.len(), shown(0), shown(19)), (20, 0, 19));
    }
}
