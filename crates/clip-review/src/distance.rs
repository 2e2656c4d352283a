//! The Fréchet video distance between the clips and real episodes.

use std::fmt::Display;

use clip_audit::{frechet_of_features, split_clips};
use pusht_data::Source;
use pusht_env::Frame;
use pusht_jobs::{JobContext, counted};

use crate::cut::center_frames;
use crate::{Fvd, ReviewJob, VerdictsError};

/// Frames per cut that is compared: the usual number.
pub const FVD_FRAMES: usize = 16;

/// Fewest real videos, so that both halves have a covariance.
const LEAST_REAL: usize = 4;
const LEAST_CLIPS: usize = 2;

impl ReviewJob {
    /// The distance between the middle [`FVD_FRAMES`] frames of the clips and of the real episodes, and the distance
    /// between two random halves of the latter. `features` computes the features of a network outside this crate, such
    /// as `clip_audit::fvd::I3d::features`. Videos that are shorter or cannot be read are left out.
    ///
    /// # Errors
    /// Too few videos; episodes that cannot be read; an error of `features`; a cancelled job.
    pub fn fvd<E: Display>(
        &self,
        real: &Source,
        features: impl Fn(&[Frame]) -> Result<Vec<f64>, E>,
        ctx: &mut JobContext,
    ) -> Result<Fvd, VerdictsError> {
        let features = |cut: &[Frame]| {
            features(cut).map_err(|error| VerdictsError::Features {
                reason: error.to_string(),
            })
        };
        let cuts: Vec<_> = self.center_frames(FVD_FRAMES)?.into_iter().flatten().collect();
        let task = ctx.task("I3D", real.len() + cuts.len(), "video");
        let (mut of_real, mut of_clips) = (Vec::new(), Vec::new());
        for index in 0..real.len() {
            task.check()?;
            if let Some(cut) = center_frames(real.episode(index)?.frames, FVD_FRAMES) {
                of_real.push(features(&cut)?);
            }
            task.add(1);
        }
        for cut in &cuts {
            task.check()?;
            of_clips.push(features(cut)?);
            task.add(1);
        }
        task.finish(&format!(
            "{}, {}",
            counted(of_real.len(), "real video"),
            counted(of_clips.len(), "clip")
        ));
        if of_real.len() < LEAST_REAL || of_clips.len() < LEAST_CLIPS {
            return Err(VerdictsError::TooFewCuts {
                real: of_real.len(),
                clips: of_clips.len(),
                frames: FVD_FRAMES,
            });
        }
        let [a, b] = split_clips(of_real.len(), of_real.len() / 2, 0)?;
        let half = |part: &[usize]| part.iter().map(|&i| of_real[i].clone()).collect::<Vec<_>>();
        Ok(Fvd {
            frames: FVD_FRAMES,
            real: of_real.len(),
            clips: of_clips.len(),
            distance: frechet_of_features(&of_real, &of_clips)?,
            halves: frechet_of_features(&half(&a), &half(&b))?,
        })
    }
}
