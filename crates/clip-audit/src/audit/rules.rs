//! Rules that turn measures into findings.

use pusht_vision::FrameRange;
use pusht_vision::appearance::{ClipPicture, ClipReading, FrameAudit, Shape, without_block};
use pusht_vision::flagged::{FlaggedFrame, Measured};
use pusht_vision::geometry::{centroid, wall_depth};

use super::motion_rules::moving;
use super::runs::runs;
use super::{Finding, FindingKind, limits};

/// All findings of a clip.
pub(crate) fn findings(clip: &ClipReading) -> Vec<Finding> {
    let (frames, picture) = (&clip.frames, &clip.picture);
    let mut found = Vec::new();
    for (kind, least) in [
        (FindingKind::Morph, 2),
        (FindingKind::SeveralAgents, 2),
        (FindingKind::BlockSplit, 2),
        (FindingKind::BlockResized, 3),
        (FindingKind::AgentResized, 3),
        (FindingKind::GoalChanged, 2),
        (FindingKind::Color, 3),
    ] {
        let marks = frames.iter().enumerate().filter_map(|(frame, audit)| {
            let (measured, at) = measure(kind, audit, picture)?;
            measured.is_beyond().then_some(FlaggedFrame { frame, measured, at })
        });
        found.extend(runs(kind, least, marks));
    }
    found.extend(block_gone(frames));
    found.extend(bent(frames));
    found.extend(agent_gone(frames, picture));
    found.extend(moving(&clip.steps));
    found.extend(of_picture(frames.len(), picture));
    found.sort_by_key(|f| (f.kind, f.frames));
    found
}

/// Measure and position of a kind that is judged frame by frame; `None` if the frame does not allow it.
fn measure(kind: FindingKind, frame: &FrameAudit, picture: &ClipPicture) -> Option<(Measured, Option<[f64; 2]>)> {
    let agent = frame.tracked.agent;
    let block = frame.tracked.block.map(centroid);
    let codec = picture.codec();
    let recolored = (frame.shape).is_some_and(|s| s.off_color() >= limits::RECOLORED);
    let of = |value: f64, limit: f64, at| Some((Measured { value, limit }, at));
    match kind {
        // A recolored T may look like an agent or like the goal, and the parts that do are missing from its shape.
        FindingKind::SeveralAgents | FindingKind::GoalChanged | FindingKind::BlockResized if recolored => None,
        FindingKind::SeveralAgents => {
            let by_area = if frame.measures.agents > 1 {
                frame.measures.agent_area
            } else {
                0.0
            };
            let stray = frame.stray_agent / limits::STRAY_AGENT * limits::TWO_AGENTS;
            let two = if picture.is_coarse() {
                limits::COARSE_TWO_AGENTS
            } else {
                limits::TWO_AGENTS
            };
            of(by_area.max(stray), two, agent)
        }
        FindingKind::AgentResized => {
            let area = frame.measures.agent_area;
            let [x, y] = agent?;
            let inside = [x, y]
                .iter()
                .all(|c| (limits::BORDER..512.0 - limits::BORDER).contains(c));
            let good = picture.blur_of_all() < limits::SHARP && picture.noise < limits::NOISE && inside;
            // In compressed images discs are found by their darkness, which is a poor measure of their size.
            // Nor can it be told behind the cross at the agent's target.
            if frame.measures.agents > 1 || codec || frame.marked {
                None
            } else if area < 1.0 && good {
                of(limits::SMALL_AGENT / area.max(0.01), 1.0, agent)
            } else {
                of(area / limits::LARGE_AGENT, 1.0, agent)
            }
        }
        FindingKind::Morph => Some((frame.melting(picture)?, block)),
        FindingKind::BlockSplit => Some((frame.pieces(picture), block)),
        FindingKind::BlockResized => {
            let shape = shape_on_board(frame).filter(|s| s.visible > limits::VISIBLE)?;
            let whole = shape.stray + shape.missing < limits::MISFIT && frame.measures.pieces == 1;
            let [long, short] = shape.stretch.map(f64::ln);
            let size = (long + short).abs() / 2.0 / limits::SIZE;
            let stretch = long.abs().max(short.abs()) / limits::STRETCH;
            of(if whole { size.max(stretch) } else { 0.0 }, 1.0, block)
        }
        FindingKind::GoalChanged => of(frame.goal, limits::GOAL_MISMATCH, None),
        FindingKind::Color => {
            let lost = frame.white.iter().map(|&w| f64::from(255.0 - w)).fold(0.0, f64::max) / limits::TINT;
            let own = shape_on_board(frame).map_or(0.0, |s| s.off_color()) / limits::RECOLORED;
            of(lost.max(own), 1.0, if own > lost { block } else { None })
        }
        _ => None,
    }
}

