//! Settings of a judge.

use std::fmt;
use std::time::Duration;

use crate::JudgeError;
use crate::endpoint::endpoint;

/// A model behind an endpoint, and how it is asked.
#[derive(Clone)]
pub struct JudgeSettings {
    /// Address: the base (`https://host/v1`) or the whole (`https://host/v1/chat/completions`).
    pub url: String,
    /// Name of the model at the endpoint.
    pub model: String,
    /// The endpoint's key, sent as `Authorization: Bearer`; it appears in no message and no file.
    pub key: Option<String>,
    /// Largest number of frames of a clip that are sent: the first, the last, and between them at equal distances.
    pub frames: usize,
    /// Longest time for one answer, from the connection to its last byte.
    pub timeout: Duration,
    /// How often a request is sent in all if the endpoint is busy or fails.
    pub attempts: u32,
    /// Pause before the second attempt, if the endpoint states none; each further one is twice as long.
    pub pause: Duration,
    /// Number of requests at the same time.
    pub parallel: usize,
}

impl JudgeSettings {
    /// Accepted values of [`JudgeSettings::frames`].
    pub const FRAMES: std::ops::RangeInclusive<usize> = 2..=100;

    /// Settings without a key: 16 frames, 120 s, four attempts, four requests at the same time.
    pub fn new(url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            model: model.into(),
            key: None,
            frames: 16,
            timeout: Duration::from_secs(120),
            attempts: 4,
            pause: Duration::from_secs(1),
            parallel: 4,
        }
    }

    /// Checks the settings and returns the address of the endpoint.
    pub(crate) fn endpoint(&self) -> Result<String, JudgeError> {
        let refuse = |setting, found: String, expected| JudgeError::Setting {
            setting,
            found,
            expected,
        };
        if self.model.trim().is_empty() {
            return Err(refuse(
                "the model",
                format!("{:?}", self.model),
                "the name of a model at the endpoint",
            ));
        }
        if !Self::FRAMES.contains(&self.frames) {
            return Err(refuse("the number of frames", self.frames.to_string(), "2 to 100"));
        }
        if self.timeout.is_zero() {
            return Err(refuse("the time limit", "0 s".to_owned(), "a time above 0"));
        }
        if !(1..=20).contains(&self.attempts) {
            return Err(refuse("the number of attempts", self.attempts.to_string(), "1 to 20"));
        }
        if !(1..=64).contains(&self.parallel) {
            return Err(refuse(
                "the number of requests at the same time",
                self.parallel.to_string(),
                "1 to 64",
            ));
        }
        let is_key = |key: &String| !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_graphic());
        if self.key.as_ref().is_some_and(|key| !is_key(key)) {
            return Err(refuse(
                "the key",
                "empty, or has characters that no key has (it is not shown)".to_owned(),
                "letters, digits and signs, or no key",
            ));
        }
        endpoint(&self.url)
    }
}

impl fmt::Debug for JudgeSettings {
    /// Without the key.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JudgeSettings")
            .field("url", &self.url)
            .field("model", &self.model)
            .field("key", &self.key.as_ref().map(|_| "…"))
            .field("frames", &self.frames)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_that_cannot_be_used_are_named_and_the_key_is_not_shown() {
        let good = JudgeSettings::new("http://localhost:8000/v1", "m");
        assert!(good.endpoint().is_ok());
        let with = |change: &dyn Fn(&mut JudgeSettings)| {
            let mut settings = good.clone();
            change(&mut settings);
            settings.endpoint().unwrap_err().to_string()
        };
        assert!(with(&|s| s.model = " ".into()).contains("the name of a model"));
        assert!(with(&|s| s.frames = 1).contains("frames of the judge is 1; expected 2 to 100"));
        assert!(with(&|s| s.timeout = Duration::ZERO).contains("time limit"));
        assert!(with(&|s| s.attempts = 0).contains("attempts"));
        assert!(with(&|s| s.parallel = 65).contains("1 to 64"));
        let text = with(&|s| s.key = Some("secret\nword".into()));
        assert!(text.contains("the key") && !text.contains("secret"), "{text}");
        let keyed = JudgeSettings {
            key: Some("secret".into()),
            ..good.clone()
        };
        assert!(!format!("{keyed:?}").contains("secret"));
    }
}
