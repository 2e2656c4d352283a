//! Splits into training, validation and test part; demonstrations are split before any other use.

use std::path::Path;

use bc_policy::PolicyConfig;
use pusht_data::{Episode, Split, SplitError};
use pusht_jobs::{JobContext, Key, Stage};
use serde::Serialize;

use crate::PipelineError;
use crate::config::SplitConfig;
use crate::demonstrations::Demonstrations;
use crate::error::failed;
use crate::files::{read_json, write_json};

/// Stage that splits the demonstrations.
pub(crate) struct SplitDemonstrations<'a> {
    pub(crate) settings: &'a SplitConfig,
    pub(crate) demos: &'a Demonstrations,
}

impl Stage for SplitDemonstrations<'_> {
    type Output = Split;
    type Error = PipelineError;

    fn name(&self) -> String {
        "split".to_owned()
    }

    fn inputs(&self) -> impl Serialize {
        let (settings, key) = (self.settings, &self.demos.key);
        match self.demos.pool.len() {
            0 => Inputs::All((settings, key)),
            pool => Inputs::WithPool((settings, key, pool)),
        }
    }

    fn run(&self, dir: &Path, _: &mut JobContext) -> Result<(), PipelineError> {
        let split = split(self.settings, &self.demos.episodes).map_err(|e| failed("split")(&e))?;
        write_json(&dir.join("split.json"), &split)
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Split, PipelineError> {
        read_json(&dir.join("split.json"))
    }
}

/// What the split depends on; without a pool in the form of earlier versions.
#[derive(Serialize)]
#[serde(untagged)]
enum Inputs<'a> {
    All((&'a SplitConfig, &'a Key)),
    WithPool((&'a SplitConfig, &'a Key, usize)),
}

/// Splits the clips by whole segments; the training part must have at least one batch.
pub(crate) fn split_clips(
    settings: &SplitConfig,
    policy: &PolicyConfig,
    clips: &[Episode],
) -> Result<Split, PipelineError> {
    let fail = failed("clips");
    let split = split(settings, clips).map_err(|e| fail(&e))?;
    let (frames, batch) = (split.train.len(), policy.train.batch_size);
    if policy.kind().items_per_row() * frames < batch {
        return Err(fail(&format!(
            "the training part of the clips has {frames} frames whose actions can be trusted, less than one batch of the \
             policy; expected at least policy.train.batch_size = {batch}: bring more clips, or make the batch smaller"
        )));
    }
    Ok(split)
}

fn split(settings: &SplitConfig, episodes: &[Episode]) -> Result<Split, SplitError> {
    let lengths: Vec<usize> = episodes.iter().map(Episode::len).collect();
    Split::new(&lengths, settings.protocol, 1, settings.seed)
}
