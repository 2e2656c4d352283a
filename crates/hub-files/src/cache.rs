//! The cache folder, in the layout of `huggingface_hub`: `models--OWNER--NAME/{blobs,refs,snapshots}`.

use std::fs;
use std::path::{Path, PathBuf};

use pusht_jobs::write_bytes;

use crate::paths::{is_hash, stays_inside};
use crate::{HubError, HubName};

/// Most files of a snapshot, and deepest folder.
const MOST_FILES: usize = 200_000;
const DEEPEST: usize = 32;

/// The cache of one repository.
pub(crate) struct RepoCache {
    folder: PathBuf,
    #[cfg(feature = "network")]
    locks: PathBuf,
}

impl RepoCache {
    pub(crate) fn new(cache: &Path, name: &HubName) -> Self {
        // Owner and name were checked, so that the folder is in the cache.
        let folder = format!("{}--{}--{}", name.kind.plural(), name.owner, name.name);
        Self {
            #[cfg(feature = "network")]
            locks: cache.join(".locks").join(&folder),
            folder: cache.join(folder),
        }
    }

    /// Commit of a revision, as it was when the revision was last looked up.
    pub(crate) fn commit(&self, revision: &str) -> Option<String> {
        if is_hash(revision, 40) && self.snapshot(revision).is_dir() {
            return Some(revision.to_owned());
        }
        let commit = pusht_jobs::read_text(self.folder.join("refs").join(revision)).ok()?;
        let commit = commit.trim();
        is_hash(commit, 40).then(|| commit.to_owned())
    }

    /// Remembers the commit of a revision.
    #[cfg_attr(not(feature = "network"), allow(dead_code))]
    pub(crate) fn remember(&self, revision: &str, commit: &str) -> Result<(), HubError> {
        if revision == commit || self.commit(revision).as_deref() == Some(commit) {
            return Ok(());
        }
        let file = self.folder.join("refs").join(revision);
        write_bytes(&file, commit.as_bytes()).map_err(HubError::io(&file))
    }

    /// Folder of a commit's files.
    pub(crate) fn snapshot(&self, commit: &str) -> PathBuf {
        self.folder.join("snapshots").join(commit)
    }

    /// Names of a commit's files that are there, sorted.
    pub(crate) fn files(&self, commit: &str) -> Result<Vec<String>, HubError> {
        let root = self.snapshot(commit);
        let mut files = Vec::new();
        let mut folders = vec![(root, String::new(), 0)];
        while let Some((folder, prefix, depth)) = folders.pop() {
            for entry in fs::read_dir(&folder).map_err(HubError::io(&folder))? {
                let entry = entry.map_err(HubError::io(&folder))?;
                let Some(name) = entry.file_name().to_str().map(|name| format!("{prefix}{name}")) else {
                    continue;
                };
                if !stays_inside(&name) {
                    continue;
                }
                let kind = entry.file_type().map_err(HubError::io(&folder))?;
                if kind.is_dir() && depth < DEEPEST {
                    folders.push((entry.path(), format!("{name}/"), depth + 1));
                } else if entry.path().is_file() && files.len() < MOST_FILES {
                    files.push(name);
                }
            }
        }
        files.sort();
        Ok(files)
    }
}

#[cfg(feature = "network")]
impl RepoCache {
    /// Path of a file's content.
    pub(crate) fn blob(&self, hash: &str) -> PathBuf {
        self.folder.join("blobs").join(hash)
    }

    /// Path of the lock that every program holds while it downloads this content.
    pub(crate) fn lock(&self, hash: &str) -> PathBuf {
        self.locks.join(format!("{hash}.lock"))
    }

    /// Puts a file into the folder of a commit: a link to its content where the system has links, else the content itself.
    pub(crate) fn link(&self, commit: &str, path: &str, hash: &str) -> Result<(), HubError> {
        let place = self.snapshot(commit).join(path);
        let parent = place.parent().unwrap_or(&place);
        fs::create_dir_all(parent).map_err(HubError::io(parent))?;
        if place.symlink_metadata().is_ok() {
            fs::remove_file(&place).map_err(HubError::io(&place))?;
        }
        let up = "../".repeat(path.matches('/').count() + 2);
        let made = link_to(&format!("{up}blobs/{hash}"), &self.blob(hash), &place);
        match made {
            // Another process was faster.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            made => made.map_err(HubError::io(&place)),
        }
    }
}

#[cfg(all(feature = "network", unix))]
fn link_to(target: &str, _: &Path, place: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(target, place)
}

#[cfg(all(feature = "network", not(unix)))]
fn link_to(_: &str, blob: &Path, place: &Path) -> std::io::Result<()> {
    fs::hard_link(blob, place).or_else(|_| fs::copy(blob, place).map(drop))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RepoKind;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    #[test]
    fn the_layout_is_that_of_huggingface_hub() {
        let cache = tempfile::tempdir().unwrap();
        let name = HubName::parse(RepoKind::Dataset, "lerobot/pusht").unwrap();
        let repo = RepoCache::new(cache.path(), &name);
        let folder = cache.path().join("datasets--lerobot--pusht");
        assert_eq!(repo.snapshot(COMMIT), folder.join("snapshots").join(COMMIT));
        assert_eq!(repo.commit("main"), None);
        repo.remember("refs/pr/1", COMMIT).unwrap();
        assert_eq!(fs::read_to_string(folder.join("refs/refs/pr/1")).unwrap(), COMMIT);
        assert_eq!(repo.commit("refs/pr/1").as_deref(), Some(COMMIT));
        assert_eq!(repo.commit(COMMIT), None);
        fs::create_dir_all(repo.snapshot(COMMIT).join("meta")).unwrap();
        fs::write(repo.snapshot(COMMIT).join("meta/info.json"), "{}").unwrap();
        assert_eq!(repo.commit(COMMIT).as_deref(), Some(COMMIT));
        assert_eq!(repo.files(COMMIT).unwrap(), ["meta/info.json"]);
        // What a program wrote into refs that is no commit leads nowhere.
        fs::write(folder.join("refs/main"), "../../..").unwrap();
        assert_eq!(repo.commit("main"), None);
    }
}
