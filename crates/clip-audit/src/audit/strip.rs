//! Film strips of findings: a few frames around each finding, with the position marked.

use pusht_env::{Frame, Pose, bar_vertices, stem_vertices};
use pusht_vision::geometry::apart;
use video_io::{FilmStrip, VideoIoError, film_strip, upscale};

use super::{ClipAudit, Finding, FindingKind};

/// Maximum number of strips; at most one per kind of finding.
const STRIPS: usize = 4;

/// Frames shown before a finding begins, for comparison.
const BEFORE: usize = 2;

/// Board px from one frame pixel to the next.
const STRIDE: f64 = 512.0 / 96.0;

const RED: [u8; 3] = [214, 39, 40];
const GRAY: [u8; 3] = [200, 200, 200];
const ORANGE: [u8; 3] = [255, 127, 14];

/// A few frames side by side in one image.
#[derive(Clone, Debug)]
pub struct Strip {
    /// The finding that is shown; `None` for a clip without findings.
    pub finding: Option<Finding>,
    /// Indices of the frames.
    pub frames: Vec<usize>,
    /// The image: frames of the finding have a red bar above, others a gray one; a red box marks the position, an
    /// orange outline the T as the simulator has it.
    pub picture: Frame,
}

/// Draws the film strips of a clip while the clip is read a second time.
pub struct Strips {
    scale: u32,
    wanted: Vec<Wanted>,
}

struct Wanted {
    finding: Option<Finding>,
    frames: Vec<usize>,
    pictures: Vec<Frame>,
}

impl Strips {
    /// Prepares strips of `columns` frames; every pixel is drawn as `scale` × `scale`.
    pub fn new(audit: &ClipAudit, columns: usize, scale: u32) -> Self {
        let last = audit.frames.saturating_sub(1);
        let mut chosen: Vec<&Finding> = Vec::new();
        // The most severe finding of each kind.
        for kind in FindingKind::ALL {
            let of_kind = audit.findings.iter().filter(|f| f.kind == kind);
            chosen.extend(of_kind.max_by(|a, b| a.severity().total_cmp(&b.severity())));
        }
        chosen.truncate(STRIPS);
        let wanted = |finding: Option<&Finding>| {
            let (from, to) = finding.map_or((0, last), |f| (f.frames.first.saturating_sub(BEFORE), f.frames.last));
            let mut frames = spread(from, to.max(from + columns.saturating_sub(1)).min(last), columns);
            if let Some(worst) = finding.map(|f| f.worst).filter(|w| !frames.contains(w)) {
                let nearest = frames.iter_mut().skip(1).min_by_key(|f| f.abs_diff(worst));
                nearest.into_iter().for_each(|f| *f = worst);
                frames.sort_unstable();
            }
            Wanted {
                finding: finding.copied(),
                frames,
                pictures: Vec::new(),
            }
        };
        Self {
            scale,
            wanted: match chosen.is_empty() {
                true => vec![wanted(None)],
                false => chosen.into_iter().map(|f| wanted(Some(f))).collect(),
            },
        }
    }

    /// Adds a frame of the clip as it was audited; call it for every frame in order.
    pub fn push(&mut self, index: usize, frame: &Frame) {
        for wanted in &mut self.wanted {
            if wanted.frames.contains(&index) {
                wanted
                    .pictures
                    .push(marked(frame, index, wanted.finding.as_ref(), self.scale));
            }
        }
    }

    /// Returns the strips in the order of [`FindingKind`].
    ///
    /// # Errors
    /// No frames were added.
    pub fn finish(self) -> Result<Vec<Strip>, VideoIoError> {
        let strip = |wanted: Wanted| {
            Ok(Strip {
                finding: wanted.finding,
                picture: film_strip(&wanted.pictures, FilmStrip::new(wanted.pictures.len()))?,
                frames: wanted.frames,
            })
        };
        self.wanted.into_iter().map(strip).collect()
    }
}

/// `count` evenly spaced frames, endpoints included.
fn spread(from: usize, to: usize, count: usize) -> Vec<usize> {
    let steps = count.saturating_sub(1).max(1);
    let mut frames: Vec<usize> = (0..count)
        .map(|k| from + (k * (to - from) + steps / 2) / steps)
        .collect();
    frames.dedup();
    frames
}

fn marked(frame: &Frame, index: usize, finding: Option<&Finding>, scale: u32) -> Frame {
    let mut picture = upscale(frame, scale);
    let Some(finding) = finding else {
        return picture;
    };
    let within = finding.frames.contains(index);
    let (width, height) = picture.dimensions();
    let bar = (2 * scale).min(height);
    fill(&mut picture, [0, 0], [width, bar], if within { RED } else { GRAY });
    if let Some(at) = finding.at.filter(|_| within) {
        // From board px to image px; a box around the agent or the T.
        let progress = match finding.kind {
            FindingKind::SeveralAgents
            | FindingKind::AgentGone
            | FindingKind::AgentResized
            | FindingKind::AgentJump => 28.0,
            _ => 92.0,
        };
        let pixel = |c: f64| (((c + 0.5) / STRIDE) * f64::from(scale)).clamp(0.0, f64::from(width)) as u32;
        let (low, high) = (at.map(|c| pixel(c - progress)), at.map(|c| pixel(c + progress)));
        let thick = scale.max(1);
        fill(&mut picture, low, [high[0], low[1] + thick], RED);
        fill(&mut picture, [low[0], high[1].saturating_sub(thick)], high, RED);
        fill(&mut picture, low, [low[0] + thick, high[1]], RED);
        fill(&mut picture, [high[0].saturating_sub(thick), low[1]], high, RED);
    }
    if let Some(pose) = finding.simulated.filter(|_| index == finding.worst) {
        outline(&mut picture, pose, scale);
    }
    picture
}

/// Draws the outline of a T.
fn outline(picture: &mut Frame, pose: Pose, scale: u32) {
    let (width, height) = picture.dimensions();
    for quad in [bar_vertices(pose), stem_vertices(pose)] {
        for (from, to) in quad.iter().zip(quad.iter().cycle().skip(1)) {
            let steps = (apart(*from, *to) / STRIDE * f64::from(2 * scale)).ceil().max(1.0);
            for k in 0..=steps as u32 {
                let share = f64::from(k) / steps;
                let at = [0, 1].map(|i| (from[i] + share * (to[i] - from[i]) + 0.5) / STRIDE * f64::from(scale));
                if at[0] >= 0.0 && at[0] < f64::from(width) && at[1] >= 0.0 && at[1] < f64::from(height) {
                    picture.get_pixel_mut(at[0] as u32, at[1] as u32).0 = ORANGE;
                }
            }
        }
    }
}

fn fill(picture: &mut Frame, low: [u32; 2], high: [u32; 2], color: [u8; 3]) {
    let (width, height) = picture.dimensions();
    for y in low[1]..high[1].min(height) {
        for x in low[0]..high[0].min(width) {
            picture.get_pixel_mut(x, y).0 = color;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spread_keeps_both_ends() {
        assert_eq!(spread(3, 13, 6), [3, 5, 7, 9, 11, 13]);
        assert_eq!(spread(3, 4, 6), [3, 4]);
        assert_eq!(spread(2, 2, 6), [2]);
    }
}
