//! The three scales of the paper, by rules.

use pusht_vision::FrameRange;
use pusht_vision::motion::Motion;
use serde::{Deserialize, Serialize};

use super::finding::GROSS;
use super::task_progress::TaskProgress;
use super::{Finding, FindingKind};

/// Share of the distance to the goal that counts as an approach.
const NEARER: f64 = 0.25;

/// Gain in coverage that counts as an approach.
const COVERED: f64 = 0.1;

/// The agent is responsible when it pushed this share of the T's motion.
const RESPONSIBLE: f64 = 0.9;

/// Shares of the frames that count as few and as many.
const FEW: f64 = 0.1;
const MANY: f64 = 0.5;

/// Severity up to which a finding is slight.
const SLIGHT: f64 = 2.0;

/// A score on one scale, with the reason.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ScaleScore {
    /// The score, in the range of its scale: see [`ClipScores`].
    pub value: u8,
    /// The rule that gave the score.
    pub why: String,
    /// Frames that caused it; empty for the highest score.
    pub frames: Vec<FrameRange>,
}

/// Scores on the paper's three scales.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipScores {
    /// Whether the T moves to its goal, 0 to 2.
    pub adherence: ScaleScore,
    /// Whether the agent moves the T, 0 or 1.
    pub responsibility: ScaleScore,
    /// Physical plausibility, 1 to 5.
    pub physics: ScaleScore,
}

/// Scores a clip. `suppressed`: whether there are physical findings that were suppressed because the images are too
/// poor. `without_agent`: frames in which no agent is seen.
pub(crate) fn scores(
    count: usize,
    without_agent: &[FrameRange],
    findings: &[Finding],
    suppressed: bool,
    motion: &Motion,
    progress: Option<&TaskProgress>,
) -> ClipScores {
    ClipScores {
        adherence: adherence(count, progress),
        responsibility: responsibility(count, without_agent, findings, motion, progress),
        physics: physics(count, findings, suppressed),
    }
}

fn score(value: u8, why: impl Into<String>, frames: Vec<FrameRange>) -> ScaleScore {
    ScaleScore {
        value,
        why: why.into(),
        frames,
    }
}

fn adherence(count: usize, progress: Option<&TaskProgress>) -> ScaleScore {
    let last = count.saturating_sub(1);
    let Some(progress) = progress else {
        return score(0, "no frame shows a T", vec![FrameRange::new(0, last)]);
    };
    let gain = progress.last_coverage - progress.first_coverage;
    if progress.pose_kept {
        score(2, "the T ends within 20 px and 20° of the goal", Vec::new())
    } else if progress.gained >= NEARER || gain >= COVERED {
        let nearer = 100.0 * progress.gained;
        let why = format!("the T ends {nearer:.0} % nearer to the goal, coverage {gain:+.2}, but not there");
        score(1, why, vec![FrameRange::new(last, last)])
    } else {
        score(
            0,
            "the T ends no nearer to the goal than it began",
            vec![FrameRange::new(0, last)],
        )
    }
}

fn responsibility(
    count: usize,
    without_agent: &[FrameRange],
    findings: &[Finding],
    motion: &Motion,
    progress: Option<&TaskProgress>,
) -> ScaleScore {
    if progress.is_none() {
        return score(
            0,
            "no frame shows a T",
            vec![FrameRange::new(0, count.saturating_sub(1))],
        );
    }
    let missing: usize = without_agent.iter().map(|range| range.count()).sum();
    if 2 * missing > count {
        let why = format!("not measured: no agent is seen in {missing} of {count} frames");
        return score(0, why, without_agent.to_vec());
    }
    let share = 100.0 * motion.share();
    if motion.path_length == 0.0 {
        return score(1, "the T does not move", Vec::new());
    }
    let why = format!(
        "the agent pushed {share:.0} % of the T's path of {:.0} px",
        motion.path_length
    );
    if motion.share() >= RESPONSIBLE {
        return score(1, why, Vec::new());
    }
    let causes = [
        FindingKind::MotionWithoutContact,
        FindingKind::Dynamics,
        FindingKind::BlockJump,
        FindingKind::Morph,
        FindingKind::BlockGone,
    ];
    let frames = findings.iter().filter(|f| causes.contains(&f.kind)).map(|f| f.frames);
    score(0, why, merged(frames.collect()))
}

fn physics(count: usize, findings: &[Finding], suppressed: bool) -> ScaleScore {
    let physical: Vec<&Finding> = findings.iter().filter(|f| f.kind.is_physical()).collect();
    let frames = merged(physical.iter().map(|f| f.frames).collect());
    let affected = frames.iter().map(|range| range.count()).sum::<usize>() as f64 / count.max(1) as f64;
    let mut kinds: Vec<FindingKind> = physical.iter().map(|f| f.kind).collect();
    kinds.dedup();
    let worst = physical.iter().map(|f| f.severity()).fold(0.0, f64::max);
    let value = match kinds.len() {
        0 if suppressed => return score(5, "the image quality is too low to find physical faults", Vec::new()),
        0 => return score(5, "nothing is found that cannot be", Vec::new()),
        1 if affected <= FEW && worst < SLIGHT => 4,
        1 if affected <= FEW || worst < SLIGHT => 3,
        1 | 2 if affected <= MANY || worst < GROSS => 2,
        _ => 1,
    };
    let names: Vec<&str> = kinds.iter().map(|k| k.description()).collect();
    let why = format!(
        "{}; in {:.0} % of the frames, up to {worst:.1} times the threshold",
        names.join(", "),
        100.0 * affected
    );
    score(value, why, frames)
}

/// Sorts segments and joins those that touch.
pub(crate) fn merged(mut segments: Vec<FrameRange>) -> Vec<FrameRange> {
    segments.sort_unstable();
    let mut joined: Vec<FrameRange> = Vec::new();
    for range in segments {
        match joined.last_mut() {
            Some(before) if range.first <= before.last + 1 => before.last = before.last.max(range.last),
            _ => joined.push(range),
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(kind: FindingKind, frames: [usize; 2], value: f64) -> Finding {
        Finding {
            kind,
            frames: frames.into(),
            value,
            threshold: 1.0,
            worst: frames[0],
            at: None,
            simulated: None,
        }
    }

    #[test]
    fn physics_counts_kinds_frames_and_severity() {
        let of = |findings: &[Finding]| physics(100, findings, false).value;
        assert_eq!(of(&[]), 5);
        assert_eq!(of(&[finding(FindingKind::Blur, [0, 99], 9.0)]), 5);
        assert_eq!(of(&[finding(FindingKind::BlockJump, [3, 4], 1.5)]), 4);
        assert_eq!(of(&[finding(FindingKind::BlockJump, [3, 4], 9.0)]), 3);
        assert_eq!(of(&[finding(FindingKind::BlockResized, [0, 80], 1.5)]), 3);
        assert_eq!(of(&[finding(FindingKind::MotionWithoutContact, [0, 40], 9.0)]), 2);
        assert_eq!(of(&[finding(FindingKind::Morph, [0, 99], 9.0)]), 1);
        let two = [
            finding(FindingKind::AgentGone, [0, 4], 1.1),
            finding(FindingKind::BlockJump, [3, 9], 1.5),
        ];
        assert_eq!(physics(100, &two, false).frames, [FrameRange::new(0, 9)]);
        assert_eq!(of(&two), 2);
        assert_eq!(of(&two[..1]), 3);
    }
}
