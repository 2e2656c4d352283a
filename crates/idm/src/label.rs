//! Labeling of a video as an episode.

use pusht_data::{Episode, IdmError, InverseDynamics, Provenance};
use pusht_env::{Frame, Pose};

/// Labels a video and returns the labeled segment as an episode; its provenance names the inverse dynamics.
///
/// # Errors
/// Those of [`InverseDynamics::label`].
pub fn label(
    idm: &dyn InverseDynamics,
    video: &[Frame],
    goal: Pose,
    provenance: Provenance,
) -> Result<Episode, IdmError> {
    let labels = idm.label(video)?;
    let rows = labels.start..labels.start + labels.actions.len();
    let frames = video.get(rows).ok_or_else(|| IdmError::Failed {
        idm: idm.name(),
        reason: format!(
            "it gave {} actions from frame {} on for {} frames",
            labels.actions.len(),
            labels.start,
            video.len()
        ),
    })?;
    Ok(Episode {
        frames: frames.to_vec(),
        actions: labels.actions,
        states: None,
        goal,
        provenance: Provenance {
            actions: idm.name(),
            ..provenance
        },
    })
}
