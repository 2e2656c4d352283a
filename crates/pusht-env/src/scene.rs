//! What an image shows: the poses, and the contacts that the reference draws as red ticks.

use crate::Pose;

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

/// One contact, drawn as a line across the touching surfaces.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ContactTick {
    /// 2 px before the contact point on the first shape, against the normal; px, not rounded.
    pub from: [f64; 2],
    /// 2 px beyond the contact point on the second shape, along the normal; px, not rounded.
    pub to: [f64; 2],
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
