//! In place of `judge.rs` in a build without the feature `judge`: no options, nothing to do.

use anyhow::Result;
use clap::Args;
use clip_review::{ReviewJob, Verdicts};
use rating::Ratings;

use crate::session::Session;

#[derive(Args)]
pub(crate) struct JudgeOptions {}

/// There is none.
pub(super) enum Judging {}

impl JudgeOptions {
    #[allow(clippy::unnecessary_wraps, reason = "the other build fails")]
    pub(super) fn plan(&self, _: &ReviewJob, _: &mut Session) -> Result<Option<Judging>> {
        Ok(None)
    }
}

impl Judging {
    pub(super) fn add(self, _: Option<&Ratings>, _: &mut Verdicts, _: &mut Session) -> Result<(String, bool)> {
        match self {}
    }
}
