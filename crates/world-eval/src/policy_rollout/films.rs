//! Films of a policy in a world, beside the exact simulator with the same actions.

use std::path::Path;

use image::Rgb;
use pusht_env::Frame;
use pusht_jobs::{JobContext, counted, write_bytes};
use video_io::{FilmStrip, VideoOptions, film_strip, png_bytes, save_video};

use super::job::WorldRollout;
use super::record::WorldEpisode;
use super::reference::frames;
use crate::SIDE;
use crate::error::WorldEvalError;
use crate::films::beside;

/// Height of the bar below a film that shows its progress, and of the gap above it, px.
const BAR: [u32; 2] = [4, 2];
/// Colors of the bar: steps to come, played, and played since the two parted.
const TO_COME: Rgb<u8> = Rgb([225, 225, 225]);
const PLAYED: Rgb<u8> = Rgb([110, 110, 110]);
const SINCE_PARTED: Rgb<u8> = Rgb([215, 40, 40]);
/// Width of the frame around a picture of the strip, px.
const BORDER: u32 = 2;
/// Pictures per row of the strip, and steps between them around the step where the two part.
const COLUMNS: usize = 12;
const STRIDE: usize = 2;
/// Episodes in the strip.
const SHOWN: usize = 4;

impl WorldRollout {
    /// Most episodes that [`Self::write`] makes films of.
    pub const FILMS: usize = 8;

    /// Enlarged so that the pixels of 96 × 96 frames can be seen, 10 frames a second.
    pub const VIDEO: VideoOptions = VideoOptions { fps: 10, scale: 3 };

    /// The frames of an episode: the world's on the left, the simulator's with the same actions on the right. A bar below
    /// grows with the steps; it is red from the step on after which the two have parted.
    ///
    /// # Errors
    /// An episode that was not filmed; a record that the simulator refuses.
    pub fn film(&self, episode: usize) -> Result<Vec<Frame>, WorldEvalError> {
        let (played, left) = self.filmed(episode)?;
        let right = frames(self.record.env, played.start_seed, &played.actions)?;
        let steps = played.actions.len();
        let pairs = beside(left, &right)?.into_iter().enumerate();
        Ok(pairs
            .map(|(step, pair)| with_bar(&pair, step, steps, played.parted_after))
            .collect())
    }

    /// One image of the first four filmed episodes, each in two rows, the world's frames above the simulator's: every second
    /// frame around the step after which the two have parted, which has a red border; frames of the whole episode where
    /// they do not part.
    ///
    /// # Errors
    /// No filmed episodes; a record that the simulator refuses.
    pub fn strip(&self) -> Result<Frame, WorldEvalError> {
        let mut cells = Vec::new();
        for &episode in self.frames.keys().take(SHOWN) {
            let (played, above) = self.filmed(episode)?;
            let below = frames(self.record.env, played.start_seed, &played.actions)?;
            let shown = shown(above.len(), played.parted_after);
            for row in [above, &below] {
                cells.extend((0..COLUMNS).map(|column| {
                    let step = shown.get(column).copied();
                    let parts = step.is_some() && step == played.parted_after;
                    bordered(step.and_then(|step| row.get(step)), parts)
                }));
            }
        }
        Ok(film_strip(&cells, FilmStrip::new(COLUMNS))?)
    }

    /// Writes into a folder: `rollout.json` and `rollout.md`, `strip.png` ([`Self::strip`]), and `films/episode-NNN.mp4`
    /// ([`Self::film`]) of the first filmed episodes.
    ///
    /// # Errors
    /// A folder that cannot be written; a cancelled job.
    pub fn write(&self, folder: &Path, ctx: &mut JobContext) -> Result<(), WorldEvalError> {
        self.record.write(&folder.join("rollout.json"))?;
        let table = self.record.markdown()?;
        for (name, bytes) in [
            ("rollout.md", table.into_bytes()),
            ("strip.png", png_bytes(&self.strip()?)?),
        ] {
            let path = folder.join(name);
            write_bytes(&path, &bytes).map_err(WorldEvalError::io(&path))?;
        }
        let filmed: Vec<usize> = self.frames.keys().copied().take(Self::FILMS).collect();
        let task = ctx.task("write films", filmed.len(), "film");
        for episode in &filmed {
            task.check()?;
            let path = folder.join(format!("films/episode-{episode:03}.mp4"));
            save_video(path, &self.film(*episode)?, Self::VIDEO)?;
            task.add(1);
        }
        task.finish(&counted(filmed.len(), "film"));
        Ok(())
    }

