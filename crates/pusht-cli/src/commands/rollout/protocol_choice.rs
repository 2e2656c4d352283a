//! Protocols by name.

use std::str::FromStr;

use eval::{GoalProtocol, Protocol};

/// A protocol as named on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ProtocolChoice {
    /// The T is pushed to its place; rewards are scored.
    Scored(Protocol),
    /// Agent and T are to reach a state of a demonstration.
    GoalConditioned,
}

impl FromStr for ProtocolChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == GoalProtocol::NAME {
            return Ok(Self::GoalConditioned);
        }
        text.parse().map(Self::Scored).map_err(|_| {
            format!(
                "there is no protocol {text:?}; expected {} or {}",
                Protocol::ALL.map(Protocol::name).join(", "),
                GoalProtocol::NAME
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn protocols_have_names() {
        assert_eq!("paper".parse(), Ok(ProtocolChoice::Scored(Protocol::Paper)));
        assert_eq!("goal-conditioned".parse(), Ok(ProtocolChoice::GoalConditioned));
        let error = "goals".parse::<ProtocolChoice>().unwrap_err();
        assert!(error.contains("paper, diffusion-policy or goal-conditioned"), "{error}");
    }
}
