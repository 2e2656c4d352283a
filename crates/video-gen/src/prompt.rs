//! Prompts for clips of PushT.

/// Side of the T from which the dot pushes, in image directions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Left of the T.
    Left,
    /// Right of the T.
    Right,
    /// Above the T.
    Above,
    /// Below the T.
    Below,
}

impl Side {
    fn text(self) -> &'static str {
        match self {
            Self::Left => "from the left",
            Self::Right => "from the right",
            Self::Above => "from above",
            Self::Below => "from below",
        }
    }
}

/// Prompt of a clip in which the T is pushed from these sides in turn; without any, from any side.
pub fn default_prompt(sides: &[Side]) -> String {
    let sides: Vec<&str> = sides.iter().map(|side| side.text()).collect();
    let from = match sides.as_slice() {
        [] => "from one side and then another".to_string(),
        [only] => (*only).to_string(),
        [first, rest @ ..] => format!("first {first}, then {}", rest.join(", then ")),
    };
    format!(
        "Seen from straight above, a small blue dot pushes a rigid gray T-shaped block over a white board, {from}, until \
         it lies on a green T that stays where it is. Dot, block and target keep their size and colour; nothing breaks, \
         appears or vanishes, and the block moves only while the dot touches it, the way it is pushed."
    )
}

/// Negative prompt for clips of PushT.
pub fn default_negative_prompt() -> String {
    "worst quality, blurry, jittery, distorted, several dots, no dot, a broken, bent or melting shape, a block that moves \
     by itself, a target that moves"
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_names_the_sides_in_turn() {
        let text = default_prompt(&[Side::Left, Side::Above]);
        assert!(text.contains(", first from the left, then from above, until"), "{text}");
        assert!(default_prompt(&[]).contains("from one side and then another"));
        assert!(default_prompt(&[Side::Below]).contains("board, from below, until"));
        assert!(!text.contains("  ") && !default_negative_prompt().contains("  "));
    }
}
