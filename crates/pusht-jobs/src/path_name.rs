//! Names of files and folders in results.

use std::path::Path;

/// The name of a file or folder for results: the last part of its path. A folder of the Hugging Face cache
/// (`datasets--OWNER--NAME/snapshots/COMMIT`) is `OWNER/NAME@COMMIT`, with seven digits of the commit.
pub fn path_name(path: impl AsRef<Path>) -> String {
    let path = path.as_ref();
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    repository(path, &name).unwrap_or_else(|| name.into_owned())
}

fn repository(path: &Path, commit: &str) -> Option<String> {
    let snapshots = path.parent()?;
    if commit.len() != 40 || !commit.bytes().all(|b| b.is_ascii_hexdigit()) || snapshots.file_name()? != "snapshots" {
        return None;
    }
    let (_, name) = snapshots.parent()?.file_name()?.to_str()?.split_once("--")?;
    Some(format!("{}@{}", name.replacen("--", "/", 1), &commit[..7]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repositories_are_named() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let cached = format!("/c/hub/datasets--lerobot--pusht/snapshots/{commit}");
        assert_eq!(path_name(&cached), "lerobot/pusht@0123456");
        assert_eq!(path_name(format!("{cached}/a.zarr")), "a.zarr");
        assert_eq!(path_name(format!("/c/{commit}")), commit);
        assert_eq!(
            (path_name("a/b.zarr"), path_name("..")),
            ("b.zarr".to_owned(), "..".to_owned())
        );
    }
}