/// Frames without a T, except one that was pushed off the board.
fn block_gone(frames: &[FrameAudit]) -> Vec<Finding> {
    let marks = (0..frames.len()).filter_map(|frame| {
        let measured = without_block(frames, frame);
        let at = None;
        measured.is_beyond().then_some(FlaggedFrame { frame, measured, at })
    });
    runs(FindingKind::BlockGone, 2, marks)
}

/// The T's shape, if the walls hide nothing of it that would matter.
fn shape_on_board(frame: &FrameAudit) -> Option<Shape> {
    let depth = wall_depth(frame.tracked.block?);
    let beside = depth > -limits::RIM && frame.tracked.block_confidence < limits::BLOCK_JUDGED;
    frame.shape.filter(|_| depth <= limits::BEYOND_WALL && !beside)
}

/// Frames in which the T's stem is not in the middle of its bar: the median of the T's shear over frames that show it
/// clearly. One frame would not do, because the agent hides parts of the border.
fn bent(frames: &[FrameAudit]) -> Vec<Finding> {
    let shears: Vec<(usize, f64)> = (frames.iter().enumerate())
        .filter_map(|(t, frame)| {
            let shape = shape_on_board(frame).filter(|s| s.visible > limits::VISIBLE_TO_SHEAR)?;
            (shape.off_color() < limits::RECOLORED).then_some((t, shape.shear))
        })
        .collect();
    let marks = shears.windows(limits::SHEAR_FRAMES).filter_map(|window| {
        let mut sorted: Vec<f64> = window.iter().map(|(_, shear)| *shear).collect();
        sorted.sort_by(f64::total_cmp);
        let middle = limits::SHEAR_FRAMES / 2;
        let (frame, value) = (window[middle].0, sorted[middle].abs() / limits::SHEAR);
        let measured = Measured { value, limit: 1.0 };
        let at = frames[frame].tracked.block.map(centroid);
        measured.is_beyond().then_some(FlaggedFrame { frame, measured, at })
    });
    runs(FindingKind::BlockResized, 1, marks)
}

/// Frames without an agent, except where it was last seen or is next seen at the border: it may be hidden behind the
/// wall.
fn agent_gone(frames: &[FrameAudit], picture: &ClipPicture) -> Vec<Finding> {
    let least = if picture.is_coarse() {
        limits::COARSE_NO_AGENT
    } else {
        limits::NO_AGENT
    };
    // In a clip that mostly shows no agent at all, nothing tells what moves the T.
    let unseen = frames.iter().filter(|f| f.tracked.agent.is_none()).count();
    let never = 2 * unseen > frames.len();
    let gone = |f: &FrameAudit| f.tracked.agent.is_none() && (never || f.measures.agent_area < least);
    let inside = |p: &[f64; 2]| (p.iter()).all(|c| (limits::AT_BORDER..512.0 - limits::AT_BORDER).contains(c));
    let marks = frames
        .iter()
        .enumerate()
        .filter(|(_, f)| gone(f))
        .filter_map(|(t, frame)| {
            let before = frames[..t].iter().rev().find_map(|f| f.tracked.agent);
            let after = frames[t..].iter().find_map(|f| f.tracked.agent);
            let hidden = [before, after].iter().flatten().any(|p| !inside(p));
            (never || !hidden).then_some(FlaggedFrame {
                frame: t,
                measured: Measured {
                    value: (1.0 - frame.measures.agent_area).max(if never { 1.0 - least } else { 0.0 }),
                    limit: 1.0 - least,
                },
                at: before.or(after),
            })
        });
    // A codec may lose a disc of radius 2.8 px for one frame.
    runs(FindingKind::AgentGone, if picture.codec() { 2 } else { 1 }, marks)
}

/// Findings about the image quality of the whole clip.
fn of_picture(count: usize, picture: &ClipPicture) -> Vec<Finding> {
    let whole = |kind, value: f64, threshold: f64| {
        (count > 0 && value >= threshold).then_some(Finding {
            kind,
            frames: FrameRange::new(0, count - 1),
            value,
            threshold,
            worst: count / 2,
            at: None,
            simulated: None,
        })
    };
    let (blur, marks) = (picture.blur.unwrap_or(0.0), picture.marks());
    let compressed = whole(FindingKind::Compression, picture.compression(), 1.0);
    // A codec blurs as well.
    let blurred = whole(FindingKind::Blur, blur, limits::BLUR).filter(|_| marks < 1.0);
    let noisy = whole(FindingKind::Noise, picture.noise, limits::NOISE);
    [compressed, noisy, blurred].into_iter().flatten().collect()
}
