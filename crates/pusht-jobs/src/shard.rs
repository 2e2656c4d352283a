//! Work in parts: each of N processes does its share, and the parts are joined afterwards. An array job of a cluster
//! can thus distribute work over hosts.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Part `index` of `of`, written `I/N` with 1 ≤ I ≤ N.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Shard {
    index: usize,
    of: usize,
}

impl Shard {
    /// Part `index` of `of`, counted from 1.
    ///
    /// # Errors
    /// Unless 1 ≤ `index` ≤ `of`.
    pub fn new(index: usize, of: usize) -> Result<Self, ShardError> {
        if (1..=of).contains(&index) {
            return Ok(Self { index, of });
        }
        Err(ShardError::Syntax {
            found: format!("{index}/{of}"),
        })
    }

    /// Number of the part, from 1.
    pub const fn index(self) -> usize {
        self.index
    }

    /// Number of parts.
    pub const fn of(self) -> usize {
        self.of
    }

    /// The share of `items` items that belongs to this part: a consecutive range, of equal length in all parts up to
    /// one item. Empty if there are fewer items than parts.
    pub const fn range(self, items: usize) -> Range<usize> {
        // In 128 bits, so that no product of two sizes overflows.
        let start = (items as u128 * (self.index - 1) as u128 / self.of as u128) as usize;
        let end = (items as u128 * self.index as u128 / self.of as u128) as usize;
        start..end
    }

    /// The order in which these files join: every part of one division, each once.
    ///
    /// # Errors
    /// No file, files of different divisions, or parts that are duplicate or missing, each named.
    pub fn order(parts: &[(&Path, Self)]) -> Result<Vec<usize>, ShardError> {
        let Some((first, shard)) = parts.first() else {
            return Err(ShardError::Nothing);
        };
        let of = shard.of;
        let mut places = vec![None; of];
        for (place, (path, shard)) in parts.iter().enumerate() {
            if shard.of != of {
                return Err(ShardError::Counts {
                    first: first.to_path_buf(),
                    of,
                    path: path.to_path_buf(),
                    found: *shard,
                });
            }
            if let Some(before) = places[shard.index - 1].replace(place) {
                let before: usize = before;
                return Err(ShardError::Twice {
                    shard: *shard,
                    first: parts[before].0.to_path_buf(),
                    second: path.to_path_buf(),
                });
            }
        }
        let missing: Vec<String> = (1..=of)
            .filter(|index| places[index - 1].is_none())
            .map(|index| format!("{index}/{of}"))
            .collect();
        if !missing.is_empty() {
            return Err(ShardError::Missing {
                missing: missing.join(", "),
            });
        }
        Ok(places.into_iter().flatten().collect())
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.of)
    }
}

impl FromStr for Shard {
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, ShardError> {
        let parsed = text
            .split_once('/')
            .and_then(|(index, of)| Some((index.parse().ok()?, of.parse().ok()?)));
        let (index, of) = parsed.ok_or_else(|| ShardError::Syntax { found: text.to_owned() })?;
        Self::new(index, of)
    }
}

impl TryFrom<String> for Shard {
    type Error = ShardError;

    fn try_from(text: String) -> Result<Self, ShardError> {
        text.parse()
    }
}

impl From<Shard> for String {
    fn from(shard: Shard) -> Self {
        shard.to_string()
    }
}

/// Errors of parts and of joining them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ShardError {
    /// Text that is not a part.
    #[error("{found:?} is not a part; expected I/N with 1 ≤ I ≤ N, such as 3/8")]
    Syntax {
        /// The text.
        found: String,
    },
    /// No files to join.
    #[error("there are no parts to join; name the files of all parts")]
    Nothing,
    /// Parts of different divisions.
    #[error("{path}: is part {found}, but {first} is one of {of} parts; join parts of one cut", path = path.display(), first = first.display())]
    Counts {
        /// The first file.
        first: PathBuf,
        /// Its number of parts.
        of: usize,
        /// The file with another number of parts.
        path: PathBuf,
        /// Part in that file.
        found: Shard,
    },
    /// One part in two files.
    #[error("{second}: is part {shard}, as {first} is; name each part once", second = second.display(), first = first.display())]
    Twice {
        /// The part.
        shard: Shard,
        /// One file.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// Parts that no file holds.
    #[error("no file holds {missing}; make what is missing (--shard) and name all parts")]
    Missing {
        /// The parts.
        missing: String,
    },
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn parts_cover_everything_once() {
        for (items, of) in [(0, 1), (3, 5), (10, 3), (100, 8), (usize::MAX, 7)] {
            let mut next = 0;
            for index in 1..=of {
                let range = Shard::new(index, of).unwrap().range(items);
                assert_eq!(range.start, next);
                assert!(range.len() >= items / of && range.len() <= items.div_ceil(of));
                next = range.end;
            }
            assert_eq!(next, items);
        }
    }

    #[test]
    fn what_is_not_a_part_is_refused() {
        let shard: Shard = "3/8".parse().unwrap();
        assert_eq!((shard.index(), shard.of(), shard.to_string()), (3, 8, "3/8".to_owned()));
        for text in ["", "3", "0/4", "5/4", "1/0", "-1/4", "a/b", "1/2/3"] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.contains("1 ≤ I ≤ N"), "{error}");
        }
    }

    #[test]
    fn parts_join_in_their_order_and_misfits_are_named() {
        let part = |name: &'static str, text: &str| (Path::new(name), text.parse::<Shard>().unwrap());
        let [a, b, c] = [part("a", "3/3"), part("b", "1/3"), part("c", "2/3")];
        assert_eq!(Shard::order(&[a, b, c]).unwrap(), [1, 2, 0]);
        let text = |parts: &[_]| Shard::order(parts).unwrap_err().to_string();
        assert!(text(&[a]).contains("1/3, 2/3"));
        assert!(text(&[a, b, part("d", "1/3")]).starts_with("d: is part 1/3, as b is"));
        assert!(text(&[a, part("e", "1/4")]).starts_with("e: is part 1/4, but a is one of 3 parts"));
        assert!(text(&[]).contains("no parts"));
    }
}
