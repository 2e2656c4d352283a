//! What is wrong with a clip.

use clip_audit::{AuditError, ClipAudit, Finding, VideoAuditor};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyList};
use video_io::resampled_indices;

use super::frames::Frames;
use crate::errors::value_error;
use crate::json::object;
use crate::threads::abandonable;

/// Largest frame rate of an audit, frames per second.
const HZ: u32 = 10;

/// Audits a clip of `fps` frames per second as `pusht audit` does.
#[pyfunction]
pub fn audit<'py>(py: Python<'py>, frames: &Bound<'py, PyAny>, fps: u32) -> PyResult<Bound<'py, PyAny>> {
    let frames = Frames::new(frames)?;
    if frames.count() == 0 {
        return Err(value_error("the clip has no frames; an audit needs at least one"));
    }
    // It does not depend on the clip.
    static AUDITOR: PyOnceLock<VideoAuditor> = PyOnceLock::new();
    let auditor = AUDITOR.get_or_try_init(py, || VideoAuditor::new().map_err(value_error))?;
    // A frame that a slower video shows again is nothing new.
    let mut shown = resampled_indices(frames.count(), fps, HZ);
    shown.dedup();
    let mut begun = None;
    frames.each_chunk_of(
        shown,
        |_, chunk| {
            for frame in chunk {
                let (audit, map) = match &mut begun {
                    Some(begun) => begun,
                    None => {
                        let map = auditor.register(frame)?;
                        begun.insert((auditor.begin(&map)?, map))
                    }
                };
                audit.push(&map.resample(frame))?;
            }
            Ok(())
        },
        |error: AuditError| value_error(error),
    )?;
    let Some((audit, _)) = begun else {
        return Err(value_error("the clip has no frames; an audit needs at least one"));
    };
    let (found, _) = abandonable(py, move || audit.finish())?;
    written(py, &found)
}

/// The audit under its names in JSON, with the text of each finding.
fn written<'py>(py: Python<'py>, found: &ClipAudit) -> PyResult<Bound<'py, PyAny>> {
    let audit = object(py, found)?;
    let texts = |key: &str, findings: &[Finding]| -> PyResult<()> {
        let dicts = audit.get_item(key)?.cast_into::<PyList>()?;
        for (dict, finding) in dicts.iter().zip(findings) {
            let dict = dict.cast_into::<PyDict>()?;
            dict.set_item("text", finding.to_string())?;
            if !dict.contains("simulated")? {
                dict.set_item("simulated", py.None())?;
            }
        }
        Ok(())
    };
    texts("findings", &found.findings)?;
    texts("suppressed", &found.suppressed)?;
    let counts = found.steps.unwrap_or_default();
    let steps = PyDict::new(py);
    steps.set_item("moving", counts.moving)?;
    steps.set_item("reproduced", counts.reproduced)?;
    audit.set_item("steps", steps)?;
    Ok(audit)
}
