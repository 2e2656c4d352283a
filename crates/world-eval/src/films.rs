//! Films of a world beside the exact simulator.

use std::path::Path;

use image::Rgb;
use pusht_env::{FillRule, Frame};
use pusht_jobs::{JobContext, counted, write_bytes};
use video_io::{FilmStrip, VideoOptions, film_strip, png_bytes, save_video};

use crate::error::WorldEvalError;
use crate::request::PathClip;
use crate::run::JudgedWorld;

/// Gap between two films, px.
const GAP: u32 = 4;
/// Factor by which films are enlarged.
const SCALE: u32 = 3;

/// Puts the frames of two clips side by side; the shorter one waits in its last frame.
///
/// # Errors
/// A clip without frames.
pub fn beside(left: &[Frame], right: &[Frame]) -> Result<Vec<Frame>, WorldEvalError> {
    let (Some(last_left), Some(last_right)) = (left.last(), right.last()) else {
        return Err(WorldEvalError::Length { expected: 1, found: 0 });
    };
    let pair = |t: usize| {
        let (a, b) = (left.get(t).unwrap_or(last_left), right.get(t).unwrap_or(last_right));
        let size = (a.width() + GAP + b.width(), a.height().max(b.height()));
        let mut both = Frame::from_pixel(size.0, size.1, Rgb([255; 3]));
        image::imageops::replace(&mut both, a, 0, 0);
        image::imageops::replace(&mut both, b, i64::from(a.width() + GAP), 0);
        both
    };
    Ok((0..left.len().max(right.len())).map(pair).collect())
}

/// One image of pairs of clips: for each pair every `every`-th frame and the last one, the first clip above the second.
///
/// # Errors
/// No pairs, clips of different lengths, or frames of different sizes.
pub fn pair_sheet(pairs: &[[&[Frame]; 2]], every: usize) -> Result<Frame, WorldEvalError> {
    let expected = pairs.first().map_or(0, |pair| pair[0].len());
    if let Some(clip) = pairs
        .iter()
        .flatten()
        .find(|clip| clip.len() != expected || clip.is_empty())
    {
        return Err(WorldEvalError::Length {
            expected: expected.max(1),
            found: clip.len(),
        });
    }
    let last = expected.saturating_sub(1);
    let mut shown: Vec<usize> = (0..expected).step_by(every.max(1)).collect();
    if shown.last() != Some(&last) {
        shown.push(last);
    }
    let frames = pairs
        .iter()
        .flatten()
        .flat_map(|clip| shown.iter().map(|&t| clip[t].clone()));
    Ok(film_strip(&frames.collect::<Vec<_>>(), FilmStrip::new(shown.len()))?)
}

/// Which films to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WorldFilms {
    /// Number of clips per sheet, and of films.
    pub clips: usize,
    /// Every how many-th frame the sheets show.
    pub every: usize,
    /// How the simulator's frames are drawn.
    pub rule: FillRule,
}

impl Default for WorldFilms {
    /// Eight clips, every fourth frame.
    fn default() -> Self {
        Self {
            clips: 8,
            every: 4,
            rule: FillRule::default(),
        }
    }
}

impl WorldFilms {
    /// Writes into a folder: `sheet.png`, the first clips, each above the exact simulator with the same actions;
    /// `worst.png`, the clips whose T is furthest from the simulator's at the end; and `films/clip-NNN.mp4`, both side by
    /// side, for the clips of the two sheets.
    ///
    /// # Errors
    /// Another number of clips than of paths; a folder that cannot be written; a cancelled job.
    pub fn write(
        &self,
        folder: &Path,
        clips: &[PathClip],
        judged: &JudgedWorld,
        ctx: &mut JobContext,
    ) -> Result<(), WorldEvalError> {
        if clips.len() != judged.frames.len() {
            return Err(WorldEvalError::Length {
                expected: clips.len(),
                found: judged.frames.len(),
            });
        }
        let first: Vec<usize> = (0..clips.len().min(self.clips)).collect();
        let distance = |clip: usize| {
            judged
                .clips
                .get(clip)
                .and_then(|row| row.measures.pose.last())
                .map_or(0.0, |p| p.1)
        };
        let mut worst: Vec<usize> = (0..clips.len()).collect();
        worst.sort_by(|&a, &b| distance(b).total_cmp(&distance(a)));
        worst.truncate(self.clips);
        self.sheet(&folder.join("sheet.png"), &first, clips, judged)?;
        self.sheet(&folder.join("worst.png"), &worst, clips, judged)?;
        let mut filmed = [first, worst].concat();
        filmed.sort_unstable();
        filmed.dedup();
        let task = ctx.task("write films", filmed.len(), "film");
        let options = VideoOptions {
            scale: SCALE,
            ..VideoOptions::default()
        };
        for &clip in &filmed {
            task.check()?;
            let simulated = clips[clip].request.simulated_frames(self.rule)?;
            let both = beside(&judged.frames[clip], &simulated)?;
            save_video(folder.join(format!("films/clip-{clip:03}.mp4")), &both, options)?;
            task.add(1);
        }
        task.finish(&counted(filmed.len(), "film"));
        Ok(())
    }

    fn sheet(
        &self,
        path: &Path,
        shown: &[usize],
        clips: &[PathClip],
        judged: &JudgedWorld,
    ) -> Result<(), WorldEvalError> {
        let simulated: Result<Vec<_>, _> = shown
            .iter()
            .map(|&clip| clips[clip].request.simulated_frames(self.rule))
            .collect();
        let simulated = simulated?;
        let pairs = shown.iter().zip(&simulated);
        let pairs: Vec<[&[Frame]; 2]> = pairs.map(|(&clip, other)| [&judged.frames[clip][..], other]).collect();
        let sheet = png_bytes(&pair_sheet(&pairs, self.every)?)?;
        write_bytes(path, &sheet).map_err(|source| WorldEvalError::Io {
            path: path.to_path_buf(),
            source,
        })
    }
}
