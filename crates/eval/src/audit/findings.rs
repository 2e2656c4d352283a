//! From measures to findings.

use super::clip::Quality;
use super::motion::{Alone, Seen, Step, excess, isolated};
use super::{Finding, FrameAudit, Kind, limits};
use pusht_vision::geometry::centroid;

/// Findings of one kind this many frames apart are one.
const GAP: usize = 3;

/// A measure beyond its limit in one frame.
#[derive(Clone, Copy)]
struct Mark {
    frame: usize,
    value: f64,
    threshold: f64,
    at: Option<[f64; 2]>,
}

/// All findings of a clip.
pub(crate) fn findings(
    frames: &[FrameAudit],
    seen: &[Seen],
    steps: &[Option<Step>],
    alone: &[Alone],
    quality: &Quality,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for (kind, least) in [
        (Kind::Morph, 2),
        (Kind::SeveralAgents, 2),
        (Kind::BlockGone, 2),
        (Kind::BlockSplit, 2),
        (Kind::BlockResized, 3),
        (Kind::AgentResized, 3),
        (Kind::GoalChanged, 2),
        (Kind::Colour, 3),
    ] {
        let marks = frames.iter().enumerate().filter_map(|(t, frame)| {
            let (value, threshold, at) = measure(kind, frame, quality)?;
            (value >= threshold).then_some(Mark {
                frame: t,
                value,
                threshold,
                at,
            })
        });
        found.extend(runs(kind, least, marks));
    }
    found.extend(agent_gone(frames, quality));
    found.extend(moving(seen, steps, alone));
    found.extend(picture(frames.len(), quality));
    found.sort_by_key(|f| (f.kind, f.frames));
    found
}

/// Value, threshold and place of a kind that every frame shows by itself; none where the frame does not tell.
fn measure(kind: Kind, frame: &FrameAudit, quality: &Quality) -> Option<(f64, f64, Option<[f64; 2]>)> {
    let agent = frame.tracked.agent;
    let block = frame.tracked.block.map(centroid);
    let codec = quality.codec();
    let blur = quality.blur.unwrap_or(0.0) + quality.resampling;
    let recoloured = (frame.shape).is_some_and(|s| s.off_colour() >= limits::RECOLOURED);
    // Blur, noise and codecs make borders wide; what is measured must be more than that.
    let allowance = (blur - limits::SHARP).max(0.0) + if codec { limits::CODEC_ALLOWANCE } else { 0.0 };
    match kind {
        // A T of another colour may look like an agent or like goal, and what of it does is missing from its shape.
        Kind::SeveralAgents | Kind::GoalChanged | Kind::BlockResized if recoloured => None,
        Kind::SeveralAgents => {
            let by_area = if frame.measures.agents > 1 {
                frame.measures.agent_area
            } else {
                0.0
            };
            let stray = frame.stray_agent / limits::STRAY_AGENT * limits::TWO_AGENTS;
            let two = if quality.is_coarse() {
                limits::COARSE_TWO_AGENTS
            } else {
                limits::TWO_AGENTS
            };
            Some((by_area.max(stray), two, agent))
        }
        Kind::AgentResized => {
            let area = frame.measures.agent_area;
            let [x, y] = agent?;
            let inside = [x, y]
                .iter()
                .all(|c| (limits::BORDER..512.0 - limits::BORDER).contains(c));
            let good = blur < limits::SHARP && quality.noise < limits::NOISE && inside;
            // A codec's discs are found by their darkness, which says little about their size.
            if frame.measures.agents > 1 || codec {
                None
            } else if area < 1.0 && good {
                Some((limits::SMALL_AGENT / area.max(0.01), 1.0, agent))
            } else {
                Some((area / limits::LARGE_AGENT, 1.0, agent))
            }
        }
        Kind::BlockGone => {
            let gone = frame.tracked.block_confidence < limits::NO_BLOCK;
            Some((if gone { 1.0 } else { 0.0 }, 1.0, None))
        }
        Kind::Morph => {
            let shape = frame.shape?;
            let split = frame.measures.pieces > 1 && shape.translucent < limits::TRANSLUCENT + allowance;
            let misfit = if split { 0.0 } else { shape.stray + shape.missing };
            let misfit = misfit / (limits::MISFIT + allowance);
            let translucent = shape.translucent / (limits::TRANSLUCENT + allowance);
            let limit = if quality.is_coarse() { limits::COARSE_MORPH } else { 1.0 };
            Some((misfit.max(translucent), limit, block))
        }
        Kind::BlockSplit => {
            let split = frame.measures.pieces as f64;
            let solid = frame
                .shape
                .is_none_or(|s| s.translucent < limits::TRANSLUCENT + allowance);
            Some((if solid { split } else { 1.0 }, 2.0, block))
        }
        Kind::BlockResized => {
            let shape = frame.shape.filter(|s| s.visible > limits::VISIBLE)?;
            let whole = shape.stray + shape.missing < limits::MISFIT && frame.measures.pieces == 1;
            let [long, short] = shape.stretch.map(f64::ln);
            let size = (long + short).abs() / 2.0 / limits::SIZE;
            let stretch = long.abs().max(short.abs()) / limits::STRETCH;
            Some((if whole { size.max(stretch) } else { 0.0 }, 1.0, block))
        }
        Kind::GoalChanged => Some((frame.goal, limits::GOAL, None)),
        Kind::Colour => {
            let lost = frame.white.iter().map(|&w| f64::from(255.0 - w)).fold(0.0, f64::max) / limits::TINT;
            let own = frame.shape.map_or(0.0, |s| s.off_colour()) / limits::RECOLOURED;
            Some((lost.max(own), 1.0, if own > lost { block } else { None }))
        }
        _ => None,
    }
}

