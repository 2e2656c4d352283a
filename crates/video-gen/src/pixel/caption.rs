//! Captions of clips: the prompts that the pixel model is trained with.

use pusht_env::State;

use super::error::PixelError;
use crate::object::center;

/// Lever that converts rotation of the T to px: half the T's length.
const LEVER: f64 = 60.0;
/// Motion below which the T stays, px.
const STILL: f64 = 5.0;

/// Caption of a clip: motion of the T between the first and the last frame, in image directions (y points down).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Caption {
    /// It is not pushed.
    Stays,
    /// Mostly moved to smaller x.
    Left,
    /// Mostly moved to larger x.
    Right,
    /// Mostly moved to smaller y.
    Up,
    /// Mostly moved to larger y.
    Down,
    /// Mostly rotated, to larger angles.
    Clockwise,
    /// Mostly rotated, to smaller angles.
    Anticlockwise,
}

impl Caption {
    /// All captions.
    pub const ALL: [Self; 7] = [
        Self::Stays,
        Self::Left,
        Self::Right,
        Self::Up,
        Self::Down,
        Self::Clockwise,
        Self::Anticlockwise,
    ];

    /// Text of the prompt.
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

    /// Parses a prompt, ignoring case and surrounding spaces.
    ///
    /// # Errors
    /// A prompt that is not a caption.
    pub fn of_prompt(prompt: &str) -> Result<Self, PixelError> {
        let same = |caption: &Self| caption.text().eq_ignore_ascii_case(prompt.trim());
        Self::ALL.into_iter().find(same).ok_or_else(|| PixelError::Prompt {
            prompt: prompt.to_owned(),
            known: Self::ALL.map(|c| format!("{:?}", c.text())).join(", "),
        })
    }

    /// The caption of the motion between two states.
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
