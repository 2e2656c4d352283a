//! What an image shows: the poses, and the contacts that the reference draws as red ticks.

use crate::{ContactTick, Pose};

/// Everything that the reference's renderer draws. An image is not a function of the poses alone: it also shows the
/// contacts of the last physics substep.
#[derive(Clone, Debug, PartialEq)]
pub struct Scene {
    /// Agent center, px.
    pub agent: [f64; 2],
    /// Pose of the gray T; its corners are [`bar_vertices`](crate::bar_vertices) and
    /// [`stem_vertices`](crate::stem_vertices).
    pub block: Pose,
    /// Pose of the green T.
    pub goal: Pose,
    /// Contacts in solver order, at most ten pairs of shapes with two contacts each.
    pub contacts: Vec<ContactTick>,
}

impl Scene {
    /// A scene without contacts.
    pub const fn new(agent: [f64; 2], block: Pose, goal: Pose) -> Self {
        Self {
            agent,
            block,
            goal,
            contacts: Vec::new(),
        }
    }
}
