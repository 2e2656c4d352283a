//! Files that are not what their name says: hidden companions of real files, and pointers of Git LFS.

use std::path::Path;

use crate::begins_with;

/// Text of error messages about a [Git LFS pointer](is_lfs_pointer).
pub const LFS_POINTER: &str = "a Git LFS pointer, not the file; run `git lfs pull` in its repository";

/// Whether the file at `path` is a Git LFS pointer: what a clone holds in place of a large file until `git lfs pull` has
/// fetched it. `false` for a file that cannot be read.
pub fn is_lfs_pointer(path: impl AsRef<Path>) -> bool {
    // Written by every version of Git LFS as the first line (specification, version 1).
    begins_with(path, b"version https://git-lfs.github.com/spec/")
}

/// Whether the last part of a path begins with a dot: `.DS_Store`, the `._*` files that macOS writes beside real ones,
/// unfinished files of this workspace. Searches in folders pass over such files; a path that a user names is never
/// hidden by it.
pub fn is_hidden(path: impl AsRef<Path>) -> bool {
    let name = path.as_ref().file_name();
    name.is_some_and(|name| name.as_encoded_bytes().starts_with(b"."))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn pointers_are_known_by_their_first_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("weights.pth");
        std::fs::write(
            &path,
            "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
        )
        .unwrap();
        assert!(is_lfs_pointer(&path));
        std::fs::write(&path, "version https://example.org\n").unwrap();
        assert!(!is_lfs_pointer(&path));
        assert!(!is_lfs_pointer(folder.path().join("missing")));
    }

    #[test]
    fn hidden_names_begin_with_a_dot() {
        for name in ["._clip.mp4", ".DS_Store", "a/.hidden"] {
            assert!(is_hidden(name), "{name}");
        }
        for name in ["clip.mp4", ".hidden/clip.mp4", "a.b", ".."] {
            assert!(!is_hidden(name), "{name}");
        }
    }
}
