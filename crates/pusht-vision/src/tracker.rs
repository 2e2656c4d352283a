//! From frames to states.

use crate::board::{BLOCK_EDGE, BLOCK_FILL, Background, DiscMask, SIDE, colours, sample, samples_within};
use crate::{VisionError, agent, block};
use pusht_env::{Frame, Pose, State};
use std::f64::consts::{FRAC_PI_2, PI, TAU};

/// A frame pixel this close to the agent's centre says nothing about the T, board px.
const AGENT_REACH: f64 = 24.0;

/// Least gray seen, in frame pixels, to look for a T in it; a whole T has about 240.
const LEAST_GRAY: f64 = 30.0;

/// Below this overlap a fit is taken for a wrong local minimum, and more starts are tried.
const DOUBTFUL: f64 = 0.75;

/// Below this overlap there is no T.
const LEAST_OVERLAP: f64 = 0.3;

/// Below this overlap there is no agent.
const LEAST_AGENT_OVERLAP: f64 = 0.25;

/// Starting angles of the wide search.
const WIDE: usize = 12;

/// What one frame shows.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tracked {
    /// Agent centre, board px; none where no agent is seen.
    pub agent: Option<[f64; 2]>,
    /// Pose of the T, angle in [0, 2π); none where no T is seen.
    pub block: Option<Pose>,
    /// Intersection over union of the blue seen and the disc placed on it, 0 to 1; 0 where there is no agent. Above
    /// 0.9 on clean frames.
    pub agent_confidence: f64,
    /// Intersection over union of the gray seen and the T placed on it, both without what the agent and the walls may
    /// hide, times the share of the T that is visible; 0 to 1, and 0 where there is no T. Above 0.9 on clean frames.
    pub block_confidence: f64,
}

impl Tracked {
    /// The state, where both agent and T are seen.
    pub fn state(&self) -> Option<State> {
        Some(State {
            agent: self.agent?,
            block: self.block?,
        })
    }
}

/// Reads states out of frames of a board with a known goal.
pub struct Tracker {
    background: Background,
    mask: DiscMask,
}

impl Tracker {
    /// A tracker for boards with this goal.
    ///
    /// # Errors
    /// A goal pose that is not finite.
    pub fn new(goal: Pose) -> Result<Self, VisionError> {
        Ok(Self {
            background: Background::new(goal)?,
            mask: DiscMask::new()?,
        })
    }

    /// What one frame shows. Frames of either fill rule are read alike.
    ///
    /// # Errors
    /// A frame that is not 96 × 96.
    pub fn track(&self, frame: &Frame) -> Result<Tracked, VisionError> {
        self.track_from(frame, None)
    }

    /// What the frames of one video show, in order. The pose in the last frame is where the search in the next one
    /// starts.
    ///
    /// # Errors
    /// A frame that is not 96 × 96.
    pub fn track_video(&self, frames: &[Frame]) -> Result<Vec<Tracked>, VisionError> {
        let mut last = None;
        let mut track = Vec::with_capacity(frames.len());
        for frame in frames {
            let tracked = self.track_from(frame, last)?;
            last = tracked.block;
            track.push(tracked);
        }
        Ok(track)
    }

    fn track_from(&self, frame: &Frame, start: Option<Pose>) -> Result<Tracked, VisionError> {
        let (width, height) = frame.dimensions();
        if (width as usize, height as usize) != (SIDE, SIDE) {
            return Err(VisionError::FrameSize { width, height });
        }
        let colours = colours(frame);
        let rough = agent::find(&colours);
        let seen = Seen::new(&colours, &self.background, rough);
        let block = self.block(&seen, start);
        let behind = |at: usize| self.behind(at, block.map(|(pose, _)| pose));
        let scene = agent::Scene {
            colours: &colours,
            behind: &behind,
            hidden: &self.background.wall,
            mask: &self.mask,
        };
        let placed = rough
            .map(|rough| agent::place(&scene, rough))
            .filter(|p| p.overlap >= LEAST_AGENT_OVERLAP);
        Ok(Tracked {
            agent: placed.as_ref().map(|p| p.centre),
            block: block.map(|(pose, _)| {
                let pose = block::true_pose(pose);
                Pose {
                    angle: wrap(pose.angle),
                    ..pose
                }
            }),
            agent_confidence: placed.map_or(0.0, |p| p.overlap),
            block_confidence: block.map_or(0.0, |(_, overlap)| overlap),
        })
    }

    /// Pose and confidence of the T.
    fn block(&self, seen: &Seen, start: Option<Pose>) -> Option<(Pose, f64)> {
        let target = block::Target {
            green: &seen.green,
            background: &self.background.colour,
            weight: &seen.weight,
        };
        let mut best: Option<(Pose, f64)> = None;
        let mut attempt = |start: Pose, stages: &[block::Stage]| {
            let pose = block::fit(&target, start, stages);
            let overlap = seen.overlap(pose);
            if best.is_none_or(|(_, so_far)| overlap > so_far) {
                best = Some((pose, overlap));
            }
            best.is_some_and(|(_, so_far)| so_far >= DOUBTFUL)
        };
        let near = start.is_some_and(|start| attempt(start, block::NEAR));
        if !near {
            let (centre, angle) = seen.moments()?;
            let turned = |turn: f64| block::with_centroid(centre, angle + turn);
            // As the moments have it, the other way round, and then all around.
            let turns = [0, WIDE / 2].into_iter().chain((1..WIDE).filter(|&k| k != WIDE / 2));
            for k in turns {
                if attempt(turned(TAU * k as f64 / WIDE as f64), block::FAR) {
                    break;
                }
            }
        }
        best.filter(|&(_, overlap)| overlap >= LEAST_OVERLAP)
    }

