//! Which part of a graph is run.

use super::StageError;

/// Which part of a graph a [`Runner`](super::Runner) runs. A name selects the stage of this name or, as `policies` does
/// for `policies/a`, all stages of a group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Selection {
    /// All of it.
    #[default]
    All,
    /// From the beginning to this stage, which is the last.
    Until(String),
    /// This stage alone; those before it must be finished.
    Only(String),
}

impl Selection {
    /// What was selected.
    pub fn name(&self) -> Option<&str> {
        match self {
            Self::All => None,
            Self::Until(name) | Self::Only(name) => Some(name),
        }
    }

    /// Refuses the name of a stage that is not among `known`, so that a wrong name is not found out at the end.
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

/// The part of a stage's name that selects it together with its neighbors.
pub(super) fn group(stage: &str) -> &str {
    stage.split_once('/').map_or(stage, |(group, _)| group)
}
