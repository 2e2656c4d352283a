//! Measures of one clip.

use clip_audit::{Auditor, ClipAudit, FindingKind, deformation, replay};
use pusht_env::{Frame, GOAL, Pose, bar_vertices, stem_vertices};
use pusht_vision::appearance::ClipReading;
use pusht_vision::motion::StepCounts;
use pusht_vision::{ActionSmoother, InitialMotion, Tracked};
use serde::{Deserialize, Serialize};

use crate::PIXEL;
use crate::error::WorldEvalError;
use crate::request::PathRequest;

/// Numbers of steps after which the T's pose is compared, besides all.
const STEPS: [usize; 2] = [16, 47];
/// Distance of a T or an agent that is not seen, px of the 96 × 96 frame: its width.
const UNSEEN: f64 = 96.0;

/// Mean displacement of the T's eight corners (bar and stem) from one pose to the other, px of the 96 × 96 frame.
pub fn corner_distance(a: Pose, b: Pose) -> f64 {
    let corners = |pose| [bar_vertices(pose), stem_vertices(pose)];
    let (a, b) = (corners(a), corners(b));
    let pairs = a.as_flattened().iter().zip(b.as_flattened());
    pairs.map(|(a, b)| (a[0] - b[0]).hypot(a[1] - b[1])).sum::<f64>() / 8.0 / PIXEL
}

/// Measures of a clip. The first frame, which is given, counts only in the audit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipMeasures {
    /// Frames of the clip, the first included.
    pub frames: usize,
    /// Share of frames with exactly one agent.
    pub one_agent: f64,
    /// Mean distance of the agent from the given path, over the frames that show one, px of 96; 96 if none does, `None`
    /// without a path.
    pub off_path: Option<f64>,
    /// That distance in each of these frames.
    #[serde(skip)]
    pub off_path_frames: Vec<f64>,
    /// Deformation of the T, mean over frames, as in [`clip_audit::ClipQuality`].
    pub deformation: f64,
    /// Distance of the T from the simulator's after 16, 47 and all steps, as [`corner_distance`], each with the number of
    /// steps; 96 where no T is seen. Empty for a clip without a path whose agent cannot be followed.
    pub pose: Vec<(usize, f64)>,
    /// Steps in which the T moves or is pushed, and those that the simulator reproduces.
    pub steps: StepCounts,
    /// Kinds of findings of the audit, without repetition.
    pub findings: Vec<FindingKind>,
}

/// Measures clips; built once, shared between threads.
pub struct PathJudge {
    auditor: Auditor,
}

impl PathJudge {
    /// A judge of boards with the default goal.
    ///
    /// # Errors
    /// Does not fail.
    pub fn new() -> Result<Self, WorldEvalError> {
        Ok(Self {
            auditor: Auditor::new()?,
        })
    }

    /// Measures a clip that follows a given path. The T is compared with the simulator playing the path's actions.
    ///
    /// # Errors
    /// A clip of another length than the path; frames that are not 96 × 96.
    pub fn along(&self, clip: &[Frame], request: &PathRequest) -> Result<ClipMeasures, WorldEvalError> {
        if clip.len() != request.frames() {
            return Err(WorldEvalError::Length {
                expected: request.frames(),
                found: clip.len(),
            });
        }
        let (audit, reading) = self.read(clip)?;
        let track = track(&reading);
        let path = request.agent_path();
        let off = track.iter().zip(&path).skip(1).filter_map(|(seen, given)| {
            let agent = seen.agent?;
            Some((agent[0] - given[0]).hypot(agent[1] - given[1]) / PIXEL)
        });
        let off: Vec<f64> = off.collect();
        let states = request.simulate()?;
        let simulated = |step: usize| states.get(step).map(|state| state.block);
        Ok(ClipMeasures {
            off_path: Some(match off.len() {
                0 => UNSEEN,
                seen => off.iter().sum::<f64>() / seen as f64,
            }),
            off_path_frames: off,
            pose: poses(&track, simulated),
            ..measures(&audit, &reading)
        })
    }