impl Quality {
    /// True where the picture is good enough to say what is wrong with the world it shows.
    pub(crate) fn is_legible(&self) -> bool {
        let beyond = |value: Option<f64>, limit| value.is_some_and(|v| v + self.resampling >= limit);
        !(self.noise >= limits::ILLEGIBLE_NOISE
            || beyond(self.blur, limits::ILLEGIBLE_BLUR)
            || beyond(self.colour_blur, limits::ILLEGIBLE_COLOUR))
    }

    /// How far the marks of a codec go, over what makes them a finding.
    fn marks(&self) -> f64 {
        let (blur, colour) = (self.blur.unwrap_or(0.0), self.colour_blur.unwrap_or(0.0));
        // What a wide blur leaves unexplained is no ringing.
        let quiet = if self.noise < limits::NOISE && blur < limits::ILLEGIBLE_BLUR {
            self.ringing.unwrap_or(0.0)
        } else {
            0.0
        };
        ((colour - blur) / limits::COMPRESSION).max(quiet / limits::RINGING)
    }

    /// The same, in a blurred picture with fewer marks: a codec blurs as well.
    fn compression(&self) -> f64 {
        let (blur, colour) = (self.blur.unwrap_or(0.0), self.colour_blur.unwrap_or(0.0));
        // The colours of a wide blur tell nothing.
        let in_blur = if (limits::BLUR..limits::ILLEGIBLE_BLUR).contains(&blur) {
            (colour - blur) / limits::COMPRESSION_IN_BLUR
        } else {
            0.0
        };
        self.marks().max(in_blur)
    }

    /// A codec's blocks tear what is small or has edges.
    fn is_coarse(&self) -> bool {
        self.compression() >= limits::COARSE
    }

    /// Colour is blurred more than brightness.
    pub(crate) fn codec(&self) -> bool {
        match (self.blur, self.colour_blur) {
            (Some(blur), Some(colour)) => colour - blur > limits::COMPRESSION,
            _ => false,
        }
    }
}

/// Marks of neighbouring frames as findings, those of fewer than `least` frames left out.
fn runs(kind: Kind, least: usize, marks: impl Iterator<Item = Mark>) -> Vec<Finding> {
    let mut found: Vec<(Finding, usize)> = Vec::new();
    for mark in marks {
        match found.last_mut() {
            Some((last, count)) if mark.frame - last.frames[1] <= GAP => {
                last.frames[1] = mark.frame;
                *count += 1;
                if mark.value > last.value {
                    (last.value, last.worst, last.at) = (mark.value, mark.frame, mark.at);
                    last.threshold = mark.threshold;
                }
            }
            _ => found.push((
                Finding {
                    kind,
                    frames: [mark.frame; 2],
                    value: mark.value,
                    threshold: mark.threshold,
                    worst: mark.frame,
                    at: mark.at,
                },
                1,
            )),
        }
    }
    found
        .into_iter()
        .filter(|&(_, count)| count >= least)
        .map(|(f, _)| f)
        .collect()
}

