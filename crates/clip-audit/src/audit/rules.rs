//! Rules that turn measures into findings.

use pusht_vision::appearance::{ClipPicture, ClipReading, FrameAudit};
use pusht_vision::flagged::{FlaggedFrame, Measured, segments};
use pusht_vision::geometry::centroid;
use pusht_vision::motion::ClipSteps;

use super::{Finding, Kind, limits};

/// All findings of a clip.
pub(crate) fn findings(clip: &ClipReading) -> Vec<Finding> {
    let (frames, picture) = (&clip.frames, &clip.picture);
    let mut found = Vec::new();
    for (kind, least) in [
        (Kind::Morph, 2),
        (Kind::SeveralAgents, 2),
        (Kind::BlockGone, 2),
        (Kind::BlockSplit, 2),
        (Kind::BlockResized, 3),
        (Kind::AgentResized, 3),
        (Kind::GoalChanged, 2),
        (Kind::Color, 3),
    ] {
        let marks = frames.iter().enumerate().filter_map(|(frame, audit)| {
            let (measured, at) = measure(kind, audit, picture)?;
            measured.is_beyond().then_some(FlaggedFrame { frame, measured, at })
        });
        found.extend(runs(kind, least, marks));
    }
    found.extend(agent_gone(frames, picture));
    found.extend(moving(&clip.steps));
    found.extend(of_picture(frames.len(), picture));
    found.sort_by_key(|f| (f.kind, f.frames));
    found
}

