//! Names of repositories on the Hub.

use std::fmt;

use crate::paths::{percent_encoded, stays_inside};

/// Kind of a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RepoKind {
    /// Weights and settings.
    Model,
    /// Data.
    Dataset,
}

impl RepoKind {
    /// Plural, in addresses and in the names of folders.
    pub(crate) const fn plural(self) -> &'static str {
        match self {
            Self::Model => "models",
            Self::Dataset => "datasets",
        }
    }
}

/// A repository on the Hub, or a part of it: `hub:OWNER/NAME[@REVISION][/PATH]`.
///
/// The revision is a branch, a tag or a commit; slashes in it are written `%2F`, except in `refs/pr/N`. The path is a file or a
/// folder in the repository.
///
/// ```
/// use hub_files::{HubName, RepoKind};
///
/// let name = HubName::parse(RepoKind::Dataset, "lerobot/pusht@v3.0")?;
/// assert_eq!((name.repository(), name.revision()), ("lerobot/pusht".to_owned(), "v3.0"));
/// assert_eq!(name.to_string(), "hub:lerobot/pusht@v3.0");
/// assert!(HubName::parse(RepoKind::Dataset, "../pusht").is_err());
/// # Ok::<(), hub_files::HubNameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubName {
    pub(crate) kind: RepoKind,
    pub(crate) owner: String,
    pub(crate) name: String,
    pub(crate) revision: Option<String>,
    pub(crate) path: Option<String>,
}

/// Error of parsing a [`HubName`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "hub:{given}: {reason}; expected hub:OWNER/NAME, with @REVISION and /PATH where needed (a file of that name is ./hub:…)"
)]
pub struct HubNameError {
    /// The text after `hub:`.
    pub given: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl HubName {
    /// What names of repositories begin with, in place of a path.
    pub const PREFIX: &str = "hub:";

    /// Reads a name, without `hub:`.
    ///
    /// # Errors
    /// Names that the Hub does not allow, and paths that leave the repository.
    pub fn parse(kind: RepoKind, text: &str) -> Result<Self, HubNameError> {
        let wrong = |reason| HubNameError {
            given: text.to_owned(),
            reason,
        };
        let (owner, rest) = text.split_once('/').ok_or(wrong("there is no slash"))?;
        let end = rest.find(['/', '@']).unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        if !(is_identifier(owner) && is_identifier(name)) {
            return Err(wrong(
                "owner and name are letters, digits and -._, at most 96, without -- and .., not beginning or ending with - or .",
            ));
        }
        let (revision, path) = match rest.strip_prefix('@') {
            Some(rest) => {
                let (revision, path) = split_revision(rest);
                (Some(revision.replace("%2F", "/").replace("%2f", "/")), path)
            }
            None => (None, rest),
        };
        if revision.as_deref().is_some_and(|revision| !is_revision(revision)) {
            return Err(wrong("the revision is no name of a branch, tag or commit"));
        }
        let path = path.strip_prefix('/').map(|path| path.trim_end_matches('/'));
        if path.is_some_and(|path| !stays_inside(path)) {
            return Err(wrong("the path does not stay in the repository"));
        }
        Ok(Self {
            kind,
            owner: owner.to_owned(),
            name: name.to_owned(),
            revision,
            path: path.map(str::to_owned),
        })
    }

    /// `OWNER/NAME`.
    pub fn repository(&self) -> String {
        format!("{}/{}", self.owner, self.name)
    }

    /// Branch, tag or commit; `main` where none was named.
    pub fn revision(&self) -> &str {
        self.revision.as_deref().unwrap_or("main")
    }

    /// File or folder in the repository.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// This name with a revision in place of its own.
    #[must_use]
    pub fn at(&self, revision: &str) -> Self {
        Self {
            revision: Some(revision.to_owned()),
            ..self.clone()
        }
    }
}

impl fmt::Display for HubName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}/{}", Self::PREFIX, self.owner, self.name)?;
        if let Some(revision) = &self.revision {
            let slashes = split_revision(revision) == (revision.as_str(), "");
            write!(
                f,
                "@{}",
                if slashes {
                    revision.clone()
                } else {
                    percent_encoded(revision, false)
                }
            )?;
        }
        if let Some(path) = &self.path {
            write!(f, "/{path}")?;
        }
        Ok(())
    }
}

/// Separates a revision from the path after it, which begins with a slash.
fn split_revision(text: &str) -> (&str, &str) {
    let parts = if text.starts_with("refs/pr/") || text.starts_with("refs/convert/") {
        3
    } else {
        1
    };
    let end = text.match_indices('/').nth(parts - 1).map_or(text.len(), |(at, _)| at);
    text.split_at(end)
}

fn is_identifier(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    (1..=96).contains(&text.len())
        && text.bytes().all(allowed)
        && !text.contains("--")
        && !text.contains("..")
        && !text.starts_with(['-', '.'])
        && !text.ends_with(['-', '.'])
}

/// Whether git allows a name of a branch or tag (`git check-ref-format`).
fn is_revision(text: &str) -> bool {
    text.len() <= 255
        && stays_inside(text)
        && !text.contains("..")
        && !text.contains([' ', '~', '^', '?', '*', '[', '@', '%'])
        && text
            .split('/')
            .all(|part| !part.starts_with(['.', '-']) && !part.ends_with(".lock"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<HubName, HubNameError> {
        HubName::parse(RepoKind::Model, text)
    }

    #[test]
    fn names_are_read() {
        let commit = "0123456789abcdef0123456789abcdef01234567";
        for (text, revision, path) in [
            ("a/b".to_owned(), "main", None),
            ("a/b@v3.0".to_owned(), "v3.0", None),
            (format!("a/b@{commit}"), commit, None),
            ("a/b@refs/pr/12".to_owned(), "refs/pr/12", None),
            ("a/b@refs/pr/12/c/d.pt".to_owned(), "refs/pr/12", Some("c/d.pt")),
            ("a/b@feature%2Fx/c".to_owned(), "feature/x", Some("c")),
            (
                "Lightricks/LTX-Video/ltxv-2b-0.9.6.safetensors".to_owned(),
                "main",
                Some("ltxv-2b-0.9.6.safetensors"),
            ),
        ] {
            let name = parse(&text).unwrap();
            assert_eq!((name.revision(), name.path()), (revision, path), "{text}");
            assert_eq!(name.to_string(), format!("hub:{text}"));
        }
        assert_eq!(parse("a/b/c/").unwrap().path(), Some("c"));
        assert_eq!(parse("a/b").unwrap().at("x/y").to_string(), "hub:a/b@x%2Fy");
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for text in [
            "",
            "a",
            "a/",
            "/b",
            "../b",
            "a/..",
            "a/b..c",
            "a/b--c",
            "-a/b",
            "a/b.",
            "a/b/../c",
            "a/b/..",
            "a/b//c",
            "a/b@",
            "a/b@..",
            "a/b@x/../../y",
            "a/b@x..y",
            "a/b@a b",
            "a/b@-x",
            "a/b@refs%2F..%2F..%2Fx",
            "a b/c",
            "a/b@x@y",
        ] {
            let error = parse(text).map(|name| name.to_string()).unwrap_err().to_string();
            assert!(error.contains("expected hub:OWNER/NAME"), "{text}: {error}");
        }
        assert!(parse(&format!("a/{}", "b".repeat(97))).is_err());
    }
}
