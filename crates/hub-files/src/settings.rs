//! Settings of the Hub, from the environment variables of `huggingface_hub`.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::HubError;

/// Where files come from and where they are kept.
#[derive(Clone)]
pub struct HubSettings {
    /// Address of the Hub, without a slash at the end (`HF_ENDPOINT`).
    pub endpoint: String,
    /// Access token (`HF_TOKEN`, or the file that `hf auth login` writes).
    pub token: Option<String>,
    /// Folder of the cache (`HF_HUB_CACHE`, or `hub` in `HF_HOME`).
    pub cache: PathBuf,
    /// Whether only the cache is used (`HF_HUB_OFFLINE`).
    pub offline: bool,
    /// Longest time without an answer or a byte of a file (`HF_HUB_DOWNLOAD_TIMEOUT`, s).
    pub timeout: Duration,
    /// How often a broken transfer is tried without progress.
    pub attempts: u32,
    /// Pause before the second attempt; each further one is twice as long.
    pub pause: Duration,
}

impl HubSettings {
    /// Address of the Hub.
    pub const ENDPOINT: &str = "https://huggingface.co";

    /// The defaults, with this cache and without a token.
    pub fn with_cache(cache: impl Into<PathBuf>) -> Self {
        Self {
            endpoint: Self::ENDPOINT.to_owned(),
            token: None,
            cache: cache.into(),
            offline: false,
            timeout: Duration::from_secs(30),
            attempts: 5,
            pause: Duration::from_secs(1),
        }
    }

    /// The settings of the environment variables.
    ///
    /// # Errors
    /// Variables with values that cannot be used, and no place for the cache.
    pub fn from_env() -> Result<Self, HubError> {
        Self::from_variables(|name| std::env::var_os(name))
    }

    fn from_variables(variable: impl Fn(&str) -> Option<OsString>) -> Result<Self, HubError> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let folder = |name: &str| given(name).map(PathBuf::from);
        let home = || {
            folder("HF_HOME")
                .or_else(|| Some(folder("XDG_CACHE_HOME")?.join("huggingface")))
                .or_else(|| {
                    Some(
                        folder("HOME")
                            .or_else(|| folder("USERPROFILE"))?
                            .join(".cache/huggingface"),
                    )
                })
        };
        let no_home = || HubError::Variable {
            variable: "HF_HOME",
            reason: "is not set, and neither are HF_HUB_CACHE and HOME; expected a folder for downloaded files"
                .to_owned(),
        };
        let cache = match folder("HF_HUB_CACHE").or_else(|| folder("HUGGINGFACE_HUB_CACHE")) {
            Some(cache) => cache,
            None => home().ok_or_else(no_home)?.join("hub"),
        };
        let mut settings = Self::with_cache(cache);
        let text = |name: &'static str| match given(name).map(OsString::into_string) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(text.trim().to_owned())),
            Some(Err(_)) => Err(HubError::Variable {
                variable: name,
                reason: "is not text".to_owned(),
            }),
        };
        if let Some(endpoint) = text("HF_ENDPOINT")? {
            if !(endpoint.starts_with("https://") || endpoint.starts_with("http://")) {
                return Err(HubError::Variable {
                    variable: "HF_ENDPOINT",
                    reason: format!("{endpoint:?}; expected an address that begins with https:// or http://"),
                });
            }
            endpoint.trim_end_matches('/').clone_into(&mut settings.endpoint);
        }
        settings.offline = is_true(text("HF_HUB_OFFLINE")?) || is_true(text("TRANSFORMERS_OFFLINE")?);
        if let Some(seconds) = text("HF_HUB_DOWNLOAD_TIMEOUT")? {
            let valid = seconds
                .parse::<u32>()
                .ok()
                .filter(|seconds| (1..=86_400).contains(seconds));
            let seconds = valid.ok_or_else(|| HubError::Variable {
                variable: "HF_HUB_DOWNLOAD_TIMEOUT",
                reason: format!("{seconds:?}; expected seconds from 1 to 86400"),
            })?;
            settings.timeout = Duration::from_secs(seconds.into());
        }
        settings.token = match text("HF_TOKEN")? {
            Some(token) => Some(token),
            None if is_true(text("HF_HUB_DISABLE_IMPLICIT_TOKEN")?) => None,
            None => folder("HF_TOKEN_PATH")
                .or_else(|| Some(home()?.join("token")))
                .and_then(|file| token_file(&file)),
        };
        if settings
            .token
            .as_deref()
            .is_some_and(|token| !token.bytes().all(|b| b.is_ascii_graphic()))
        {
            return Err(HubError::Variable {
                variable: "HF_TOKEN",
                reason: "is no access token: it has characters other than letters, digits and signs".to_owned(),
            });
        }
        Ok(settings)
    }
}

