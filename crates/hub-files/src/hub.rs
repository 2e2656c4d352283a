//! Finds the files of a repository.

use std::path::PathBuf;

use pusht_jobs::JobContext;

use crate::cache::RepoCache;
use crate::selection::select;
use crate::{HubError, HubLayout, HubName, HubSettings, RepoKind};

/// The Hugging Face Hub, through its cache.
#[derive(Clone, Debug)]
pub struct Hub {
    pub(crate) settings: HubSettings,
}

/// Files of a repository on this machine.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HubFolder {
    /// The folder, or the file that was named or that is all that the loader reads.
    pub path: PathBuf,
    /// The name with the commit as its revision: what a record needs to find the same files again.
    pub name: HubName,
}

impl Hub {
    /// The Hub with these settings.
    pub fn new(settings: HubSettings) -> Self {
        Self { settings }
    }

    /// The Hub with the settings of the environment variables.
    ///
    /// # Errors
    /// Those of [`HubSettings::from_env`].
    pub fn from_env() -> Result<Self, HubError> {
        Ok(Self::new(HubSettings::from_env()?))
    }

    /// The local folder of a repository with the files of the first of `layouts` that it has; those that are not in the cache
    /// are downloaded, if that is allowed. Without a network a revision whose files are all in the cache is taken from there.
    ///
    /// # Errors
    /// A repository, revision or file that there is not, no access, no network, files that are not what the server announced,
    /// an unwritable cache.
    pub fn locate(&self, name: &HubName, layouts: &[HubLayout], ctx: &mut JobContext) -> Result<HubFolder, HubError> {
        if self.settings.offline {
            return self.cached(name, layouts, "HF_HUB_OFFLINE is set, so that nothing is downloaded");
        }
        #[cfg(not(feature = "network"))]
        {
            let _ = ctx;
            self.cached(
                name,
                layouts,
                "this program was built without downloads (feature `hub`)",
            )
        }
        #[cfg(feature = "network")]
        match self.fetch(name, layouts, ctx) {
            Err(error @ HubError::Unreachable { .. }) => match self.cached(name, layouts, "") {
                Ok(found) => {
                    ctx.say(&format!("{error}\nusing {} from the cache", found.name));
                    Ok(found)
                }
                Err(_) => Err(error),
            },
            fetched => fetched,
        }
    }

    /// Finds the files in the cache; `reason` says why nothing is downloaded.
    fn cached(&self, name: &HubName, layouts: &[HubLayout], reason: &str) -> Result<HubFolder, HubError> {
        let missing = |what: &str| HubError::NotCached {
            name: name.to_string(),
            cache: self.settings.cache.clone(),
            reason: format!("{reason}{what}. {}", self.by_hand(name)),
        };
        let cache = RepoCache::new(&self.settings.cache, name);
        let commit = cache.commit(name.revision()).ok_or_else(|| missing(""))?;
        if !cache.snapshot(&commit).is_dir() {
            return Err(missing(""));
        }
        let files = cache.files(&commit)?;
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let selected = select(name, layouts, &files).map_err(|error| missing(&format!(" (in the cache, {error})")))?;
        Ok(HubFolder {
            path: cache.snapshot(&commit).join(selected.result),
            name: name.at(&commit),
        })
    }

    /// What to do without a network.
    pub(crate) fn by_hand(&self, name: &HubName) -> String {
        let dataset = match name.kind {
            RepoKind::Model => "",
            RepoKind::Dataset => " --repo-type dataset",
        };
        let revision = match &name.revision {
            Some(revision) => format!(" --revision {revision}"),
            None => String::new(),
        };
        format!(
            "What to do: behind a proxy set HTTPS_PROXY (and SSL_CERT_FILE if it has certificates of its own); files that are in \
             the cache are found without a network with HF_HUB_OFFLINE=1; without any network run `hf download {}{dataset}{revision} \
             --local-dir DIR` on a machine that has one, copy DIR here, and name DIR in place of {name}",
            name.repository()
        )
    }
}
