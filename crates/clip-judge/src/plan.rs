//! What would be sent, before anything is sent.

use std::collections::HashSet;
use std::fmt::{self, Display, Formatter};

use pusht_jobs::counted;

use crate::JudgeSettings;
use crate::endpoint::is_open;
use crate::known::Known;

/// A clip whose question is known.
#[derive(Clone, Debug)]
pub(crate) struct Surveyed {
    /// Identifies the question.
    pub(crate) key: String,
    pub(crate) images: usize,
    /// Size of the request, bytes.
    pub(crate) bytes: u64,
}

/// What a job would send.
#[derive(Clone, Debug)]
pub struct JudgePlan {
    /// Name of the model.
    pub model: String,
    /// Address of the endpoint, without a query.
    pub endpoint: String,
    /// Number of clips.
    pub clips: usize,
    /// Clips with an answer from an earlier run.
    pub answered: usize,
    /// Clips that cannot be read.
    pub unreadable: usize,
    /// Requests that will be sent, if none has to be repeated; clips with equal frames share one.
    pub requests: usize,
    /// Images in all requests.
    pub images: usize,
    /// Size of all requests, bytes.
    pub bytes: u64,
    /// Largest number of times that a request is sent.
    pub attempts: u32,
    /// Whether the key leaves this machine unencrypted.
    pub key_in_the_open: bool,
    /// The clips, in the job's order, or why one cannot be read.
    pub(crate) surveyed: Vec<Result<Surveyed, String>>,
}

impl JudgePlan {
    pub(crate) fn new(
        settings: &JudgeSettings,
        endpoint: &str,
        known: &Known,
        surveyed: Vec<Result<Surveyed, String>>,
    ) -> Self {
        let mut plan = Self {
            model: settings.model.clone(),
            endpoint: shown(endpoint).to_owned(),
            clips: surveyed.len(),
            answered: 0,
            unreadable: 0,
            requests: 0,
            images: 0,
            bytes: 0,
            attempts: settings.attempts,
            key_in_the_open: settings.key.is_some() && is_open(endpoint),
            surveyed: Vec::new(),
        };
        let mut asked = HashSet::new();
        for clip in &surveyed {
            match clip {
                Err(_) => plan.unreadable += 1,
                Ok(clip) if known.answers.contains_key(&clip.key) => plan.answered += 1,
                Ok(clip) if asked.insert(&clip.key) => {
                    plan.requests += 1;
                    plan.images += clip.images;
                    plan.bytes = plan.bytes.saturating_add(clip.bytes);
                }
                Ok(_) => {}
            }
        }
        drop(asked);
        plan.surveyed = surveyed;
        plan
    }
}

/// An address without its query, which may hold a key.
pub(crate) fn shown(endpoint: &str) -> &str {
    endpoint.split_once('?').map_or(endpoint, |(address, _)| address)
}

impl Display for JudgePlan {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "judge {} at {}: {} with {}, {:.1} MB in all",
            self.model,
            self.endpoint,
            counted(self.requests, "request"),
            counted(self.images, "image"),
            self.bytes as f64 / 1e6
        )?;
        if self.answered > 0 {
            write!(f, "; {} answered before", counted(self.answered, "clip"))?;
        }
        if self.unreadable > 0 {
            write!(f, "; {} cannot be read", counted(self.unreadable, "clip"))?;
        }
        if self.requests > 0 {
            write!(
                f,
                ". What an image costs is in the endpoint's price list; a request that fails is sent again, {} times at most",
                self.attempts
            )?;
        }
        if self.key_in_the_open {
            write!(f, ". The key is sent unencrypted: the address begins with http://")?;
        }
        Ok(())
    }
}
