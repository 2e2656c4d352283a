//! The name of a model: its kind and where it lies.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pusht_jobs::plain_path;
use serde::{Deserialize, Serialize};

use super::list::KINDS;
use super::{LoadOptions, LoadedModel, ModelError, ModelInfo, ModelKind, SamplingOptions};

/// A video model by its name, `KIND:PATH`: `object:FILE`, `pixel:DIR`, `ltx:PATH` or `cosmos:DIR`.
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
    path: PathBuf,
}

impl ModelSpec {
    /// The model of the kind `kind` (`object`, `pixel`, `ltx` or `cosmos`) at `path`.
    ///
    /// # Errors
    /// No such kind, or no path.
    pub fn new(kind: &str, path: impl AsRef<Path>) -> Result<Self, ModelError> {
        let path = plain_path(path.as_ref());
        let found = KINDS.into_iter().find(|known| known.info().name == kind);
        match found.filter(|_| !path.as_os_str().is_empty()) {
            Some(kind) => Ok(Self { kind, path }),
            None => Err(ModelError::Choice {
                given: format!("{kind}:{}", path.display()),
                known: known(),
            }),
        }
    }

    /// What is known of its kind.
    pub fn info(&self) -> &'static ModelInfo {
        self.kind.info()
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The options as this kind of models writes them, with numbers and texts in one form.
    ///
    /// # Errors
    /// Options that it does not have, and values of another kind.
    pub fn options(&self, given: &SamplingOptions) -> Result<SamplingOptions, ModelError> {
        self.kind.options(given)
    }

    /// Refuses what [`Self::load`] would, as far as that shows without reading anything large: of published models the
    /// options, the names and shapes of the weights, and the memory.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn check(&self, options: &LoadOptions) -> Result<(), ModelError> {
        self.look(options)?;
        self.kind.check(&self.path, options)
    }

    /// Reads the model.
    ///
    /// # Errors
    /// Options that it does not have, a clip that it cannot make, more memory than there is, files that are missing or
    /// damaged.
    pub fn load(&self, options: &LoadOptions) -> Result<LoadedModel, ModelError> {
        self.look(options)?;
        let loaded = self.kind.load(&self.path, options)?;
        Ok(LoadedModel {
            name: self.to_string(),
            ..loaded
        })
    }

    /// Refuses an empty prompt, and a path at which there cannot be such a model.
    fn look(&self, options: &LoadOptions) -> Result<(), ModelError> {
        if options.prompt.as_deref().is_some_and(|prompt| prompt.trim().is_empty()) {
            return Err(t5_encoder::Error::Empty.into());
        }
        if self.kind.is_at(&self.path) {
            return Ok(());
        }
        let info = self.info();
        Err(ModelError::NoModel {
            model: info.title,
            path: self.path.clone(),
            expected: info.files,
        })
    }
}

/// The forms that names have, in words.
fn known() -> String {
    let forms = KINDS.map(|kind| format!("{}:{}", kind.info().name, kind.info().path));
    match forms.split_last() {
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => String::new(),
    }
}

impl FromStr for ModelSpec {
    type Err = ModelError;

    fn from_str(text: &str) -> Result<Self, ModelError> {
        let refuse = |_| ModelError::Choice {
            given: text.to_owned(),
            known: known(),
        };
        let (kind, path) = text.split_once(':').ok_or(()).map_err(refuse)?;
        Self::new(kind, path).map_err(|_| refuse(()))
    }
}

impl fmt::Display for ModelSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.info().name, self.path.display())
    }
}

impl fmt::Debug for ModelSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModelSpec").field(&self.to_string()).finish()
    }
}

impl PartialEq for ModelSpec {
    fn eq(&self, other: &Self) -> bool {
        self.info().name == other.info().name && self.path == other.path
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
        for text in ["object", "object:", "sora:x", ""] {
            let error = text.parse::<ModelSpec>().unwrap_err().to_string();
            assert!(
                error.contains("object:FILE, pixel:DIR, ltx:PATH or cosmos:DIR"),
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
