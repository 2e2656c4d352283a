//! JSON notes that accompany the recordings.

use std::path::Path;

use serde_json::Value;

use crate::ParityError;
use crate::tally::Tally;

/// Reads a note, if there is one.
pub(crate) fn read(path: &Path) -> Result<Option<Value>, ParityError> {
    if !path.exists() {
        return Ok(None);
    }
    let text = std::fs::read_to_string(path).map_err(|e| ParityError::unreadable(path, &e))?;
    serde_json::from_str(&text)
        .map(Some)
        .map_err(|e| ParityError::unreadable(path, &e))
}

/// Largest difference of numbers, whose last digit the JSON reader may round.
const LIMIT: f64 = 1e-12;

/// Compares numbers with those that the note of a recording lists under `key`, however nested; a note without the key
/// is skipped.
pub(crate) fn compare(npz: &Path, key: &str, found: &[f64], tally: &mut Tally) -> Result<(), ParityError> {
    let note = read(&npz.with_extension("json"))?;
    if let Some(value) = note.as_ref().and_then(|note| note.get(key)) {
        let mut recorded = Vec::new();
        numbers(value, &mut recorded);
        tally.compare(&format!("json {key}"), LIMIT, found, &recorded);
    }
    Ok(())
}

fn numbers(value: &Value, out: &mut Vec<f64>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| numbers(item, out)),
        Value::Bool(b) => out.push(f64::from(*b)),
        other => out.push(other.as_f64().unwrap_or(f64::NAN)),
    }
}
