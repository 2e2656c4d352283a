//! The specification of a model: its kind and path.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pusht_jobs::plain_path;
use serde::{Deserialize, Serialize};

use super::list::KINDS;
use super::{LoadOptions, LoadedModel, ModelError, ModelInfo, ModelKind, SamplingOptions};

/// What names of repositories begin with, in place of a path.
const HUB: &str = "hub:";

/// Specification of a video model, `KIND:PATH`: `object:FILE`, `pixel:DIR`, `ltx:PATH` or `cosmos:DIR`; or `pixel`, the
/// pixel model that comes with the program.
///
/// ```
/// use video_gen::ModelSpec;
///
/// let spec: ModelSpec = "ltx:weights/ltx-video".parse()?;
/// assert_eq!(spec.info().title, "LTX-Video");
/// // Nothing lies there, and nothing was read until now.
/// assert!(spec.load(&Default::default()).is_err());
/// # Ok::<(), video_gen::ModelError>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ModelSpec {
    kind: &'static dyn ModelKind,
    /// Empty for a model that comes with the program.
    path: PathBuf,
    /// What stands in place of the path in names and records.
    shown: Option<String>,
}

impl ModelSpec {
    /// The model of the kind `kind` (`object`, `pixel`, `ltx` or `cosmos`) at `path`.
    ///
    /// # Errors
    /// An unknown kind, or an empty path.
    pub fn new(kind: &str, path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = plain_path(path.as_ref());
        let found = KINDS.into_iter().find(|known| known.info().name == kind);
        match found.filter(|_| !path.as_os_str().is_empty()) {
            Some(kind) => Ok(Self {
                kind,
                path,
                shown: None,
            }),
            None => Err(ModelError::Choice {
                given: format!("{kind}:{}", path.display()),
                known: known(),
            }),
        }
    }

    /// Properties of its kind.
    pub fn info(&self) -> &'static ModelInfo {
        self.kind.info()
    }

    /// Path of the model; empty for one that comes with the program.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it comes with the program.
    pub fn is_built_in(&self) -> bool {
        self.path.as_os_str().is_empty()
    }

    /// The name of a repository on the Hugging Face Hub, `OWNER/NAME[@REVISION][/PATH]`, that stands in place of the path and that
    /// the program replaces by a folder ([`Self::located`]) before it loads the model.
    pub fn hub_name(&self) -> Option<&str> {
        self.path.to_str()?.strip_prefix(HUB)
    }

    /// This model with its files at `path`; names and records have `shown` in place of the path.
    #[must_use]
    pub fn located(self, path: impl AsRef<Path>, shown: impl Into<String>) -> Self {
        Self {
            path: plain_path(path),
            shown: Some(shown.into()),
            ..self
        }
    }

    /// Normalizes the options to the form of this kind of model.
    ///
    /// # Errors
    /// Options that the model does not have, and values of the wrong type.
    pub fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError> {
        self.kind.options(given)
    }

    /// Checks what [`Self::load`] checks, without reading large files: for published models the options, the names and
    /// shapes of the weights, and the memory.
    ///
    /// # Errors
    /// Those of [`Self::load`].
    pub fn check(&self, options: &LoadOptions) -> Result<(), ModelError> {
        self.look(options)?;
        self.kind.check(&self.path, options)
    }

    /// Loads the model.
    ///
    /// # Errors
    /// Options that the model does not have, a clip length that it does not support, too little memory, missing or
    /// damaged files.
    pub fn load(&self, options: &LoadOptions) -> Result<LoadedModel, ModelError> {
        self.look(options)?;
        let loaded = self.kind.load(&self.path, options)?;
        Ok(LoadedModel {
            name: self.to_string(),
            ..loaded
        })
    }

    /// Checks that the prompt is not empty and the path may be such a model.
    fn look(&self, options: &LoadOptions) -> Result<(), ModelError> {
        if options.prompt.as_deref().is_some_and(|prompt| prompt.trim().is_empty()) {
            return Err(t5_encoder::Error::Empty.into());
        }
        if self.kind.is_at(&self.path) {
            return Ok(());
        }
        if let Some(name) = self.hub_name().filter(|_| !self.path.exists()) {
            return Err(ModelError::NotLocated { name: name.to_owned() });
        }
        let info = self.info();
        Err(ModelError::NoModel {
            model: info.title,
            path: self.path.clone(),
            expected: info.files,
        })
    }
}

