//! Policies by name.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use bc_policy::{BcPolicy, ObsSource};
use eval::{RandomTarget, StandStill};
use hub_files::RepoKind;
use pusht_env::{ExpertConfig, ExpertPolicy, Policy};
use pusht_jobs::{JobContext, hash_path};

use crate::arguments::similar;
use crate::hub;

/// Policies without a file.
const BUILT_IN: [&str; 3] = ["still", "random", "expert"];

/// A policy and its options, as given on the command line.
pub(crate) struct PolicyChoice<'a> {
    /// `still`, `random`, `expert`, a file or a folder.
    pub(crate) policy: &'a str,
    /// Seed of `random`.
    pub(crate) seed: Option<u64>,
    /// Source of positions and states of a trained policy.
    pub(crate) sees: Option<ObsSource>,
    /// Device of a trained policy.
    pub(crate) device: Option<&'a str>,
}

impl PolicyChoice<'_> {
    /// Opens the policy.
    pub(crate) fn open(&self) -> Result<Box<dyn Policy>> {
        ensure!(
            self.seed.is_none() || self.policy == "random",
            "--seed: only the policy random draws from it"
        );
        if is_built_in(self.policy) {
            let given = [("--sees", self.sees.is_some()), ("--device", self.device.is_some())];
            if let Some((option, _)) = given.into_iter().find(|(_, given)| *given) {
                bail!(
                    "{option}: the policy {} does not take it; it is for trained policies",
                    self.policy
                );
            }
        }
        Ok(match self.policy {
            "still" => Box::new(StandStill::default()),
            "random" => Box::new(RandomTarget::new(self.seed.unwrap_or(0))),
            "expert" => Box::new(ExpertPolicy::new(ExpertConfig::default())?),
            file => {
                let device = training::device(self.device.unwrap_or("cpu"))?;
                ensure!(
                    Path::new(file).exists(),
                    "--policy {file}: no such file{}; expected still, random, expert, the file of a trained policy or a \
                     folder with a LeRobot diffusion policy",
                    similar(file, &BUILT_IN).map_or_else(String::new, |name| format!(", did you mean {name}?"))
                );
                let policy = BcPolicy::load(file.as_ref(), &device)?;
                Box::new(match self.sees {
                    Some(sees) if policy.obs_source().is_some() => policy.with_obs_source(sees),
                    Some(sees) => bail!(
                        "--sees {sees}: the policy {} observes images and cannot be given anything else; leave --sees out (it is \
                         for the policies on states, tracked and diffusion-lowdim)",
                        policy.kind()
                    ),
                    None => policy,
                })
            }
        })
    }

    /// SHA-256 of its file; `None` for a policy without one.
    pub(crate) fn sha256(&self) -> Result<Option<String>> {
        if is_built_in(self.policy) {
            return Ok(None);
        }
        hash_path(self.policy).map(Some).with_context(|| self.policy.to_owned())
    }
}

/// Whether a policy has no file.
pub(crate) fn is_built_in(policy: &str) -> bool {
    BUILT_IN.contains(&policy)
}

/// The policy under its local path, if it is on the Hub; otherwise as it is.
pub(crate) fn locate_policy(policy: &str, ctx: &mut JobContext) -> Result<String> {
    if !hub::is_name(policy.as_ref()) {
        return Ok(policy.to_owned());
    }
    let layouts = hub::layouts::policy();
    let path = hub::locate("--policy", policy.as_ref(), RepoKind::Model, &layouts, ctx)?;
    Ok(path.to_str().context("the folder of the cache is not text")?.to_owned())
}
