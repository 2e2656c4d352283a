//! What the page asks for.

use serde::Deserialize;

use crate::PlayError;

/// What the page asks for; as JSON an object with the name in `do`: `{"do":"move","x":200,"y":310.5,"down":false}`,
/// `{"do":"undo"}`.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum PlayCommand {
    /// The pointer is at a place.
    Move {
        /// px of the board.
        x: f64,
        /// px of the board.
        y: f64,
        /// Whether its button is pressed, or the finger is down.
        down: bool,
    },
    /// Starts the episode, or goes on after a break.
    Start,
    /// Stops the clock.
    Pause,
    /// Begins the same start anew; what was played is discarded.
    Restart,
    /// Goes to the next start; what was played is discarded.
    Next,
    /// Takes back the last second; at a start, the restart that led there.
    Undo,
    /// Saves the episode and goes to the next start.
    Save,
    /// The person leads until [`PlayCommand::GiveBack`], without a pressed button.
    TakeOver,
    /// The policy leads again.
    GiveBack,
    /// How much slower than real time the clock runs.
    Slow {
        /// 1, 2 or 4.
        times: u32,
    },
}

/// Length of the longest name of a window, and of a message that is quoted, bytes.
const MOST: usize = 64;

impl PlayCommand {
    /// Reads a message of the page.
    ///
    /// # Errors
    /// Anything else.
    pub fn parse(text: &str) -> Result<Self, PlayError> {
        serde_json::from_str(text).map_err(|e| {
            let quoted: String = text.chars().take(MOST).collect();
            let reason = format!("{e}, in {quoted:?}");
            PlayError::Message { reason }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_and_others_refused() {
        let read = |text: &str| PlayCommand::parse(text).map_err(|e| e.to_string());
        let (x, y, down) = (1.0, -2.5, true);
        assert_eq!(
            read(r#"{"do":"move","x":1,"y":-2.5,"down":true}"#),
            Ok(PlayCommand::Move { x, y, down })
        );
        assert_eq!(read(r#"{"do":"take-over"}"#), Ok(PlayCommand::TakeOver));
        assert_eq!(read(r#"{"do":"slow","times":4}"#), Ok(PlayCommand::Slow { times: 4 }));
        for bad in [
            "",
            "undo",
            "[]",
            "{}",
            "null",
            r#"{"do":"fly"}"#,
            r#"{"do":"move","x":NaN,"y":1,"down":true}"#,
            r#"{"do":"move","x":null,"y":1,"down":true}"#,
            r#"{"do":"move","x":1e999,"y":1,"down":true}"#,
            r#"{"do":"move","x":"1","y":1,"down":true}"#,
            r#"{"do":"move","x":1,"down":true}"#,
            r#"{"do":"slow","times":-1}"#,
            r#"{"do":"slow","times":4294967296}"#,
        ] {
            let error = read(bad).unwrap_err();
            assert!(error.contains("not understood"), "{bad}: {error}");
        }
        // A long message is not quoted whole.
        assert!(read(&"x".repeat(4000)).unwrap_err().len() < 300);
        // Nor does a deep one end the program.
        assert!(read(&"[".repeat(4000)).is_err());
    }
}
