//! Parts of a rollout, joined to the whole.

use std::fmt::Debug;
use std::path::{Path, PathBuf};

use pusht_jobs::{Shard, ShardError};

/// Joins the parts in these files, one for each, in the order of their numbers. `differs` describes the first difference
/// between the rollouts that two parts are of, which is an error `other`; `add` adds a part to those before it.
pub(crate) fn joined<T, E: From<ShardError>>(
    files: &[PathBuf],
    parts: Vec<(Shard, T)>,
    differs: impl Fn(&T, &T) -> Option<String>,
    mut add: impl FnMut(&mut T, T),
    other: impl Fn(PathBuf, Shard, String) -> E,
) -> Result<T, E> {
    let named: Vec<(&Path, Shard)> = files
        .iter()
        .map(PathBuf::as_path)
        .zip(parts.iter().map(|part| part.0))
        .collect();
    let order = Shard::order(&named)?;
    let mut slots: Vec<Option<T>> = parts.into_iter().map(|(_, part)| Some(part)).collect();
    let mut whole: Option<T> = None;
    for place in order {
        let Some(part) = slots[place].take() else {
            continue;
        };
        match &mut whole {
            None => whole = Some(part),
            Some(whole) => {
                if let Some(what) = differs(whole, &part) {
                    return Err(other(files[place].clone(), named[place].1, what));
                }
                add(whole, part);
            }
        }
    }
    whole.ok_or(ShardError::Nothing.into())
}

/// Describes how something of a part differs from that of the first one.
pub(crate) fn differ(what: &str, first: &dyn Debug, part: &dyn Debug) -> Option<String> {
    let (first, part) = (format!("{first:?}"), format!("{part:?}"));
    (first != part).then(|| format!("its {what} is {part}, in the first part {first}"))
}