impl fmt::Debug for HubSettings {
    /// Without the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HubSettings")
            .field("endpoint", &self.endpoint)
            .field("token", &self.token.as_ref().map(|_| "…"))
            .field("cache", &self.cache)
            .field("offline", &self.offline)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// The token in a file; a file that is missing, empty or no text has none.
fn token_file(path: &Path) -> Option<String> {
    let text = pusht_jobs::read_text(path).ok()?;
    Some(text.trim().to_owned()).filter(|token| !token.is_empty())
}

/// As `huggingface_hub` reads a switch.
fn is_true(value: Option<String>) -> bool {
    value.is_some_and(|value| ["1", "ON", "YES", "TRUE"].contains(&value.to_uppercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(variables: &[(&str, &str)]) -> Result<HubSettings, String> {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        HubSettings::from_variables(find).map_err(|error| error.to_string())
    }

    #[test]
    fn variables_are_those_of_huggingface_hub() {
        let home = [("HOME", "/nowhere/h")];
        let usual = settings(&home).unwrap();
        assert_eq!(usual.cache, Path::new("/nowhere/h/.cache/huggingface/hub"));
        assert_eq!(
            (usual.endpoint.as_str(), usual.token, usual.offline),
            (HubSettings::ENDPOINT, None, false)
        );
        for (variable, value, cache) in [
            ("XDG_CACHE_HOME", "/x", "/x/huggingface/hub"),
            ("HF_HOME", "/f", "/f/hub"),
            ("HF_HUB_CACHE", "/c", "/c"),
            ("HUGGINGFACE_HUB_CACHE", "/o", "/o"),
        ] {
            assert_eq!(settings(&[home[0], (variable, value)]).unwrap().cache, Path::new(cache));
        }
        let given = [
            home[0],
            ("HF_ENDPOINT", "http://127.0.0.1:1/"),
            ("HF_TOKEN", " hf_secret\n"),
            ("HF_HUB_OFFLINE", "true"),
            ("HF_HUB_DOWNLOAD_TIMEOUT", "7"),
        ];
        let given = settings(&given).unwrap();
        assert_eq!(
            (given.endpoint.as_str(), given.token.as_deref()),
            ("http://127.0.0.1:1", Some("hf_secret"))
        );
        assert!(given.offline && given.timeout == Duration::from_secs(7));
        assert!(!format!("{given:?}").contains("secret"));
        assert!(!settings(&[home[0], ("HF_HUB_OFFLINE", "0")]).unwrap().offline);
    }

    #[test]
    fn the_token_of_a_login_is_found() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "hf_login\n").unwrap();
        let home = folder.path().to_str().unwrap();
        assert_eq!(
            settings(&[("HF_HOME", home)]).unwrap().token.as_deref(),
            Some("hf_login")
        );
        let disabled = [("HF_HOME", home), ("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")];
        assert_eq!(settings(&disabled).unwrap().token, None);
    }

    #[test]
    fn what_cannot_be_used_is_named() {
        for (variable, value) in [
            ("HF_ENDPOINT", "huggingface.co"),
            ("HF_HUB_DOWNLOAD_TIMEOUT", "0"),
            ("HF_HUB_DOWNLOAD_TIMEOUT", "soon"),
            ("HF_TOKEN", "a b"),
        ] {
            let error = settings(&[("HOME", "/nowhere/h"), (variable, value)]).unwrap_err();
            assert!(error.contains(variable), "{error}");
        }
        assert!(settings(&[]).unwrap_err().contains("HF_HOME"));
    }
}
