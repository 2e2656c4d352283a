//! Measures of one frame: tracking result, shape, colors and image quality.

use std::borrow::Cow;

use pusht_env::{EnvConfig, Frame, Pose, PushT};
use serde::{Deserialize, Serialize};

use super::empty::Board;
use super::picture::{Border, Quality};
use super::pixel_class::{Adapted, PixelClass, Seen, along, sub};
use super::shape::{Shape, shape};
use crate::board::{AGENT_PIXELS, BLOCK_FILL, BLOCK_PIXELS, SIDE, WHITE, colors, each_within, pixels_within};
use crate::geometry::{self, REACH};
use crate::limits;
use crate::marker::without_marker;
use crate::{FrameMeasures, Tracked, Tracker, VisionError};

/// Radius around the agent's center in which all blue belongs to the agent, px: its radius, 3 × 3 smoothing, and the
/// spread by codecs.
const AGENT_REACH: f64 = 26.0;

/// Side of the image that the environment draws, px; frames from larger images are as sharp.
const BOARD: u32 = 512;

/// Margin around T and agent in which the goal's border is ignored, px.
const MARGIN: f64 = 16.0;

/// Excess blur of color over brightness that indicates a codec.
const CODEC: f64 = 0.4;

/// Area of unexpected color, as a share of the T's area, that may be a recolored T.
const FOREIGN_BLOCK: f64 = 0.4;

/// Limits for measuring the T's color: largest misfit of its shape, smallest visible share; and the levels by which a
/// color counts as unusual.
const WHOLE: f64 = 0.3;
const VISIBLE: f64 = 0.5;
const RECOLORED: f32 = 12.0;

/// Measures of one frame. Areas are relative to the area of the object itself.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameAudit {
    /// Agent and T, with confidences.
    pub tracked: Tracked,
    /// Number of agents, number of pieces of the T, and areas.
    pub measures: FrameMeasures,
    /// The T's shape; `None` if there is no T.
    pub shape: Option<Shape>,
    /// Blue area away from the agent, over the area of an agent.
    pub stray_agent: f64,
    /// Area that looks like goal where there is none, or does not where there is, over the area of the goal.
    pub goal: f64,
    /// Area whose colors are neither of the board nor of the agent nor of the T, over the area of a T.
    pub other: f64,
    /// Mean color of that area.
    #[serde(alias = "other_colour")]
    pub other_color: [f32; 3],
    /// The frame's white.
    pub white: [f32; 3],
    /// Whether the red cross at the agent's target was taken out of the frame.
    #[serde(default)]
    pub marked: bool,
    /// Image quality.
    pub quality: Quality,
}

/// Measures the frames of clips; built once, it can be shared between threads.
pub struct FrameReader {
    tracker: Tracker,
    board: Board,
    border: Border,
    goal: Pose,
    /// Simulator in which the steps of clips are played.
    pub(super) env: PushT,
}

impl FrameReader {
    /// A reader of boards with this goal.
    ///
    /// # Errors
    /// A goal pose that is not finite.
    pub fn new(goal: Pose) -> Result<Self, VisionError> {
        let tracker = Tracker::new(goal)?;
        let config = EnvConfig::gym_pusht().with_goal(goal).with_max_steps(None);
        let env = PushT::new(config).map_err(|_| VisionError::Goal { goal })?;
        let board = Board::new(tracker.background());
        Ok(Self {
            border: Border::new(&board),
            tracker,
            board,
            goal,
            env,
        })
    }

    /// Reference border for the quality of frames resampled from a board of `side` pixels; `None` if the resampling
    /// does not blur.
    pub(super) fn border(&self, side: u32) -> Result<Option<Border>, VisionError> {
        if side == SIDE as u32 || side >= BOARD {
            return Ok(None);
        }
        Ok(Some(Border::resampled(&self.board, self.goal, side)?))
    }

