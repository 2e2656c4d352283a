//! How a policy is examined. PushT scores are only comparable under one protocol, so each result names its own.

use serde::{Deserialize, Serialize};

/// First start seed of both protocols: the test seeds of diffusion_policy. The paper does not name its seeds.
pub const FIRST_START_SEED: u64 = 100_000;

/// A named way of examining a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// 100 episodes of 200 steps; scores are the mean reward per step and the maximum reward.
    Paper,
    /// 50 episodes of 300 steps; the score is the maximum reward of an episode.
    DiffusionPolicy,
}

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Paper, Self::DiffusionPolicy];

    /// Its name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::DiffusionPolicy => "diffusion-policy",
        }
    }

    /// Number of starts it prescribes.
    pub const fn episodes(self) -> usize {
        match self {
            Self::Paper => 100,
            Self::DiffusionPolicy => 50,
        }
    }

    /// Step limit it prescribes.
    pub const fn steps(self) -> usize {
        match self {
            Self::Paper => 200,
            Self::DiffusionPolicy => 300,
        }
    }

    /// The protocol of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.name() == name)
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
