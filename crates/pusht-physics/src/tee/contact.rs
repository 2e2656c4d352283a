//! Contact points of the two kinds of pairs that can touch: agent and rectangle of the T, wall and rectangle.

use super::BAR_SHAPE;
use super::body::Block;
use crate::engine::ShapeId;
use crate::manifold::{self, Edge, Manifold, normals};
use crate::vector::{Aabb, Vec2};
use crate::{AGENT_RADIUS, BAR, STEM};

/// Contacts of the agent and a rectangle, and the id for the next search.
#[inline(always)]
pub(super) fn agent_with(agent: Vec2, block: &Block, rectangle: usize, id: u32) -> (Manifold, u32) {
    manifold::disc_with(agent, AGENT_RADIUS, &block.corners[rectangle], id, || {
        Aabb::around_circle(agent, AGENT_RADIUS).center() - block.boxes[rectangle].center()
    })
}

/// Contacts of a wall and a rectangle, and the id for the next search.
pub(super) fn wall_with(wall: ShapeId, block: &Block, rectangle: usize, id: u32) -> (Manifold, u32) {
    let corners = &block.corners[rectangle];
    manifold::wall_with(wall, corners, &block.boxes[rectangle], id, |n| {
        let shape = BAR_SHAPE + rectangle as ShapeId;
        Edge::of_rectangle(shape, corners, n, |i| block.turned(NORMALS[rectangle][i]))
    })
}

/// Outward normals of the edges that end at each corner, in body coordinates.
const NORMALS: [[Vec2; 4]; 2] = [normals(&BAR), normals(&STEM)];
