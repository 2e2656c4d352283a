//! Finds the expected tensors in a file that has them under a common key or prefix, such as `state_dict`, `module.` or
//! one within another, and says what a file holds that has none of them.

use std::collections::BTreeMap;
use std::path::Path;

use pusht_jobs::begins_with;

use crate::adapter_names::other_form;
use crate::checkpoint::{Checkpoint, Foreign};
use crate::checkpoint_error::CheckpointError;

/// Names and shapes of tensors.
pub(crate) type Shapes = BTreeMap<String, Vec<usize>>;

/// Keys and prefixes that training scripts put around a model's weights, without saying of which copy.
const WRAPPERS: [&str; 7] = [
    "state_dict",
    "model_state_dict",
    "model",
    "diffusion_model",
    "module",
    "net",
    "network",
];

/// Number of names in a message.
const NAMED: usize = 4;

impl Checkpoint {
    /// Returns the prefix under which most of the expected tensors are; `usual` if at least half of them are there.
    ///
    /// # Errors
    /// A file with none of them, one with several complete copies, and a Python object in place of an expected tensor.
    pub(crate) fn root(&self, expected: &Shapes, usual: &str) -> Result<String, CheckpointError> {
        let root = self.best_prefix(expected, usual)?;
        let in_place = |foreign: &&Foreign| {
            let name = foreign.place.strip_prefix(&root);
            name.is_some_and(|name| expected.contains_key(name))
        };
        match self.contents.foreign.iter().find(in_place) {
            Some(Foreign { place, object }) => Err(CheckpointError::Code {
                path: self.path().to_path_buf(),
                entry: place.clone(),
                object: object.clone(),
            }),
            None => Ok(root),
        }
    }

    fn best_prefix(&self, expected: &Shapes, usual: &str) -> Result<String, CheckpointError> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for name in self.tensors.keys() {
            let starts = std::iter::once(0).chain(name.match_indices('.').map(|(dot, _)| dot + 1));
            for start in starts.filter(|start| expected.contains_key(&name[*start..])) {
                *counts.entry(&name[..start]).or_default() += 1;
            }
        }
        let Some(&most) = counts.values().max() else {
            return match expected.is_empty() {
                true => Ok(usual.to_string()),
                false => Err(self.holds_other(expected)),
            };
        };
        if counts.get(usual).is_some_and(|count| 2 * count >= expected.len()) {
            return Ok(usual.to_string());
        }
        let best: Vec<&str> = counts
            .iter()
            .filter(|(_, count)| **count == most)
            .map(|(p, _)| *p)
            .collect();
        let wrapped: Vec<&str> = best.iter().filter(|prefix| is_wrapper(prefix)).copied().collect();
        match (&best[..], &wrapped[..]) {
            ([one], _) | (_, [one]) => Ok((*one).to_string()),
            (several, _) if most == expected.len() => Err(self.several(several)),
            (several, _) => {
                let shortest = several.iter().min_by_key(|prefix| prefix.len());
                Ok(shortest.copied().unwrap_or(usual).to_string())
            }
        }
    }

    /// Keeps only the tensors under the prefix under which `name` is, and removes it. Without such a tensor, all stay.
    ///
    /// # Errors
    /// Several such tensors.
    pub fn rooted(self, name: &str) -> Result<Self, CheckpointError> {
        let prefix_of = |full: &str| {
            let prefix = full.strip_suffix(name)?;
            (prefix.is_empty() || prefix.ends_with('.')).then(|| prefix.to_string())
        };
        let prefixes: Vec<String> = self.tensors.keys().filter_map(|full| prefix_of(full)).collect();
        let prefixes: Vec<&str> = prefixes.iter().map(String::as_str).collect();
        let wrapped: Vec<&str> = prefixes.iter().filter(|prefix| is_wrapper(prefix)).copied().collect();
        match (&prefixes[..], &wrapped[..]) {
            ([], _) => Ok(self),
            ([one], _) | (_, [one]) => Ok(self.below(one)),
            (several, _) => Err(self.several(several)),
        }
    }

    fn several(&self, prefixes: &[&str]) -> CheckpointError {
        let some: Vec<String> = prefixes
            .iter()
            .take(NAMED)
            .map(|prefix| format!("{prefix:?}"))
            .collect();
        CheckpointError::Content {
            path: self.path().to_path_buf(),
            found: format!("{} copies of the weights, under {}", prefixes.len(), some.join(", ")),
            expected: "one; save the copy that is meant alone".to_string(),
        }
    }

    fn holds_other(&self, expected: &Shapes) -> CheckpointError {
        let some: Vec<&str> = expected.keys().take(NAMED).map(String::as_str).collect();
        let more = if expected.len() > NAMED { ", …" } else { "" };
        CheckpointError::Content {
            path: self.path().to_path_buf(),
            found: self.description(),
            expected: format!("weights with the names {}{more}", some.join(", ")),
        }
    }

    /// Says in a few words what a weight file of another program holds, for a message about a file of the wrong kind: its
    /// tensors and the keys around them, or what is in their place. `None` if its first bytes are not those of a PyTorch file.
    pub fn describe_pytorch(path: &Path) -> Option<String> {
        let is_pytorch = begins_with(path, b"PK\x03\x04") || begins_with(path, b"\x80");
        if !is_pytorch {
            return None;
        }
        Some(match Self::open(path) {
            Ok(file) => file.description(),
            Err(CheckpointError::Content { found, .. }) => found,
            Err(CheckpointError::Code { entry, object, .. }) => {
                format!("no tensors; {entry} is a {object}, which only Python code can read")
            }
            Err(CheckpointError::Unreadable { reason, .. }) => {
                format!("nothing that can be read as weights ({reason})")
            }
            Err(error) => error.to_string(),
        })
    }

    /// Says what the file holds: what it is, its first names, and the keys of its top level.
    pub(crate) fn description(&self) -> String {
        let keys: Vec<&str> = self.contents.keys.iter().map(String::as_str).collect();
        let names: Vec<&str> = self.tensors.keys().take(NAMED).map(String::as_str).collect();
        let has = |key: &str| keys.contains(&key);
        let form = self.tensors.keys().find_map(|name| other_form(name));
        let what = if let Some(form) = form {
            format!("adapters in the form {form}, not weights: ")
        } else if has("param_groups") && has("state") {
            "the state of an optimizer: ".to_string()
        } else if self.tensors.keys().any(|name| name.contains("lora_")) {
            "adapters (LoRA), not weights: ".to_string()
        } else {
            String::new()
        };
        let tensors = match self.tensors.len() {
            0 => "no tensors".to_string(),
            count if count > NAMED => format!("{count} tensors ({}, …)", names.join(", ")),
            count => format!("{count} tensors ({})", names.join(", ")),
        };
        // A state dict alone has its tensors' names as keys.
        let keys = match keys.iter().any(|key| !self.tensors.contains_key(*key)) {
            true => format!(" under the keys {}", shortened(&keys)),
            false => String::new(),
        };
        format!("{what}{tensors}{keys}")
    }
}

/// The first names of a list.
fn shortened(names: &[&str]) -> String {
    const MOST: usize = 10;
    let more = if names.len() > MOST { ", …" } else { "" };
    format!("{}{more}", names[..names.len().min(MOST)].join(", "))
}

/// Whether a prefix consists only of [`WRAPPERS`].
fn is_wrapper(prefix: &str) -> bool {
    let parts = prefix.split_terminator('.');
    parts.into_iter().all(|part| WRAPPERS.contains(&part))
}
