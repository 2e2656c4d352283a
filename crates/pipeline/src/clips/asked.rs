//! What is asked of a video model for a clip.

use pusht_data::VideoRequest;
use pusht_env::{GOAL, Pose};
use serde::{Deserialize, Serialize};

use super::ends::Ends;
use super::new_starts::NewStart;
use crate::PipelineError;
use crate::demonstrations::Demonstrations;

/// Where a clip begins and ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Asked {
    /// At two rows of a demonstration.
    Between(Ends),
    /// At a new start, and with the T on its goal.
    From(NewStart),
}

impl Asked {
    pub(crate) fn seed(&self) -> u64 {
        match self {
            Self::Between(ends) => ends.seed,
            Self::From(start) => start.seed,
        }
    }

    /// The rows between which the clip was asked for, if it was.
    pub(crate) fn rows(&self) -> Option<&Ends> {
        match self {
            Self::Between(ends) => Some(ends),
            Self::From(_) => None,
        }
    }

    pub(crate) fn goal(&self, demos: &Demonstrations) -> Pose {
        self.rows().map_or(GOAL, |ends| demos.episodes[ends.episode].goal)
    }

    /// The request; `longest` is the largest number of frames of a clip from a new start.
    pub(super) fn request(
        &self,
        demos: &Demonstrations,
        prompt: Option<&String>,
        longest: usize,
    ) -> Result<VideoRequest, PipelineError> {
        let (start, end, frames) = match self {
            Self::Between(ends) => {
                let frames = &demos.episodes[ends.episode].frames;
                let [start, end] = [ends.start, ends.end].map(|row| frames[row].clone());
                (start, Some(end), ends.frames())
            }
            Self::From(start) => (start.frame()?, None, longest),
        };
        Ok(VideoRequest {
            start,
            end,
            prompt: prompt.cloned(),
            frames,
            seed: self.seed(),
        })
    }

    /// Caption in the report of the clip with this index.
    pub(super) fn caption((index, asked): (usize, &Self)) -> String {
        match asked {
            Self::Between(Ends {
                episode, start, end, ..
            }) => format!("Clip {index}: start and end are rows {start} and {end} of demonstration {episode}"),
            Self::From(start) => format!("Clip {index}: from reset {}, the T on its goal at the end", start.reset),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_is_read_back_as_it_was() {
        let text = r#"{"episode":3,"start":4,"end":51,"seed":9}"#;
        let read: Asked = serde_json::from_str(text).unwrap();
        assert_eq!(read.rows().map(Ends::frames), Some(48));
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        let start = Asked::From(NewStart { reset: 7, seed: 8 });
        let text = serde_json::to_string(&start).unwrap();
        assert_eq!(serde_json::from_str::<Asked>(&text).unwrap(), start);
    }
}