    /// Measures a clip without a given path. The T is compared with the simulator playing the actions that the closed form
    /// extracts from the clip itself.
    ///
    /// # Errors
    /// Fewer than 3 frames; frames that are not 96 × 96.
    pub fn alone(&self, clip: &[Frame]) -> Result<ClipMeasures, WorldEvalError> {
        if clip.len() < 3 {
            return Err(WorldEvalError::Length {
                expected: 3,
                found: clip.len(),
            });
        }
        let (audit, reading) = self.read(clip)?;
        let track = track(&reading);
        Ok(ClipMeasures {
            pose: own_poses(&track),
            ..measures(&audit, &reading)
        })
    }

    fn read(&self, clip: &[Frame]) -> Result<(ClipAudit, ClipReading), WorldEvalError> {
        let mut audit = self.auditor.begin();
        for frame in clip {
            audit.push(frame)?;
        }
        Ok(audit.finish())
    }
}

fn track(reading: &ClipReading) -> Vec<Tracked> {
    reading.frames.iter().map(|frame| frame.tracked).collect()
}

/// What is measured with or without a path.
fn measures(audit: &ClipAudit, reading: &ClipReading) -> ClipMeasures {
    let made = reading.frames.get(1..).unwrap_or_default();
    let mean = |values: &mut dyn Iterator<Item = f64>| values.sum::<f64>() / made.len().max(1) as f64;
    let mut findings: Vec<FindingKind> = audit.findings.iter().map(|finding| finding.kind).collect();
    findings.dedup();
    ClipMeasures {
        frames: reading.frames.len(),
        one_agent: mean(&mut made.iter().map(|frame| f64::from(u8::from(frame.measures.agents == 1)))),
        off_path: None,
        off_path_frames: Vec::new(),
        deformation: mean(&mut made.iter().map(deformation)),
        pose: Vec::new(),
        steps: audit.steps.unwrap_or_default(),
        findings,
    }
}

/// Distances of the tracked T from another.
fn poses(track: &[Tracked], other: impl Fn(usize) -> Option<Pose>) -> Vec<(usize, f64)> {
    let last = track.len().saturating_sub(1);
    let mut steps = STEPS.to_vec();
    steps.push(last);
    steps.retain(|&step| step <= last);
    steps.dedup();
    let distance = |step: usize| {
        let other = other(step)?;
        Some((
            step,
            track[step].block.map_or(UNSEEN, |seen| corner_distance(seen, other)),
        ))
    };
    steps.into_iter().filter_map(distance).collect()
}

/// The same against the simulator playing the clip's own actions; empty where they cannot be extracted.
fn own_poses(track: &[Tracked]) -> Vec<(usize, f64)> {
    let agents: Vec<Option<[f64; 2]>> = track.iter().map(|seen| seen.agent).collect();
    let seen = agents.iter().flatten().count();
    if 2 * seen < agents.len() {
        return Vec::new();
    }
    let Ok(smoothed) = ActionSmoother::default().smooth(&agents, InitialMotion::Moving) else {
        return Vec::new();
    };
    let Ok(replayed) = replay(track, &smoothed.actions, InitialMotion::Moving, GOAL) else {
        return Vec::new();
    };
    let first = replayed.start.frame;
    let simulated = |step: usize| {
        let row = step.checked_sub(first + 1).and_then(|at| replayed.path.get(at))?;
        Some(Pose::new(row[2], row[3], row[4]))
    };
    poses(track, simulated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners_move_with_the_pose() {
        let pose = Pose::new(200.0, 220.0, 0.3);
        assert_eq!(corner_distance(pose, pose), 0.0);
        let aside = Pose {
            x: 200.0 + PIXEL,
            ..pose
        };
        assert!((corner_distance(pose, aside) - 1.0).abs() < 1e-12);
        let turned = Pose {
            angle: 0.3 + std::f64::consts::TAU,
            ..pose
        };
        assert!(corner_distance(pose, turned) < 1e-9);
    }
}