    /// Measures a frame that follows others of the same clip.
    pub(super) fn look(
        &self,
        frame: &Frame,
        last: Option<&Looked>,
        border: Option<&Border>,
    ) -> Result<Looked, VisionError> {
        let border = border.unwrap_or(&self.border);
        let (width, height) = frame.dimensions();
        if (width as usize, height as usize) != (SIDE, SIDE) {
            return Err(VisionError::FrameSize { width, height });
        }
        let clean = without_marker(frame);
        let marked = matches!(clean, Cow::Owned(_));
        let frame = &*clean;
        let adapted = last.map_or_else(Adapted::default, |last| last.adapted);
        let tracked = last.map(|last| &last.audit.tracked);
        let audit = self.see(frame, tracked, &adapted, border)?;
        let mut looked = Looked {
            adapted: adapt(&audit, &adapted),
            audit,
        };
        // A frame is read again if it is the first of a compressed clip, or if a lost T may only have changed its
        // color.
        let lost = looked.audit.tracked.block.is_none() && looked.audit.other > FOREIGN_BLOCK;
        if lost {
            looked.adapted.gray = looked.audit.other_color;
        }
        if lost || (last.is_none() && looked.adapted.codec) {
            let again = self.see(frame, tracked, &looked.adapted, border)?;
            if again.tracked.block_confidence >= looked.audit.tracked.block_confidence {
                looked.audit = again;
                looked.adapted = adapt(&looked.audit, &looked.adapted);
            }
        }
        looked.audit.marked = marked;
        Ok(looked)
    }

    fn see(
        &self,
        frame: &Frame,
        last: Option<&Tracked>,
        adapted: &Adapted,
        border: &Border,
    ) -> Result<FrameAudit, VisionError> {
        let seen = Seen::new(colors(frame), &self.board, adapted);
        let cleaned = seen.cleaned(&self.board, adapted.codec);
        let tracked = self.tracker.track_clean(&cleaned, last)?;
        let measures = FrameMeasures::of_clean(&cleaned);
        let agents: Vec<[f64; 2]> = tracked.agent.into_iter().collect();
        let block_shape = tracked.block.map(|pose| shape(&seen, &self.board, pose, &agents));
        let mut agent = vec![false; SIDE * SIDE];
        let mut hidden = self.board.wall.clone();
        for &center in &agents {
            pixels_within(center, AGENT_REACH).for_each(|at| agent[at] = true);
            pixels_within(center, AGENT_REACH + MARGIN).for_each(|at| hidden[at] = true);
        }
        if let Some(pose) = tracked.block {
            let body = geometry::into_body(pose);
            each_within(geometry::centroid(pose), REACH + MARGIN, |at, p| {
                hidden[at] |= geometry::to_block(body(p)).0 < MARGIN;
            });
        }
        let (mut stray, mut goal, mut other, mut other_color) = (0.0, 0.0, 0.0, [0.0; 3]);
        for (at, &class) in seen.classes.iter().enumerate() {
            match class {
                PixelClass::Blue if !agent[at] => stray += 1.0,
                PixelClass::Ground(share) => goal += f64::from(share),
                PixelClass::Other(_) if !agent[at] => {
                    other += 1.0;
                    for c in 0..3 {
                        other_color[c] += seen.smooth[at][c];
                    }
                }
                _ => {}
            }
        }
        let mean = |sum: [f32; 3]| {
            if other > 0.0 {
                sum.map(|c| c / other as f32)
            } else {
                WHITE
            }
        };
        Ok(FrameAudit {
            tracked,
            measures,
            shape: block_shape,
            stray_agent: stray / AGENT_PIXELS,
            goal: goal / BLOCK_PIXELS,
            other: other / BLOCK_PIXELS,
            other_color: mean(other_color),
            white: seen.white,
            marked: false,
            quality: border.quality(&seen, &hidden),
        })
    }
}

/// A frame's measures, and the settings derived from them for the next frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Looked {
    pub(crate) audit: FrameAudit,
    adapted: Adapted,
}

fn adapt(audit: &FrameAudit, before: &Adapted) -> Adapted {
    let codec = match (audit.quality.blur, audit.quality.color_blur) {
        (Some(blur), Some(color_blur)) => color_blur - blur > CODEC,
        _ => before.codec,
    };
    // Of a T that reaches beyond the walls, hardly more than the outline may be seen, which is darker.
    let on_board = (audit.tracked.block).is_some_and(|pose| geometry::wall_depth(pose) <= limits::BEYOND_WALL);
    let gray = match audit.shape {
        Some(shape) if on_board && shape.stray + shape.missing < WHOLE && shape.visible > VISIBLE => {
            let (opacity, off) = along(sub(shape.color, WHITE), sub(BLOCK_FILL, WHITE));
            if off < RECOLORED {
                BLOCK_FILL
            } else {
                // Fading does not count as recoloring.
                let lighter = (1.0 - opacity).max(0.0);
                [0, 1, 2].map(|c| shape.color[c] + lighter * (BLOCK_FILL[c] - WHITE[c]))
            }
        }
        _ => before.gray,
    };
    Adapted { gray, codec }
}
