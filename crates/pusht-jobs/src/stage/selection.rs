//! Selection of the part of a graph to run.

use super::StageError;

/// The part of a graph that a [`Runner`](super::Runner) runs. A name selects the stage of this name or all stages of a
/// group, such as `policies` for `policies/a`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All stages.
    #[default]
    All,
    /// All stages up to and including this one.
    Until(String),
    /// This stage alone; earlier stages must be finished.
    Only(String),
}

impl Selection {
    /// The selected name.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Until(name) | Self::Only(name) => Some(name),
        }
    }

    /// Checks that the name is among `known`, so that a wrong one is found before the work.
    ///
    /// # Errors
    /// [`StageError::Unknown`].
    pub fn check<S: AsRef<str>>(&self, known: &[S]) -> Result<(), StageError> {
        let known = || known.iter().map(AsRef::as_ref);
        match self.name() {
            Some(name) if known().all(|one| one != name) => Err(StageError::Unknown {
                found: name.to_owned(),
                known: known().collect::<Vec<_>>().join(", "),
            }),
            _ => Ok(()),
        }
    }

    /// Whether the stage of this name, or its group, was selected.
    pub(super) fn selects(&self, stage: &str) -> bool {
        self.name().is_some_and(|name| {
            stage
                .strip_prefix(name)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

/// The group of a stage: the part of its name that selects it together with its neighbors.
pub(super) fn group(stage: &str) -> &str {
    stage.split_once('/').map_or(stage, |(group, _)| group)
}
