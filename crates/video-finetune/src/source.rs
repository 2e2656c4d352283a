//! Source of training videos by name.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pusht_data::{DataError, SourceOptions};
use pusht_jobs::JobContext;

use crate::clips::ClipData;
use crate::error::FinetuneError;

/// Source of training videos: a path, or `simulator:N`, N episodes of the simulator's expert.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClipSource {
    /// Videos or a dataset.
    Path(PathBuf),
    /// Demonstrations of the simulator's expert, which are recorded first.
    Simulator {
        /// Number of episodes.
        episodes: usize,
    },
}

impl ClipSource {
    /// Opens the videos, a dataset with these options; those of the simulator are recorded in the folder `out`, with this seed.
    ///
    /// # Errors
    /// Those of [`ClipData::open`] and [`ClipData::simulate`].
    pub fn open(
        &self,
        options: &SourceOptions,
        out: &Path,
        seed: u64,
        ctx: &mut JobContext,
    ) -> Result<ClipData, FinetuneError> {
        match self {
            Self::Path(path) => ClipData::open_with(path, options),
            Self::Simulator { .. } if !options.is_default() => Err(DataError::NoOptions {
                path: PathBuf::from("simulator"),
            }
            .into()),
            Self::Simulator { episodes } => {
                training::out_folder(out)?;
                ClipData::simulate(&out.join("simulated.jsonl"), *episodes, seed, ctx)
            }
        }
    }
}

impl FromStr for ClipSource {
    type Err = FinetuneError;

    fn from_str(text: &str) -> Result<Self, FinetuneError> {
        let Some(episodes) = text.strip_prefix("simulator:") else {
            return Ok(Self::Path(text.into()));
        };
        let refuse = |_| FinetuneError::setting("the data", text, "simulator:N, a number of episodes, or a path");
        Ok(Self::Simulator {
            episodes: episodes.parse().map_err(refuse)?,
        })
    }
}

impl fmt::Display for ClipSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(path) => path.display().fmt(f),
            Self::Simulator { episodes } => write!(f, "simulator:{episodes}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named() {
        for (text, source) in [
            ("demos.jsonl", ClipSource::Path("demos.jsonl".into())),
            ("simulator:8", ClipSource::Simulator { episodes: 8 }),
        ] {
            assert_eq!(text.parse::<ClipSource>().unwrap(), source);
            assert_eq!(source.to_string(), text);
        }
        let error = "simulator:many".parse::<ClipSource>().unwrap_err().to_string();
        assert!(error.contains("simulator:N"), "{error}");
    }
}
