//! Evaluation protocols. PushT scores are only comparable under one protocol, so each result names its own.

use serde::{Deserialize, Serialize};

/// First start seed of both protocols: the test seeds of diffusion_policy. The paper does not name its seeds.
pub const FIRST_START_SEED: u64 = 100_000;

/// A named evaluation protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Protocol {
    /// 100 episodes of 200 steps; scores are the mean reward per step and the maximum reward.
    Paper,
    /// 50 episodes of 300 steps; the score is the maximum reward of an episode.
    DiffusionPolicy,
}

impl Protocol {
    /// All protocols.
    pub const ALL: [Self; 2] = [Self::Paper, Self::DiffusionPolicy];

    /// Name on the command line and in files.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Paper => "paper",
            Self::DiffusionPolicy => "diffusion-policy",
        }
    }

    /// Number of episodes.
    pub const fn episodes(self) -> usize {
        match self {
            Self::Paper => 100,
            Self::DiffusionPolicy => 50,
        }
    }

    /// Step limit of an episode.
    pub const fn steps(self) -> usize {
        match self {
            Self::Paper => 200,
            Self::DiffusionPolicy => 300,
        }
    }
}

/// Error for an unknown protocol name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no protocol {found:?}; expected {}", Protocol::ALL.map(Protocol::name).join(" or "))]
pub struct UnknownProtocol {
    /// The name.
    pub found: String,
}

impl std::str::FromStr for Protocol {
    type Err = UnknownProtocol;

    fn from_str(text: &str) -> Result<Self, UnknownProtocol> {
        let mut all = Self::ALL.into_iter();
        all.find(|protocol| protocol.name() == text)
            .ok_or_else(|| UnknownProtocol { found: text.to_owned() })
    }
}

impl std::fmt::Display for Protocol {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parsed() {
        for protocol in Protocol::ALL {
            assert_eq!(protocol.to_string().parse(), Ok(protocol));
        }
        let text = "Paper".parse::<Protocol>().unwrap_err().to_string();
        assert_eq!(
            text,
            "there is no protocol \"Paper\"; expected paper or diffusion-policy"
        );
    }
}
