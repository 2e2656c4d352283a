//! Size of frames.

use std::fmt;
use std::str::FromStr;

use pusht_env::Frame;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Width and height of frames in pixels. Its text form is `WIDTHxHEIGHT`; files have `[height, width]` or a table with
/// both names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FrameSize {
    /// Width, px.
    pub width: usize,
    /// Height, px.
    pub height: usize,
}

impl FrameSize {
    /// A square size.
    pub const fn square(side: usize) -> Self {
        Self {
            width: side,
            height: side,
        }
    }
}

impl From<&Frame> for FrameSize {
    fn from(frame: &Frame) -> Self {
        Self {
            width: frame.width() as usize,
            height: frame.height() as usize,
        }
    }
}

impl fmt::Display for FrameSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}x{}", self.width, self.height)
    }
}

/// Error of parsing a [`FrameSize`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is no size; expected WIDTHxHEIGHT, for example 512x320")]
pub struct FrameSizeError {
    /// The given text.
    pub text: String,
}

impl FromStr for FrameSize {
    type Err = FrameSizeError;

    fn from_str(text: &str) -> Result<Self, FrameSizeError> {
        let sides = text.split_once('x');
        sides
            .and_then(|(width, height)| {
                Some(Self {
                    width: width.parse().ok()?,
                    height: height.parse().ok()?,
                })
            })
            .ok_or_else(|| FrameSizeError { text: text.to_owned() })
    }
}

impl Serialize for FrameSize {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        [self.height, self.width].serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FrameSize {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(
            untagged,
            deny_unknown_fields,
            expecting = "expected [height, width] or { width, height }"
        )]
        enum Form {
            Pair([usize; 2]),
            Named { width: usize, height: usize },
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Pair([height, width]) | Form::Named { width, height } => Self { width, height },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_written() {
        let size = FrameSize {
            width: 512,
            height: 320,
        };
        assert_eq!("512x320".parse(), Ok(size));
        assert_eq!(size.to_string(), "512x320");
        assert_eq!(serde_json::to_string(&size).unwrap(), "[320,512]");
        for text in ["[320, 512]", r#"{"width": 512, "height": 320}"#] {
            assert_eq!(serde_json::from_str::<FrameSize>(text).unwrap(), size);
        }
        for text in ["512", "x", "512xa", ""] {
            assert!(
                text.parse::<FrameSize>()
                    .unwrap_err()
                    .to_string()
                    .contains("WIDTHxHEIGHT")
            );
        }
        assert!(
            serde_json::from_str::<FrameSize>("[1]")
                .unwrap_err()
                .to_string()
                .contains("[height, width]")
        );
    }
}
