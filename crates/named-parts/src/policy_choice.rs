//! Policies by name.

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use bc_policy::{BcPolicy, ObsSource};
use eval::{RandomTarget, StandStill, Weakened, Weakness};
use hub_files::RepoKind;
use pusht_env::{ExpertConfig, ExpertPolicy, Policy};
use pusht_jobs::{JobContext, hash_path};

use crate::arguments::similar;
use crate::hub;

/// Policies without a file.
const BUILT_IN: [&str; 3] = ["still", "random", "expert"];
/// What names of the weakened expert begin with.
const WEAKENED: &str = "expert:";

/// Policies without a file, of different strength: from those that do not know the task to one that solves it.
pub const GRADED_POLICIES: [&str; 10] = [
    "still",
    "random",
    "expert:stop=20",
    "expert:stop=40",
    "expert:stop=60",
    "expert:random=0.5",
    "expert:random=0.25",
    "expert:noise=100",
    "expert:noise=50",
    "expert",
];

/// A policy and its options, as given on the command line.
pub struct PolicyChoice<'a> {
    /// `still`, `random`, `expert`, the expert weakened (`expert:` and a [`Weakness`]), a file or a folder.
    pub policy: &'a str,
    /// Seed of `random`, and of the weakened expert.
    pub seed: Option<u64>,
    /// Source of positions and states of a trained policy.
    pub sees: Option<ObsSource>,
    /// Device of a trained policy.
    pub device: Option<&'a str>,
}

impl PolicyChoice<'_> {
    /// Opens the policy.
    ///
    /// # Errors
    /// A policy that is not there or cannot be read, and options that it does not take.
    pub fn open(&self) -> Result<Box<dyn Policy>> {
        ensure!(
            self.seed.is_none() || self.draws(),
            "--seed: only the policy random and the weakened expert draw from it"
        );
        if is_built_in_policy(self.policy) {
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
            weak if weak.starts_with(WEAKENED) => {
                let weakness: Weakness = weak[WEAKENED.len()..]
                    .parse()
                    .with_context(|| format!("--policy {weak}"))?;
                let expert = ExpertPolicy::new(ExpertConfig::default())?;
                Box::new(Weakened::new(expert, weakness, self.seed.unwrap_or(0)))
            }
            file => {
                let device = training::device(self.device.unwrap_or("cpu"))?;
                ensure!(
                    Path::new(file).exists(),
                    "--policy {file}: no such file{}; expected still, random, expert, expert:noise=PX, \
                     expert:random=SHARE, expert:stop=STEPS, the file of a trained policy or a folder with a LeRobot \
                     diffusion policy",
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

    /// Whether it draws random numbers from the seed.
    pub fn draws(&self) -> bool {
        self.policy == "random" || self.policy.starts_with(WEAKENED)
    }

    /// SHA-256 of its file; `None` for a policy without one.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn sha256(&self) -> Result<Option<String>> {
        if is_built_in_policy(self.policy) {
            return Ok(None);
        }
        hash_path(self.policy).map(Some).with_context(|| self.policy.to_owned())
    }
}

/// Whether a policy has no file.
pub fn is_built_in_policy(policy: &str) -> bool {
    BUILT_IN.contains(&policy) || policy.starts_with(WEAKENED)
}

/// The policy under its local path, if it is on the Hub; otherwise as it is.
///
/// # Errors
/// A failed download; a repository without a policy.
pub fn locate_policy(policy: &str, ctx: &mut JobContext) -> Result<String> {
    if !hub::is_name(policy.as_ref()) {
        return Ok(policy.to_owned());
    }
    let layouts = hub::layouts::policy();
    let path = hub::locate("--policy", policy.as_ref(), RepoKind::Model, &layouts, ctx)?;
    Ok(path.to_str().context("the folder of the cache is not text")?.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(policy: &str, seed: Option<u64>) -> Result<Box<dyn Policy>> {
        let choice = PolicyChoice {
            policy,
            seed,
            sees: None,
            device: None,
        };
        choice.open()
    }

    #[test]
    fn policies_without_a_file_are_called_as_they_were_named() {
        for name in GRADED_POLICIES {
            assert!(is_built_in_policy(name));
            assert_eq!(open(name, None).unwrap().name(), name);
        }
        assert!(open("expert:noise=5", Some(3)).is_ok() && open("random", Some(3)).is_ok());
    }

    #[test]
    fn what_is_no_policy_is_refused() {
        let refused = |policy: &str, seed| format!("{:#}", open(policy, seed).err().unwrap());
        assert!(refused("exprt", None).contains("did you mean expert?"));
        let error = refused("expert:random=2", None);
        assert!(
            error.contains("--policy expert:random=2: \"random=2\" weakens no policy; expected random=SHARE"),
            "{error}"
        );
        assert!(refused("expert", Some(1)).contains("only the policy random and the weakened expert draw from it"));
    }
}
