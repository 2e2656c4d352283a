//! The verdict on one video.

use std::path::Path;

use clip_audit::{AuditError, Replay, Strip, VideoAudit, replay};
use pusht_env::GOAL;
use pusht_vision::{ActionSmoother, InitialMotion, Tracked, VisionError};
use serde::{Deserialize, Serialize};
use video_io::png_bytes;

use crate::pass::Audited;
use crate::{BlockPaths, FinalCoverage, VerdictsError};

/// Result of the review of one video.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClipVerdict {
    /// Name of the clip: its path relative to the given folder, with `/`.
    pub name: String,
    /// The reason why there is no audit, if any.
    pub error: Option<String>,
    /// Whether the reason is that the video shows no PushT board. Such a clip has the lowest scores; a file that cannot
    /// be read has none.
    #[serde(default)]
    pub no_board: bool,
    /// The audit.
    pub audit: Option<VideoAudit>,
    /// Replay of its actions; `None` if no frame shows both agent and T.
    pub execution: Option<Execution>,
    /// Film strips of the findings.
    pub strips: Vec<ShownStrip>,
    /// The track, for the distribution of trajectories; empty in the report.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub track: Vec<Tracked>,
}

/// Summary of a replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Steps played.
    pub steps: usize,
    /// Steps until the T of the clip and the T of the replay diverge by 20 px or 20°.
    #[serde(alias = "horizon")]
    pub steps_to_divergence: usize,
    /// Whether they do.
    #[serde(alias = "parted")]
    pub diverged: bool,
    /// Path lengths of the T's origin in the clip.
    pub path: BlockPaths,
    /// Coverage of the goal at the end.
    pub coverage: FinalCoverage,
}

impl Execution {
    fn of(replay: &Replay) -> Self {
        Self {
            steps: replay.path.len(),
            steps_to_divergence: replay.steps_to_divergence,
            diverged: replay.diverged,
            path: BlockPaths {
                clip: replay.shown.length,
                followed: replay.followed.length,
            },
            coverage: FinalCoverage {
                clip: replay.end.clip_coverage,
                replay: replay.end.replay_coverage,
            },
        }
    }
}

/// A film strip in an image file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShownStrip {
    /// Index of the finding that it shows; `None` for a clip without findings.
    pub finding: Option<usize>,
    /// Indices of the frames.
    pub frames: Vec<usize>,
    /// Path of the image relative to the folder of the report.
    pub file: String,
}

impl ClipVerdict {
    /// Why the clip was not audited, in the words of [`Totals::tally`](crate::Totals::tally); `None` if it was.
    pub fn not_audited(&self) -> Option<String> {
        let error = self.error.as_ref()?;
        let what = if self.no_board { "no PushT board" } else { "not read" };
        Some(format!("{what}: {}: {error}", self.name))
    }

    /// The verdict on a video that could not be audited.
    pub(crate) fn failed(name: String, error: &AuditError) -> Self {
        Self {
            name,
            error: Some(error.to_string()),
            no_board: matches!(error, AuditError::Vision(VisionError::NoBoard { .. })),
            audit: None,
            execution: None,
            strips: Vec::new(),
            track: Vec::new(),
        }
    }

    /// The verdict from a pass over a video; its strips are written to the folder `out`.
    pub(crate) fn of(
        found: Result<Audited, AuditError>,
        name: String,
        out: &Path,
        index: usize,
    ) -> Result<Self, VerdictsError> {
        let Audited { audit, track, strips } = match found {
            Ok(found) => found,
            Err(error) => return Ok(Self::failed(name, &error)),
        };
        let strips = (strips.iter().enumerate())
            .map(|(k, strip)| save(strip, &audit, out, &format!("strips/{index:05}-{k}.png")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name,
            error: None,
            no_board: false,
            execution: execute(&track),
            audit: Some(audit),
            strips,
            track,
        })
    }
}

fn save(strip: &Strip, audit: &VideoAudit, out: &Path, file: &str) -> Result<ShownStrip, VerdictsError> {
    let path = out.join(file);
    let io = |error: video_io::VideoIoError| VerdictsError::Io {
        path: path.clone(),
        source: std::io::Error::other(error),
    };
    let bytes = png_bytes(&strip.picture).map_err(io)?;
    pusht_jobs::write_file(&path, |out| out.write_all(&bytes)).map_err(VerdictsError::io(&path))?;
    let finding = (strip.finding.as_ref()).and_then(|f| audit.audit.findings.iter().position(|g| g == f));
    Ok(ShownStrip {
        finding,
        frames: strip.frames.clone(),
        file: file.to_owned(),
    })
}

/// Replays the closed-form actions; `None` if there are none to play.
fn execute(track: &[Tracked]) -> Option<Execution> {
    let first = track.iter().position(|t| t.agent.is_some())?;
    let agents: Vec<_> = track[first..].iter().map(|t| t.agent).collect();
    let actions = ActionSmoother::default()
        .smooth(&agents, InitialMotion::Moving)
        .ok()?
        .actions;
    let replay = replay(&track[first..], &actions, InitialMotion::Moving, GOAL).ok()?;
    Some(Execution::of(&replay))
}