/// Measure and position of a kind that is judged frame by frame; `None` if the frame does not allow it.
fn measure(kind: Kind, frame: &FrameAudit, picture: &ClipPicture) -> Option<(Measured, Option<[f64; 2]>)> {
    let agent = frame.tracked.agent;
    let block = frame.tracked.block.map(centroid);
    let codec = picture.codec();
    let recolored = (frame.shape).is_some_and(|s| s.off_color() >= limits::RECOLORED);
    let of = |value: f64, limit: f64, at| Some((Measured { value, limit }, at));
    match kind {
        // A recolored T may look like an agent or like the goal, and the parts that do are missing from its shape.
        Kind::SeveralAgents | Kind::GoalChanged | Kind::BlockResized if recolored => None,
        Kind::SeveralAgents => {
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
        Kind::AgentResized => {
            let area = frame.measures.agent_area;
            let [x, y] = agent?;
            let inside = [x, y]
                .iter()
                .all(|c| (limits::BORDER..512.0 - limits::BORDER).contains(c));
            let good = picture.blur_of_all() < limits::SHARP && picture.noise < limits::NOISE && inside;
            // In compressed images discs are found by their darkness, which is a poor measure of their size.
            if frame.measures.agents > 1 || codec {
                None
            } else if area < 1.0 && good {
                of(limits::SMALL_AGENT / area.max(0.01), 1.0, agent)
            } else {
                of(area / limits::LARGE_AGENT, 1.0, agent)
            }
        }
        Kind::BlockGone => Some((frame.without_block(), None)),
        Kind::Morph => Some((frame.melting(picture)?, block)),
        Kind::BlockSplit => Some((frame.pieces(picture), block)),
        Kind::BlockResized => {
            let shape = frame.shape.filter(|s| s.visible > limits::VISIBLE)?;
            let whole = shape.stray + shape.missing < limits::MISFIT && frame.measures.pieces == 1;
            let [long, short] = shape.stretch.map(f64::ln);
            let size = (long + short).abs() / 2.0 / limits::SIZE;
            let stretch = long.abs().max(short.abs()) / limits::STRETCH;
            of(if whole { size.max(stretch) } else { 0.0 }, 1.0, block)
        }
        Kind::GoalChanged => of(frame.goal, limits::GOAL_MISMATCH, None),
        Kind::Color => {
            let lost = frame.white.iter().map(|&w| f64::from(255.0 - w)).fold(0.0, f64::max) / limits::TINT;
            let own = frame.shape.map_or(0.0, |s| s.off_color()) / limits::RECOLORED;
            of(lost.max(own), 1.0, if own > lost { block } else { None })
        }
        _ => None,
    }
}

/// Joins marks of neighboring frames to findings; those of fewer than `least` frames are left out.
fn runs(kind: Kind, least: usize, marks: impl Iterator<Item = FlaggedFrame>) -> Vec<Finding> {
    let found = segments(least, marks).into_iter();
    let finding = |segment: pusht_vision::flagged::FlaggedSegment| Finding {
        kind,
        frames: segment.frames,
        value: segment.worst.measured.value,
        threshold: segment.worst.measured.limit,
        worst: segment.worst.frame,
        at: segment.worst.at,
    };
    found.map(finding).collect()
}

/// Frames without an agent, except where it was last seen or is next seen at the border: it may be hidden behind the
/// wall.
fn agent_gone(frames: &[FrameAudit], picture: &ClipPicture) -> Vec<Finding> {
    let least = if picture.is_coarse() {
        limits::COARSE_NO_AGENT
    } else {
        limits::NO_AGENT
    };
    let gone = |f: &FrameAudit| f.tracked.agent.is_none() && f.measures.agent_area < least;
    let inside = |p: &[f64; 2]| (p.iter()).all(|c| (limits::AT_BORDER..512.0 - limits::AT_BORDER).contains(c));
    let marks = frames
        .iter()
        .enumerate()
        .filter(|(_, f)| gone(f))
        .filter_map(|(t, frame)| {
            let before = frames[..t].iter().rev().find_map(|f| f.tracked.agent);
            let after = frames[t..].iter().find_map(|f| f.tracked.agent);
            let hidden = [before, after].iter().flatten().any(|p| !inside(p));
            (!hidden).then_some(FlaggedFrame {
                frame: t,
                measured: Measured {
                    value: 1.0 - frame.measures.agent_area,
                    limit: 1.0 - least,
                },
                at: before.or(after),
            })
        });
    // A codec may lose a disc of radius 2.8 px for one frame.
    runs(Kind::AgentGone, if picture.codec() { 2 } else { 1 }, marks)
}

/// Jumps, and a T that moves without contact.
fn moving(clip: &ClipSteps) -> Vec<Finding> {
    let ClipSteps { seen, steps, alone } = clip;
    let jump = |frame: usize, value: f64, limit: f64, at| FlaggedFrame {
        frame,
        measured: Measured { value, limit },
        at,
    };
    let agent = (clip.isolated().into_iter())
        .filter(|&(_, value)| value >= limits::AGENT_JUMP)
        .map(|(t, value)| jump(t, value, limits::AGENT_JUMP, seen[t].agent));
    let mut found: Vec<Finding> = runs(Kind::AgentJump, 1, agent).into_iter().map(from_before).collect();
    let place = |t: usize| seen[t].block.map(centroid);
    let (mut jumps, mut without_contact) = (Vec::new(), Vec::new());
    for (t, step) in steps.iter().enumerate() {
        let Some(step) = step.filter(|s| s.touched) else {
            continue;
        };
        let value = step.excess();
        if value >= limits::BLOCK_JUMP {
            jumps.push((t + 1, value));
        } else if value >= limits::EXCESS {
            without_contact.push(Finding {
                kind: Kind::MotionWithoutContact,
                frames: [t, t + 1],
                value,
                threshold: limits::EXCESS,
                worst: t + 1,
                at: place(t + 1),
            });
        }
    }
    for run in alone.iter().filter(|r| r.moved >= limits::MOTION_WITHOUT_CONTACT) {
        let (value, frame) = run.jump;
        let beside = |t: Option<usize>| t.and_then(|t| *steps.get(t)?).map_or(0.0, |s| s.moved);
        // A jump: most of the path in one step, or much more than in the steps around it.
        let most = value > 0.6 * run.moved;
        let at_once = value - beside(frame.checked_sub(2)).max(beside(Some(frame))) >= limits::BLOCK_JUMP;
        if value >= limits::BLOCK_JUMP && (most || at_once) {
            jumps.push((frame, value));
        }
        if value < limits::BLOCK_JUMP || !most {
            without_contact.push(Finding {
                kind: Kind::MotionWithoutContact,
                frames: [run.frames.start, run.frames.end - 1],
                value: run.moved,
                threshold: limits::MOTION_WITHOUT_CONTACT,
                worst: run.frames.end - 1,
                at: place(run.frames.end - 1),
            });
        }
    }
    jumps.sort_by_key(|&(t, _)| t);
    let jumps = (jumps.into_iter()).map(|(t, value)| jump(t, value, limits::BLOCK_JUMP, place(t)));
    found.extend(runs(Kind::BlockJump, 1, jumps).into_iter().map(from_before));
    found.extend(without_contact);
    found
}

/// Extends a jump to include the frame before it.
fn from_before(finding: Finding) -> Finding {
    Finding {
        frames: [finding.frames[0].saturating_sub(1), finding.frames[1]],
        ..finding
    }
}

/// Findings about the image quality of the whole clip.
fn of_picture(count: usize, picture: &ClipPicture) -> Vec<Finding> {
    let whole = |kind, value: f64, threshold: f64| {
        (count > 0 && value >= threshold).then_some(Finding {
            kind,
            frames: [0, count - 1],
            value,
            threshold,
            worst: count / 2,
            at: None,
        })
    };
    let (blur, marks) = (picture.blur.unwrap_or(0.0), picture.marks());
    let compressed = whole(Kind::Compression, picture.compression(), 1.0);
    // A codec blurs as well.
    let blurred = whole(Kind::Blur, blur, limits::BLUR).filter(|_| marks < 1.0);
    let noisy = whole(Kind::Noise, picture.noise, limits::NOISE);
    [compressed, noisy, blurred].into_iter().flatten().collect()
}