/// The valid forms of a specification, as text.
fn known() -> String {
    let forms = KINDS.map(|kind| {
        let ModelInfo {
            name, path, built_in, ..
        } = kind.info();
        if *built_in {
            format!("{name}[:{path}]")
        } else {
            format!("{name}:{path}")
        }
    });
    match forms.split_last() {
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl FromStr for ModelSpec {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        let refuse = || ModelError::Choice {
            given: text.to_owned(),
            known: known(),
        };
        if let Some((kind, path)) = text.split_once(':') {
            return Self::new(kind, path).map_err(|_| refuse());
        }
        let is_it = |kind: &&dyn ModelKind| kind.info().built_in && kind.info().name == text;
        Ok(Self {
            kind: KINDS.into_iter().find(is_it).ok_or_else(refuse)?,
            path: PathBuf::new(),
            shown: None,
        })
    }
}

impl fmt::Display for ModelSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.info().name;
        if self.is_built_in() {
            return f.write_str(name);
        }
        match &self.shown {
            Some(shown) => write!(f, "{name}:{shown}"),
            None => write!(f, "{name}:{}", self.path.display()),
        }
    }
}

impl fmt::Debug for ModelSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModelSpec").field(&self.to_string()).finish()
    }
}

impl PartialEq for ModelSpec {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for ModelSpec {}

impl TryFrom<String> for ModelSpec {
    type Error = ModelError;

    fn try_from(text: String) -> Result<Self, ModelError> {
        text.parse()
    }
}

impl From<ModelSpec> for String {
    fn from(spec: ModelSpec) -> Self {
        spec.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn models_are_chosen_by_name() {
        for text in ["object:a.safetensors", "pixel:b", "ltx:/c/d", "cosmos:e:f"] {
            assert_eq!(text.parse::<ModelSpec>().unwrap().to_string(), text);
        }
        let spelled = "pixel:./a//b/./c/".parse::<ModelSpec>().unwrap();
        assert_eq!(spelled, ModelSpec::new("pixel", "a/b/c").unwrap());
        assert_eq!(spelled.to_string(), "pixel:a/b/c");
        let base = "pixel".parse::<ModelSpec>().unwrap();
        assert!(base.is_built_in() && base.to_string() == "pixel" && !spelled.is_built_in());
        let hub = "ltx:hub:a/b@main/c".parse::<ModelSpec>().unwrap();
        assert_eq!(
            (hub.hub_name(), hub.to_string().as_str()),
            (Some("a/b@main/c"), "ltx:hub:a/b@main/c")
        );
        let unknown = hub.load(&LoadOptions::default()).err().unwrap().to_string();
        assert!(
            unknown.contains("hub:a/b@main/c") && unknown.contains("`pusht`"),
            "{unknown}"
        );
        let located = hub.clone().located("/cache/x", "hub:a/b@1");
        assert_eq!((located.hub_name(), located.path()), (None, Path::new("/cache/x")));
        assert_eq!(located.to_string(), "ltx:hub:a/b@1");
        assert!(located != hub && located == "ltx:hub:a/b@1".parse().unwrap());
        for text in ["object", "object:", "pixel:", "sora:x", ""] {
            let error = text.parse::<ModelSpec>().unwrap_err().to_string();
            assert!(
                error.contains("object:FILE, pixel[:DIR], ltx:PATH or cosmos:DIR"),
                "{error}"
            );
            assert!(error.contains(&format!("{text:?}")), "{error}");
        }
    }

    #[test]
    fn kinds_have_names_of_their_own() {
        for (i, kind) in KINDS.iter().enumerate() {
            let others = KINDS[..i].iter().map(|other| other.info());
            assert!(others.into_iter().all(|other| other.name != kind.info().name));
        }
    }
}
