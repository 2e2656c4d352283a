//! The list of a repository's files, as the Hub's interface gives it.

use std::collections::BTreeSet;
use std::io::Read;

use pusht_jobs::CancelFlag;
use serde::Deserialize;

use crate::checksum::Checksum;
use crate::http::{Http, Trouble};
use crate::paths::{is_hash, percent_encoded, stays_inside};
use crate::{HubError, HubName};

/// Longest list that is read, bytes.
const LONGEST: u64 = 64 << 20;

/// The files of a repository at a commit.
pub(crate) struct Listing {
    pub(crate) url: String,
    pub(crate) commit: String,
    pub(crate) files: Vec<RepoFile>,
}

/// A file of a repository.
pub(crate) struct RepoFile {
    pub(crate) path: String,
    size: Option<u64>,
    checksum: Option<Checksum>,
}

#[derive(Deserialize)]
struct Answer {
    sha: String,
    siblings: Vec<Sibling>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sibling {
    rfilename: String,
    size: Option<u64>,
    blob_id: Option<String>,
    lfs: Option<Lfs>,
}

#[derive(Deserialize)]
struct Lfs {
    sha256: Option<String>,
    size: Option<u64>,
}

impl Listing {
    /// Requests the list.
    pub(crate) fn get(http: &Http, name: &HubName, advice: &str, cancel: &CancelFlag) -> Result<Self, HubError> {
        let url = format!(
            "{}/api/{}/{}/revision/{}?blobs=true",
            http.settings.endpoint,
            name.kind.plural(),
            name.repository(),
            percent_encoded(name.revision(), false)
        );
        let once = || {
            let response = http.get(&url, 0).map_err(|error| http.failed(&url, advice, &error))?;
            if response.status() != 200 {
                return Err(http.refused(&url, Some(name), &response));
            }
            let mut text = Vec::new();
            let mut body = response.into_body().into_reader().take(LONGEST + 1);
            body.read_to_end(&mut text).map_err(|error| {
                let broken = HubError::Unreachable {
                    url: url.clone(),
                    reason: format!("the answer broke off ({error})"),
                    advice: advice.to_owned(),
                };
                Trouble::Again(broken, None)
            })?;
            Ok(Self::read(&url, &text)?)
        };
        http.retry(cancel, once, || 0)
    }

    /// Reads the list, and checks that no file leaves its folder.
    fn read(url: &str, text: &[u8]) -> Result<Self, HubError> {
        let wrong = |reason: String| HubError::Answer {
            url: url.to_owned(),
            reason,
        };
        if text.len() as u64 > LONGEST {
            return Err(wrong(format!("the list of files is longer than {LONGEST} bytes")));
        }
        let answer: Answer = serde_json::from_slice(text).map_err(|error| {
            wrong(format!(
                "the answer is no list of files of the Hugging Face Hub ({error}); check HF_ENDPOINT, and whether a proxy asks \
                 for a login"
            ))
        })?;
        if !is_hash(&answer.sha, 40) {
            return Err(wrong(format!(
                "the commit is {:?}; expected 40 hexadecimal digits",
                answer.sha
            )));
        }
        let mut names = BTreeSet::new();
        for file in &answer.siblings {
            if !stays_inside(&file.rfilename) {
                let name = &file.rfilename;
                return Err(wrong(format!(
                    "the repository has a file {name:?}, which leaves its folder; nothing was downloaded"
                )));
            }
            if !names.insert(&file.rfilename) {
                return Err(wrong(format!("the repository has two files {:?}", file.rfilename)));
            }
        }
        Ok(Self {
            url: url.to_owned(),
            commit: answer.sha,
            files: answer.siblings.into_iter().map(RepoFile::new).collect(),
        })
    }

    /// Size and hash of a file.
    ///
    /// # Errors
    /// A server that does not announce them: what it sends could not be checked.
    pub(crate) fn checks(&self, file: usize) -> Result<(u64, &Checksum), HubError> {
        let file = &self.files[file];
        match (file.size, &file.checksum) {
            (Some(size), Some(checksum)) => Ok((size, checksum)),
            _ => Err(HubError::Answer {
                url: self.url.clone(),
                reason: format!(
                    "the server announces no size or hash of {:?}, so that it cannot be checked",
                    file.path
                ),
            }),
        }
    }
}

impl RepoFile {
    fn new(file: Sibling) -> Self {
        let (size, checksum) = match file.lfs {
            Some(lfs) => (
                lfs.size.or(file.size),
                lfs.sha256.filter(|hash| is_hash(hash, 64)).map(Checksum::Sha256),
            ),
            None => (
                file.size,
                file.blob_id.filter(|hash| is_hash(hash, 40)).map(Checksum::GitBlob),
            ),
        };
        Self {
            path: file.rfilename,
            size,
            checksum,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn read(files: &str) -> Result<Listing, String> {
        let text = format!(r#"{{"sha":"{COMMIT}","private":false,"siblings":[{files}]}}"#);
        Listing::read("http://hub/api", text.as_bytes()).map_err(|error| error.to_string())
    }

    #[test]
    fn sizes_and_hashes_are_read() {
        let sha = "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03";
        let list = read(&format!(
            r#"{{"rfilename":"a","size":3,"blobId":"{COMMIT}"}},
            {{"rfilename":"b","size":3,"blobId":"{COMMIT}","lfs":{{"sha256":"{sha}","size":3,"pointerSize":127}}}},
            {{"rfilename":"c"}}"#
        ))
        .unwrap();
        assert_eq!(list.commit, COMMIT);
        assert_eq!(list.checks(0).unwrap(), (3, &Checksum::GitBlob(COMMIT.to_owned())));
        assert_eq!(list.checks(1).unwrap(), (3, &Checksum::Sha256(sha.to_owned())));
        assert!(
            list.checks(2)
                .unwrap_err()
                .to_string()
                .contains("no size or hash of \"c\"")
        );
    }

    #[test]
    fn what_leaves_the_folder_is_refused() {
        for name in ["../a", "/etc/passwd", "a/../../b", "a\\\\b", ""] {
            let error = read(&format!(r#"{{"rfilename":"{name}"}}"#)).err().unwrap();
            assert!(error.contains("leaves its folder; nothing was downloaded"), "{error}");
        }
        let twice = r#"{"rfilename":"a"},{"rfilename":"a"}"#;
        assert!(read(twice).err().unwrap().contains("two files"));
        let page = Listing::read("http://hub/api", b"<html>log in</html>")
            .err()
            .unwrap()
            .to_string();
        assert!(page.contains("no list of files") && page.contains("proxy"), "{page}");
        let other = Listing::read("http://hub/api", br#"{"sha":"../x","siblings":[]}"#)
            .err()
            .unwrap()
            .to_string();
        assert!(other.contains("40 hexadecimal digits"), "{other}");
    }
}
