//! Rules about the motion of agent and T: jumps, motion without contact, and steps that the simulator does not
//! reproduce.

use pusht_vision::FrameRange;
use pusht_vision::flagged::{FlaggedFrame, Measured};
use pusht_vision::geometry::{apart, centroid};
use pusht_vision::motion::{ClipSteps, SimulatedStep};

use super::runs::runs;
use super::{Finding, FindingKind, limits};

/// Jumps, a T that moves without contact, and one that does not move as the simulator has it.
pub(super) fn moving(clip: &ClipSteps) -> Vec<Finding> {
    let ClipSteps { seen, steps, alone } = clip;
    let jump = |frame: usize, value: f64, limit: f64, at| FlaggedFrame {
        frame,
        measured: Measured { value, limit },
        at,
    };
    let isolated = clip.isolated();
    let limit = jump_limit(&isolated);
    let agent = (isolated.into_iter())
        .filter(|&(_, value)| value >= limit)
        .map(|(t, value)| jump(t, value, limit, seen[t].agent));
    let mut found: Vec<Finding> = runs(FindingKind::AgentJump, 1, agent)
        .into_iter()
        .map(from_before)
        .collect();
    let place = |t: usize| seen[t].block.map(centroid);
    let (mut jumps, mut without_contact) = (Vec::new(), Vec::new());
    let (several, mut dynamics) = (not_reproduced(clip).count() >= limits::NOT_REPRODUCED, Vec::new());
    for (t, simulated) in not_reproduced(clip) {
        // A jump: more than in the steps around it. One small step alone may be due to the track, and one of a T that
        // is pinned at a wall to impulses that no frame shows.
        let around = [t.checked_sub(1), Some(t + 1)].into_iter().flatten();
        let around = around.map(|t| center_beyond(clip, t)).fold(0.0, f64::max);
        let beyond = center_beyond(clip, t);
        let counts_alone = !simulated.at_wall && simulated.residual >= limits::LARGE * simulated.tolerance;
        if (several || counts_alone) && beyond - around >= limits::BLOCK_JUMP {
            jumps.push((t + 1, beyond));
        } else if several {
            dynamics.push(jump(t + 1, simulated.residual, simulated.tolerance, place(t + 1)));
        }
    }
    let dynamics = runs(FindingKind::Dynamics, 1, dynamics.into_iter()).into_iter();
    found.extend(dynamics.map(from_before).map(|finding| {
        Finding {
            simulated: (finding.worst.checked_sub(1))
                .and_then(|t| steps[t]?.simulated)
                .map(|simulated| simulated.block),
            ..finding
        }
    }));
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
                kind: FindingKind::MotionWithoutContact,
                frames: FrameRange::new(run.frames.start, run.frames.end - 1),
                value: run.moved,
                threshold: limits::MOTION_WITHOUT_CONTACT,
                worst: run.frames.end - 1,
                at: place(run.frames.end - 1),
                simulated: None,
            });
        }
    }
    jumps.sort_by_key(|&(t, _)| t);
    let jumps = (jumps.into_iter()).map(|(t, value)| jump(t, value, limits::BLOCK_JUMP, place(t)));
    found.extend(runs(FindingKind::BlockJump, 1, jumps).into_iter().map(from_before));
    found.extend(without_contact);
    found
}

/// The limit for jumps of an agent: some policies turn around or draw their targets anew so often that their agents
/// jerk again and again.
fn jump_limit(isolated: &[(usize, f64)]) -> f64 {
    let mut largest: Vec<f64> = isolated.iter().map(|&(_, value)| value).collect();
    largest.sort_by(|a, b| b.total_cmp(a));
    let usual = largest.get(limits::JERKS).copied().unwrap_or(0.0);
    limits::AGENT_JUMP.max(limits::MORE_THAN_JERKS * usual)
}

/// The steps that the simulator does not reproduce, with its answer.
fn not_reproduced(clip: &ClipSteps) -> impl Iterator<Item = (usize, SimulatedStep)> {
    let answers = clip.steps.iter().map(|step| step.and_then(|s| s.simulated));
    (answers.enumerate()).filter_map(|(t, answer)| Some((t, answer.filter(|s| !s.is_reproduced())?)))
}

/// By how much the T's center moves farther in a step than the simulator moves it, px; 0 for a step that it reproduces or
/// that has no contact.
fn center_beyond(clip: &ClipSteps, t: usize) -> f64 {
    let found = || {
        let simulated = (*clip.steps.get(t)?)?.simulated.filter(|s| !s.is_reproduced())?;
        let [before, after] = [clip.seen[t].block?, clip.seen[t + 1].block?].map(centroid);
        Some(apart(after, centroid(simulated.block)).min(apart(before, after)))
    };
    found().unwrap_or(0.0)
}

/// Extends a jump to include the frame before it.
fn from_before(finding: Finding) -> Finding {
    Finding {
        frames: FrameRange::new(finding.frames.first.saturating_sub(1), finding.frames.last),
        ..finding
    }
}