/// Frames without an agent, but for those around which it is at the border, behind which it may be.
fn agent_gone(frames: &[FrameAudit], quality: &Quality) -> Vec<Finding> {
    let least = if quality.is_coarse() {
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
            (!hidden).then_some(Mark {
                frame: t,
                value: 1.0 - frame.measures.agent_area,
                threshold: 1.0 - least,
                at: before.or(after),
            })
        });
    // A codec may lose a disc of 2.8 px for a frame.
    runs(Kind::AgentGone, if quality.codec() { 2 } else { 1 }, marks)
}

/// Jumps, and a T that moves untouched.
fn moving(seen: &[Seen], steps: &[Option<Step>], alone: &[Alone]) -> Vec<Finding> {
    let jump = |frame: usize, value: f64, at| Mark {
        frame,
        value,
        threshold: limits::AGENT_JUMP,
        at,
    };
    let agent = isolated(seen)
        .into_iter()
        .filter(|&(_, value)| value >= limits::AGENT_JUMP);
    let agent = agent.map(|(t, value)| jump(t, value, seen[t].agent));
    let mut found: Vec<Finding> = runs(Kind::AgentJump, 1, agent).into_iter().map(from_before).collect();
    let place = |t: usize| seen[t].block.map(centroid);
    let (mut jumps, mut untouched) = (Vec::new(), Vec::new());
    for (t, step) in steps.iter().enumerate() {
        let Some(step) = step.filter(|s| s.touched) else {
            continue;
        };
        let value = excess(&step);
        if value >= limits::BLOCK_JUMP {
            jumps.push((t + 1, value));
        } else if value >= limits::EXCESS {
            untouched.push(Finding {
                kind: Kind::Untouched,
                frames: [t, t + 1],
                value,
                threshold: limits::EXCESS,
                worst: t + 1,
                at: place(t + 1),
            });
        }
    }
    for run in alone.iter().filter(|r| r.moved >= limits::UNTOUCHED) {
        let (value, frame) = run.jump;
        let beside = |t: Option<usize>| t.and_then(|t| *steps.get(t)?).map_or(0.0, |s| s.moved);
        // At once: most of the way, or so much more than in the steps around it.
        let most = value > 0.6 * run.moved;
        let at_once = value - beside(frame.checked_sub(2)).max(beside(Some(frame))) >= limits::BLOCK_JUMP;
        if value >= limits::BLOCK_JUMP && (most || at_once) {
            jumps.push((frame, value));
        }
        if value < limits::BLOCK_JUMP || !most {
            untouched.push(Finding {
                kind: Kind::Untouched,
                frames: [run.frames.start, run.frames.end - 1],
                value: run.moved,
                threshold: limits::UNTOUCHED,
                worst: run.frames.end - 1,
                at: place(run.frames.end - 1),
            });
        }
    }
    jumps.sort_by_key(|&(t, _)| t);
    let jumps = jumps.into_iter().map(|(t, value)| Mark {
        threshold: limits::BLOCK_JUMP,
        ..jump(t, value, place(t))
    });
    found.extend(runs(Kind::BlockJump, 1, jumps).into_iter().map(from_before));
    found.extend(untouched);
    found
}

/// A jump is seen in the frame before as well.
fn from_before(finding: Finding) -> Finding {
    Finding {
        frames: [finding.frames[0].saturating_sub(1), finding.frames[1]],
        ..finding
    }
}

/// Findings about the picture as a whole.
fn picture(count: usize, quality: &Quality) -> Vec<Finding> {
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
    let (blur, marks) = (quality.blur.unwrap_or(0.0), quality.marks());
    let compressed = whole(Kind::Compression, quality.compression(), 1.0);
    // A codec blurs as well.
    let blurred = whole(Kind::Blur, blur, limits::BLUR).filter(|_| marks < 1.0);
    let noisy = whole(Kind::Noise, quality.noise, limits::NOISE);
    [compressed, noisy, blurred].into_iter().flatten().collect()
}