    /// The board at a frame pixel, without the agent.
    fn behind(&self, at: usize, block: Option<Pose>) -> [f32; 3] {
        let board = self.background.colour[at];
        let Some(pose) = block else {
            return board;
        };
        let q = block::to_body(pose, pose.angle.sin_cos(), [sample(at % SIDE), sample(at / SIDE)]);
        let ([edge, fill], _) = block::shares(block::on_block(q).distance, 1.5);
        let (edge, fill) = (edge as f32, fill as f32);
        [0, 1, 2].map(|c| edge * BLOCK_EDGE[c] + fill * BLOCK_FILL[c] + (1.0 - edge - fill) * board[c])
    }
}

/// What of a frame concerns the T.
struct Seen {
    green: Vec<f32>,
    /// 0 where agent, ticks or walls hide what is there.
    weight: Vec<f32>,
    /// How much like the T's two grays, 0 to 1.
    gray: Vec<f32>,
    gray_sum: f64,
}

impl Seen {
    fn new(colours: &[[f32; 3]], background: &Background, agent: Option<[f64; 2]>) -> Self {
        let near_agent = |at: usize| {
            agent.is_some_and(|[x, y]| {
                (sample(at % SIDE) - x).powi(2) + (sample(at / SIDE) - y).powi(2) < AGENT_REACH * AGENT_REACH
            })
        };
        let weight: Vec<f32> = colours
            .iter()
            .enumerate()
            .map(|(at, &[red, _, blue])| {
                let tick = red - blue > 25.0;
                if tick || background.wall[at] || near_agent(at) {
                    0.0
                } else {
                    1.0
                }
            })
            .collect();
        let gray: Vec<f32> = colours
            .iter()
            .zip(&weight)
            // The T is blue over red by 34 to 41; board, goal and walls are not.
            .map(|(&[red, _, blue], &weight)| weight * ((blue - red) / 36.0).clamp(0.0, 1.0))
            .collect();
        Self {
            green: colours.iter().map(|c| c[1]).collect(),
            weight,
            gray_sum: gray.iter().map(|&g| f64::from(g)).sum(),
            gray,
        }
    }

    /// Centroid and angle of the T by the moments of the gray.
    fn moments(&self) -> Option<([f64; 2], f64)> {
        let gray = || self.gray.iter().enumerate().filter(|(_, g)| **g > 0.3);
        let mut sum = [0.0; 3];
        for (at, &g) in gray() {
            let g = f64::from(g);
            sum = [
                sum[0] + g * sample(at % SIDE),
                sum[1] + g * sample(at / SIDE),
                sum[2] + g,
            ];
        }
        if sum[2] < LEAST_GRAY {
            return None;
        }
        let centre = [sum[0] / sum[2], sum[1] / sum[2]];
        let (mut xx, mut xy, mut yy) = (0.0, 0.0, 0.0);
        for (at, &g) in gray() {
            let [x, y] = [sample(at % SIDE) - centre[0], sample(at / SIDE) - centre[1]];
            let g = f64::from(g);
            (xx, xy, yy) = (xx + g * x * x, xy + g * x * y, yy + g * y * y);
        }
        // The long axis is the stem's, which is the body's y axis.
        let long = 0.5 * (2.0 * xy).atan2(xx - yy);
        // Seen from the centroid the stem reaches further than the bar: the third moment is positive along it.
        let (s, c) = long.sin_cos();
        let along = |at: usize| c * (sample(at % SIDE) - centre[0]) + s * (sample(at / SIDE) - centre[1]);
        let skew: f64 = gray().map(|(at, &g)| f64::from(g) * along(at).powi(3)).sum();
        let stem = if skew < 0.0 { long + PI } else { long };
        Some((centre, stem - FRAC_PI_2))
    }

    /// Intersection over union of gray and T.
    fn overlap(&self, pose: Pose) -> f64 {
        let sin_cos = pose.angle.sin_cos();
        let (mut both, mut either, mut drawn_all, mut drawn_seen) = (0.0, self.gray_sum, 0.0, 0.0);
        let centre = block::centroid(pose);
        let [columns, rows] = centre.map(|c| samples_within(c - block::REACH, c + block::REACH));
        for at in rows.flat_map(|row| columns.clone().map(move |column| row * SIDE + column)) {
            let q = block::to_body(pose, sin_cos, [sample(at % SIDE), sample(at / SIDE)]);
            let ([edge, fill], _) = block::shares(block::on_block(q).distance, 1.5);
            let drawn = edge + fill;
            let (gray, weight) = (f64::from(self.gray[at]), f64::from(self.weight[at]));
            both += gray.min(weight * drawn);
            either += (weight * drawn - gray).max(0.0);
            drawn_all += drawn;
            drawn_seen += weight * drawn;
        }
        if either == 0.0 || drawn_all == 0.0 {
            return 0.0;
        }
        both / either * (drawn_seen / drawn_all).sqrt()
    }
}

/// An angle in [0, 2π).
pub fn wrap(angle: f64) -> f64 {
    let wrapped = angle.rem_euclid(TAU);
    if wrapped < TAU { wrapped } else { 0.0 }
}

/// The angle equal to `angle` up to whole turns that is nearest to `previous`; makes a track of angles continuous.
pub fn unwrap_angle(previous: f64, angle: f64) -> f64 {
    angle - ((angle - previous) / TAU).round() * TAU
}
