//! Sources of the first and last frames of clips, for the record.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use pusht_data::{Simulation, SourceOptions};
use serde::{Deserialize, Serialize};

/// Part of a dataset, split by episode with [`Split::SEED`](pusht_data::Split::SEED), as `pusht train video` does.
///
/// A model that was trained on another split, or on everything, may have seen the episodes of [`SplitName::Test`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitName {
    /// The training episodes.
    Train,
    /// The test episodes of that split.
    #[default]
    Test,
    /// The whole dataset.
    All,
}

impl SplitName {
    /// All parts.
    pub const ALL: [Self; 3] = [Self::Train, Self::Test, Self::All];

    /// Name in settings.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Test => "test",
            Self::All => "all",
        }
    }
}

impl fmt::Display for SplitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Error of parsing a [`SplitName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no part of a dataset; expected train, test or all")]
pub struct SplitNameError {
    /// The given text.
    pub text: String,
}

impl FromStr for SplitName {
    type Err = SplitNameError;

    fn from_str(text: &str) -> Result<Self, SplitNameError> {
        let found = Self::ALL.into_iter().find(|part| part.name() == text);
        found.ok_or_else(|| SplitNameError { text: text.to_owned() })
    }
}

/// Source of the first and last frames of all clips of a folder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
#[non_exhaustive]
pub enum EndpointSource {
    /// Images, the same for every clip.
    Pictures {
        /// The first frame.
        start: PathBuf,
        /// The last frame, if given.
        end: Option<PathBuf>,
    },
    /// Rows of a dataset, drawn for every clip.
    Data {
        /// The dataset.
        path: PathBuf,
        /// Which part of it.
        part: SplitName,
        /// Whether the last frame is given.
        end: bool,
        /// How the dataset is read, where it leaves a choice.
        #[serde(default, skip_serializing_if = "SourceOptions::is_default")]
        reading: SourceOptions,
    },
    /// Resets of the environment that nobody demonstrated, one for every clip; the end is the T on its goal.
    Resets {
        /// The environment.
        simulation: Simulation,
        /// Seed of the first clip's reset; the others follow it.
        first_seed: u64,
    },
}

/// Source of one frame. In files a string: `episode E, row R`, `reset SEED`, `goal`, or the path of an image.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum Endpoint {
    /// A row of a dataset.
    Row {
        /// The episode's index in the dataset.
        episode: usize,
        /// The row in the episode.
        row: usize,
    },
    /// A reset of the environment to this seed.
    Reset(u64),
    /// No frame: the T on its goal.
    Goal,
    /// An image file.
    Picture(PathBuf),
}

/// Beginning of the name of a reset.
const RESET: &str = "reset ";
/// Name of the goal.
const GOAL: &str = "goal";

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { episode, row } => write!(f, "episode {episode}, row {row}"),
            Self::Reset(seed) => write!(f, "{RESET}{seed}"),
            Self::Goal => f.write_str(GOAL),
            Self::Picture(path) => path.display().fmt(f),
        }
    }
}

impl From<String> for Endpoint {
    fn from(text: String) -> Self {
        let numbers = text.strip_prefix("episode ").and_then(|rest| rest.split_once(", row "));
        let row = numbers.and_then(|(episode, row)| {
            Some(Self::Row {
                episode: episode.parse().ok()?,
                row: row.parse().ok()?,
            })
        });
        let reset = || text.strip_prefix(RESET)?.parse().ok().map(Self::Reset);
        let goal = || (text == GOAL).then_some(Self::Goal);
        row.or_else(reset)
            .or_else(goal)
            .unwrap_or_else(|| Self::Picture(text.into()))
    }
}

impl From<Endpoint> for String {
    fn from(endpoint: Endpoint) -> Self {
        endpoint.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_named_in_files_as_they_always_were() {
        for (text, endpoint) in [
            ("\"episode 12, row 3\"", Endpoint::Row { episode: 12, row: 3 }),
            ("\"reset 2000007\"", Endpoint::Reset(2_000_007)),
            ("\"goal\"", Endpoint::Goal),
            ("\"reset -1\"", Endpoint::Picture("reset -1".into())),
            ("\"a/start.png\"", Endpoint::Picture("a/start.png".into())),
            ("\"episode x, row 3\"", Endpoint::Picture("episode x, row 3".into())),
        ] {
            assert_eq!(serde_json::from_str::<Endpoint>(text).unwrap(), endpoint);
            assert_eq!(serde_json::to_string(&endpoint).unwrap(), text);
        }
    }

    #[test]
    fn parts_and_sources_are_read_and_written() {
        for part in SplitName::ALL {
            assert_eq!(part.to_string().parse(), Ok(part));
        }
        assert!(
            "half"
                .parse::<SplitName>()
                .unwrap_err()
                .to_string()
                .contains("train, test or all")
        );
        let text = r#"{"data":{"path":"demos","part":"test","end":true}}"#;
        let source: EndpointSource = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&source).unwrap(), text);
    }
}
