//! Tracks agent and T in frames.

use crate::board::{BLOCK_EDGE, BLOCK_FILL, Background, DiscMask, SIDE, colors, point};
use crate::geometry::to_body;
use crate::marker::without_marker;
use crate::seen::Seen;
use crate::{VisionError, agent, block};
use pusht_env::{Frame, Pose, State};
use std::f64::consts::TAU;

/// Overlap above which a fit from the last frame's pose is accepted at once.
const GOOD: f64 = 0.9;

/// Overlap below which a fit is taken for a wrong local minimum, and more starts are tried.
const DOUBTFUL: f64 = 0.75;

/// Tolerance relative to the overlap of the last frame, as all frames of a compressed video have lower overlaps: a fit
/// that is worse by less than this is as good, and one that is worse by less than twice this is not doubtful.
const AS_GOOD: f64 = 0.03;

/// Overlap below which there is no T.
const LEAST_OVERLAP: f64 = 0.3;

/// Overlap below which there is no agent.
const LEAST_AGENT_OVERLAP: f64 = 0.25;

/// Number of starting angles of the wide search.
const WIDE: usize = 12;

/// Agent and T in one frame, with confidences.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Tracked {
    /// Center of the agent, board px; `None` if no agent is found.
    pub agent: Option<[f64; 2]>,
    /// Pose of the T, angle in [0, 2π); `None` if no T is found.
    pub block: Option<Pose>,
    /// Intersection over union of the blue seen and the disc placed on it, 0 to 1; 0 if there is no agent. About 0.97
    /// on clean frames.
    pub agent_confidence: f64,
    /// Intersection over union of the gray seen and the T placed on it, without the parts that agent and walls may
    /// hide, times the visible share of the T; 0 to 1, and 0 if there is no T. About 0.95 on clean frames.
    pub block_confidence: f64,
}

impl Tracked {
    /// The state, if both agent and T are found.
    pub fn state(&self) -> Option<State> {
        Some(State {
            agent: self.agent?,
            block: self.block?,
        })
    }
}

/// Converts a known state, with full confidence.
impl From<State> for Tracked {
    fn from(state: State) -> Self {
        Self {
            agent: Some(state.agent),
            block: Some(state.block),
            agent_confidence: 1.0,
            block_confidence: 1.0,
        }
    }
}

/// Tracks agent and T in 96 × 96 frames of a board with a known goal.
///
/// # Example
///
/// ```
/// use pusht_env::{FillRule, GOAL, Pose, Renderer, Scene};
/// use pusht_vision::Tracker;
///
/// let scene = Scene::new([120.0, 80.0], Pose::new(240.0, 300.0, 0.8), GOAL);
/// let frame = Renderer::new(96, FillRule::default())?.render(&scene);
/// let state = Tracker::new(GOAL)?.track(&frame)?.state().ok_or("agent or T not found")?;
/// assert!((state.agent[0] - 120.0).abs() < 2.0 && (state.block.angle - 0.8).abs() < 0.05);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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

    /// The empty board.
    pub(crate) fn background(&self) -> &Background {
        &self.background
    }

    /// Tracks one frame by itself. Frames of both fill rules are supported.
    ///
    /// # Errors
    /// A frame that is not 96 × 96.
    pub fn track(&self, frame: &Frame) -> Result<Tracked, VisionError> {
        self.track_after(frame, None)
    }

    /// Tracks a frame after one with the result `last`, where the search for the T starts. For videos that are not in
    /// memory as a whole; [`Tracker::track_video`] gives the same results.
    ///
    /// # Errors
    /// A frame that is not 96 × 96.
    pub fn track_after(&self, frame: &Frame, last: Option<&Tracked>) -> Result<Tracked, VisionError> {
        let (width, height) = frame.dimensions();
        if (width as usize, height as usize) != (SIDE, SIDE) {
            return Err(VisionError::FrameSize { width, height });
        }
        self.track_clean(&without_marker(frame), last)
    }

    /// As [`Tracker::track_after`], for a frame without the cross at the agent's target.
    pub(crate) fn track_clean(&self, frame: &Frame, last: Option<&Tracked>) -> Result<Tracked, VisionError> {
        let colors = colors(frame);
        let rough = agent::find(&colors);
        let seen = Seen::new(&colors, &self.background, rough);
        let start = last.and_then(|last| Some((last.block?, last.block_confidence)));
        let block = self.block(&seen, start);
        let behind = |at: usize| self.behind(at, block.map(|(pose, _)| pose));
        let scene = agent::Scene {
            colors: &colors,
            behind: &behind,
            hidden: &self.background.wall,
            mask: &self.mask,
        };
        let placed = rough
            .map(|rough| agent::place(&scene, rough))
            .filter(|p| p.overlap >= LEAST_AGENT_OVERLAP);
        Ok(Tracked {
            agent: placed.as_ref().map(|p| p.center),
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

    /// Tracks the frames of one video in order. The search in each frame starts at the pose in the previous one.
    ///
    /// # Errors
    /// A frame that is not 96 × 96.
    pub fn track_video(&self, frames: &[Frame]) -> Result<Vec<Tracked>, VisionError> {
        let mut track: Vec<Tracked> = Vec::with_capacity(frames.len());
        for frame in frames {
            track.push(self.track_after(frame, track.last())?);
        }
        Ok(track)
    }

    /// Pose and confidence of the T; `start` has those of the last frame.
    fn block(&self, seen: &Seen, start: Option<(Pose, f64)>) -> Option<(Pose, f64)> {
        let target = block::Target {
            green: &seen.green,
            background: &self.background.color,
            weight: &seen.weight,
        };
        let mut best: Option<(Pose, f64)> = None;
        let mut attempt = |start: Pose, stages: &[block::Stage], enough: f64| {
            let pose = block::fit(&target, start, stages);
            let overlap = seen.overlap(pose);
            if best.is_none_or(|(_, so_far)| overlap > so_far) {
                best = Some((pose, overlap));
            }
            best.is_some_and(|(_, so_far)| so_far >= enough)
        };
        let last = start.map_or(1.0, |(_, overlap)| overlap);
        let near = start.is_some_and(|(start, _)| attempt(start, block::NEAR, GOOD.min(last - AS_GOOD)));
        if !near {
            let (center, angle) = seen.moments()?;
            let turned = |turn: f64| block::with_centroid(center, angle + turn);
            // The angle of the moments, its opposite, and then all the others.
            let turns = [0, WIDE / 2].into_iter().chain((1..WIDE).filter(|&k| k != WIDE / 2));
            for k in turns {
                if attempt(
                    turned(TAU * k as f64 / WIDE as f64),
                    block::FAR,
                    DOUBTFUL.min(last - 2.0 * AS_GOOD),
                ) {
                    break;
                }
            }
        }
        best.filter(|&(_, overlap)| overlap >= LEAST_OVERLAP)
    }

    /// The board at a frame pixel, without the agent.
    fn behind(&self, at: usize, block: Option<Pose>) -> [f32; 3] {
        let board = self.background.color[at];
        let Some(pose) = block else {
            return board;
        };
        let q = to_body(pose, point(at));
        let ([edge, fill], _) = block::shares(block::on_block(q).distance, 1.5);
        let (edge, fill) = (edge as f32, fill as f32);
        [0, 1, 2].map(|c| edge * BLOCK_EDGE[c] + fill * BLOCK_FILL[c] + (1.0 - edge - fill) * board[c])
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
