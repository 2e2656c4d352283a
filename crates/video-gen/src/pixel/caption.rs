//! What happens in a clip, in words: the prompts that the pixel model is trained with.

use pusht_env::State;

use super::error::PixelError;
use crate::object::center;

/// Distance from the T's center at which a turn counts as a move, px: half the T's length.
const LEVER: f64 = 60.0;
/// The T stays where it moves less, px.
const STILL: f64 = 5.0;

/// What becomes of the T between the first and the last frame, in the picture's directions (y points down).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caption {
    /// It is not pushed.
    Stays,
    /// Mostly to smaller x.
    Left,
    /// Mostly to larger x.
    Right,
    /// Mostly to smaller y.
    Up,
    /// Mostly to larger y.
    Down,
    /// Mostly turned, to larger angles.
    Clockwise,
    /// Mostly turned, to smaller angles.
    Anticlockwise,
}

impl Caption {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Stays,
        Self::Left,
        Self::Right,
        Self::Up,
        Self::Down,
        Self::Clockwise,
        Self::Anticlockwise,
    ];

    /// As a prompt.
    pub const fn text(self) -> &'static str {
        match self {
            Self::Stays => "the T stays where it is",
            Self::Left => "the blue disc pushes the T to the left",
            Self::Right => "the blue disc pushes the T to the right",
            Self::Up => "the blue disc pushes the T up",
            Self::Down => "the blue disc pushes the T down",
            Self::Clockwise => "the blue disc turns the T clockwise",
            Self::Anticlockwise => "the blue disc turns the T anticlockwise",
        }
    }

    /// The caption that a prompt is, letter case and spaces around it aside.
    ///
    /// # Errors
    /// A prompt that is none.
    pub fn of_prompt(prompt: &str) -> Result<Self, PixelError> {
        let same = |caption: &Self| caption.text().eq_ignore_ascii_case(prompt.trim());
        Self::ALL.into_iter().find(same).ok_or_else(|| PixelError::Prompt {
            prompt: prompt.to_owned(),
            known: Self::ALL.map(|c| format!("{:?}", c.text())).join(", "),
        })
    }

    /// The caption of what lies between two states.
    pub fn of_states(first: &State, last: &State) -> Self {
        let (from, to) = (center(first.block), center(last.block));
        let (x, y) = (to[0] - from[0], to[1] - from[1]);
        let angle = last.block.angle - first.block.angle;
        let turn = LEVER * (angle - std::f64::consts::TAU * (angle / std::f64::consts::TAU).round());
        let moves = [
            (-x, Self::Left),
            (x, Self::Right),
            (-y, Self::Up),
            (y, Self::Down),
            (turn, Self::Clockwise),
            (-turn, Self::Anticlockwise),
        ];
        let most = moves.into_iter().max_by(|a, b| a.0.total_cmp(&b.0));
        most.filter(|(size, _)| *size >= STILL)
            .map_or(Self::Stays, |(_, caption)| caption)
    }
}