    fn filmed(&self, episode: usize) -> Result<(&WorldEpisode, &[Frame]), WorldEvalError> {
        let found = self.record.episodes.get(episode).zip(self.frames.get(&episode));
        found
            .map(|(played, frames)| (played, &frames[..]))
            .ok_or_else(|| WorldEvalError::NotFilmed {
                episode,
                filmed: self.frames.keys().copied().collect(),
            })
    }
}

/// The pair of frames after `step` of `steps` steps, with its bar.
fn with_bar(pair: &Frame, step: usize, steps: usize, parted: Option<usize>) -> Frame {
    let (width, height) = pair.dimensions();
    let mut framed = Frame::from_pixel(width, height + BAR[0] + BAR[1], Rgb([255; 3]));
    image::imageops::replace(&mut framed, pair, 0, 0);
    for x in 0..width {
        // The bar has one section per step.
        let section = x as usize * steps / width as usize + 1;
        let color = match parted {
            _ if section > step => TO_COME,
            Some(parted) if section >= parted => SINCE_PARTED,
            _ => PLAYED,
        };
        for y in 0..BAR[0] {
            framed.put_pixel(x, height + BAR[1] + y, color);
        }
    }
    framed
}

/// Indices of the frames in a row of the strip.
fn shown(frames: usize, parted: Option<usize>) -> Vec<usize> {
    let last = frames.saturating_sub(1);
    match parted {
        None if frames <= COLUMNS => (0..frames).collect(),
        None => (0..COLUMNS)
            .map(|column| (column * last + (COLUMNS - 1) / 2) / (COLUMNS - 1))
            .collect(),
        Some(parted) => {
            let before = (parted / STRIDE).min(COLUMNS / 2) * STRIDE;
            (parted.saturating_sub(before)..frames)
                .step_by(STRIDE)
                .take(COLUMNS)
                .collect()
        }
    }
}

/// A picture of the strip; white where an episode is over.
fn bordered(frame: Option<&Frame>, red: bool) -> Frame {
    let side = SIDE + 2 * BORDER;
    let color = if red { SINCE_PARTED } else { Rgb([255; 3]) };
    let mut cell = Frame::from_pixel(side, side, color);
    match frame {
        Some(frame) => image::imageops::replace(&mut cell, frame, i64::from(BORDER), i64::from(BORDER)),
        None => cell.pixels_mut().for_each(|pixel| *pixel = Rgb([255; 3])),
    }
    cell
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_around_the_step_where_they_part() {
        assert_eq!(shown(201, Some(50)), [38, 40, 42, 44, 46, 48, 50, 52, 54, 56, 58, 60]);
        assert_eq!(shown(9, Some(3)), [1, 3, 5, 7]);
        assert_eq!(shown(4, None), [0, 1, 2, 3]);
        let whole = shown(201, None);
        assert_eq!((whole.len(), whole[0], whole[11]), (12, 0, 200));
    }

    #[test]
    fn the_bar_grows_and_turns_red() {
        let pair = Frame::new(196, 96);
        let colors = |step, parted| {
            let frame = with_bar(&pair, step, 4, parted);
            [10, 60, 110, 190].map(|x| *frame.get_pixel(x, 100))
        };
        assert_eq!(colors(0, Some(2)), [TO_COME; 4]);
        assert_eq!(colors(3, Some(2)), [PLAYED, SINCE_PARTED, SINCE_PARTED, TO_COME]);
        assert_eq!(colors(4, None), [PLAYED; 4]);
    }
}
