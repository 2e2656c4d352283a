//! Hashes that the Hub announces for files.

use pusht_jobs::Hasher;
use sha1::{Digest, Sha1};

/// An announced hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Checksum {
    /// SHA-256 of a file in Git LFS.
    Sha256(String),
    /// Git's hash of a file: SHA-1 of `blob SIZE\0` and the bytes.
    GitBlob(String),
}

impl Checksum {
    /// Its digits, which are the name of the content in the cache.
    pub(crate) fn hash(&self) -> &str {
        match self {
            Self::Sha256(hash) | Self::GitBlob(hash) => hash,
        }
    }
}

/// The hash of a file while it arrives.
pub(crate) enum RunningHash {
    None,
    Sha256(Hasher),
    GitBlob(Sha1),
}

impl RunningHash {
    /// Begins a hash of the kind of `checksum`, for a file of `size` bytes.
    pub(crate) fn begin(checksum: Option<&Checksum>, size: Option<u64>) -> Self {
        match checksum {
            None => Self::None,
            Some(Checksum::Sha256(_)) => Self::Sha256(Hasher::new()),
            Some(Checksum::GitBlob(_)) => {
                let header = format!("blob {}\0", size.unwrap_or_default());
                Self::GitBlob(Sha1::new_with_prefix(header))
            }
        }
    }

    pub(crate) fn add(&mut self, bytes: &[u8]) {
        match self {
            Self::None => {}
            Self::Sha256(hasher) => {
                hasher.bytes(bytes);
            }
            Self::GitBlob(hasher) => hasher.update(bytes),
        }
    }

    /// The digits; `None` where nothing was announced.
    pub(crate) fn finish(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Sha256(hasher) => Some(hasher.finish()),
            Self::GitBlob(hasher) => Some(hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_are_those_of_git_and_sha_256() {
        let of = |checksum: Checksum| {
            let mut hash = RunningHash::begin(Some(&checksum), Some(6));
            hash.add(b"hel");
            hash.add(b"lo\n");
            hash.finish().unwrap()
        };
        // `printf 'hello\n' | git hash-object --stdin` and `| sha256sum`.
        assert_eq!(
            of(Checksum::GitBlob(String::new())),
            "ce013625030ba8dba906f756967f9e9ca394464a"
        );
        assert_eq!(
            of(Checksum::Sha256(String::new())),
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
    }
}
