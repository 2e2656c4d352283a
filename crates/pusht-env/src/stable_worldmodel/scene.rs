//! What a picture shows.

use pusht_physics::DrawnShape;

use crate::{ContactTick, Quad};

/// Everything that the package draws.
#[derive(Clone, Debug, PartialEq)]
pub struct SwmScene {
    /// Color of the ground.
    pub background: [u8; 3],
    /// Color and rectangles of the green goal, if it is shown.
    pub goal: Option<([u8; 3], Vec<Quad>)>,
    /// Color of the outline of agent and block shapes, in the order in which they are drawn.
    pub shapes: Vec<([u8; 3], DrawnShape)>,
    /// Contacts of the last substep in solver order.
    pub contacts: Vec<ContactTick>,
    /// Where the last action is shown, if it is.
    pub marker: Option<MarkerPlace>,
}

/// Where the red cross of an action is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum MarkerPlace {
    /// At this pixel of a picture of any size.
    Pixel([i32; 2]),
    /// At this position of the board, px.
    Board([f64; 2]),
}
