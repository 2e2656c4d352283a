//! A repository served as the Hugging Face Hub does.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Mutex, PoisonError};

use sha1::Sha1;
use sha2::{Digest, Sha256};

use crate::{LoopbackReply, LoopbackRequest, LoopbackServer};

/// A repository to serve.
#[derive(Clone, Debug)]
pub struct FakeRepo {
    place: String,
    commit: String,
    revisions: Vec<String>,
    files: BTreeMap<String, Vec<u8>>,
}

impl FakeRepo {
    /// Commit that every revision stands for.
    pub const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    /// A repository of the kind `models` or `datasets`, `OWNER/NAME`, with the revisions `main` and `v3.0`.
    pub fn new(kind: &str, name: &str) -> Self {
        Self {
            place: format!("{kind}/{name}"),
            commit: Self::COMMIT.to_owned(),
            revisions: vec!["main".to_owned(), "v3.0".to_owned(), Self::COMMIT.to_owned()],
            files: BTreeMap::new(),
        }
    }

    /// Adds a file. Those whose names end in `.json` or `.md` are in git, the others in Git LFS, on another path of the server.
    #[must_use]
    pub fn with(mut self, path: &str, content: impl Into<Vec<u8>>) -> Self {
        self.files.insert(path.to_owned(), content.into());
        self
    }

    /// Adds all files in a folder.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub fn with_folder(mut self, folder: &std::path::Path, prefix: &str) -> io::Result<Self> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
            if entry.path().is_dir() {
                self = self.with_folder(&entry.path(), &format!("{name}/"))?;
            } else {
                self = self.with(&name, std::fs::read(entry.path())?);
            }
        }
        Ok(self)
    }

    fn is_lfs(path: &str) -> bool {
        !(path.ends_with(".json") || path.ends_with(".md"))
    }

    fn listing(&self) -> String {
        let files = self.files.iter().map(|(path, content)| {
            let size = content.len();
            let blob = hex(&Sha1::new_with_prefix(format!("blob {size}\0"))
                .chain_update(content)
                .finalize());
            let lfs = if Self::is_lfs(path) {
                let sha256 = hex(&Sha256::digest(content));
                format!(r#","lfs":{{"sha256":"{sha256}","size":{size},"pointerSize":130}}"#)
            } else {
                String::new()
            };
            format!(r#"{{"rfilename":"{path}","size":{size},"blobId":"{blob}"{lfs}}}"#)
        });
        let files: Vec<String> = files.collect();
        format!(r#"{{"sha":"{}","siblings":[{}]}}"#, self.commit, files.join(","))
    }

    fn answer(&self, request: &LoopbackRequest) -> LoopbackReply {
        let path = request.path.split('?').next().unwrap_or_default();
        let missing = |code| LoopbackReply::status(404).with_header("x-error-code", code);
        if let Some(revision) = path.strip_prefix(&format!("/api/{}/revision/", self.place)) {
            let revision = revision.replace("%2F", "/");
            return match self.revisions.contains(&revision) {
                true => LoopbackReply::body(self.listing()),
                false => missing("RevisionNotFound"),
            };
        }
        if let Some(file) = path.strip_prefix("/cdn/") {
            return match self.files.get(file) {
                Some(content) => LoopbackReply::part(request, content),
                None => LoopbackReply::status(404),
            };
        }
        let place = self.place.strip_prefix("models/").unwrap_or(&self.place);
        let Some(file) = path.strip_prefix(&format!("/{place}/resolve/{}/", self.commit)) else {
            return LoopbackReply::status(401).with_header("x-error-code", "RepoNotFound");
        };
        match self.files.get(file) {
            None => missing("EntryNotFound"),
            Some(_) if Self::is_lfs(file) => LoopbackReply::redirect(302, &format!("/cdn/{file}")),
            Some(content) => LoopbackReply::part(request, content),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A server with one repository.
pub struct FakeHub;

impl FakeHub {
    /// Serves a repository.
    ///
    /// # Errors
    /// No port that can be listened on.
    pub fn start(repo: FakeRepo) -> io::Result<LoopbackServer> {
        Self::start_with(repo, |_, _, reply| reply)
    }

    /// Serves a repository with answers that `change` may replace; it gets the request, its number (from 0) among those of the same
    /// path, and the usual answer.
    ///
    /// # Errors
    /// No port that can be listened on.
    pub fn start_with(
        repo: FakeRepo,
        change: impl Fn(&LoopbackRequest, usize, LoopbackReply) -> LoopbackReply + Send + Sync + 'static,
    ) -> io::Result<LoopbackServer> {
        let counts: Mutex<BTreeMap<String, usize>> = Mutex::default();
        LoopbackServer::start(move |request| {
            let number = {
                let mut counts = counts.lock().unwrap_or_else(PoisonError::into_inner);
                let count = counts.entry(request.path.clone()).or_default();
                *count += 1;
                *count - 1
            };
            change(request, number, repo.answer(request))
        })
    }
}
