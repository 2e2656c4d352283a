//! Contact points of two shapes of any kind, in the engine's order of kinds: disc, wall, rectangle.

use super::body::Body;
use crate::closest::{Rectangle, closest_points};
use crate::engine::{FIRST_MOVING, ShapeId};
use crate::manifold::{Edge, Manifold, clip, disc_with, wall_with};
use crate::vector::{Aabb, Vec2};
use crate::wall::walls;

/// A shape that the broad phase found.
#[derive(Clone, Copy)]
pub(super) enum Shape<'a> {
    Wall(ShapeId),
    /// A part of a body and its number.
    Part(ShapeId, &'a Body, usize),
}

impl<'a> Shape<'a> {
    pub fn new(id: ShapeId, agent: &'a Body, block: &'a Body) -> Self {
        let Some(part) = id.checked_sub(FIRST_MOVING).map(usize::from) else {
            return Self::Wall(id);
        };
        match part.checked_sub(agent.parts().len()) {
            None => Self::Part(id, agent, part),
            Some(part) => Self::Part(id, block, part),
        }
    }

    fn id(&self) -> ShapeId {
        match self {
            Self::Wall(id) | Self::Part(id, ..) => *id,
        }
    }

    fn bounds(&self) -> Aabb {
        match self {
            Self::Wall(id) => walls()[usize::from(*id)].bounds,
            Self::Part(_, body, part) => body.parts()[*part].bounds,
        }
    }

    fn center(&self) -> Vec2 {
        match self {
            Self::Wall(_) => Vec2::ZERO,
            Self::Part(_, body, _) => body.center,
        }
    }

    /// Its place in the engine's order of kinds.
    fn kind(&self) -> u8 {
        match self {
            Self::Part(_, body, _) if body.radius.is_some() => 0,
            Self::Wall(_) => 1,
            Self::Part(..) => 2,
        }
    }
}

/// What was found for a pair: its shapes in the engine's order, their bodies' centers, the contact points.
pub(super) struct Found {
    pub first: ShapeId,
    pub second: ShapeId,
    pub centers: [Vec2; 2],
    pub manifold: Manifold,
}

/// Tests a pair; `id` is that of the last search. None if it does not touch.
pub(super) fn collide(a: Shape<'_>, b: Shape<'_>, id: u32) -> (Option<Found>, u32) {
    if !a.bounds().intersects(&b.bounds()) {
        return (None, id);
    }
    let (a, b) = if a.kind() > b.kind() { (b, a) } else { (a, b) };
    let (manifold, id) = match (a, b) {
        (Shape::Wall(wall), Shape::Part(_, body, part)) => {
            let Some(rectangle) = body.parts().get(part) else {
                return (None, id);
            };
            wall_with(wall, &rectangle.corners, &rectangle.bounds, id, |n| facing(&b, n))
        }
        (Shape::Part(_, first, i), Shape::Part(_, second, j)) => {
            let (one, other) = (&first.parts()[i], &second.parts()[j]);
            let axis = || one.bounds.center() - other.bounds.center();
            if let Some(radius) = first.radius {
                disc_with(first.origin, radius, &other.corners, id, axis)
            } else {
                let closest = closest_points(&Rectangle(&one.corners), &Rectangle(&other.corners), id, axis);
                let mut manifold = Manifold::default();
                if closest.distance <= 0.0 {
                    clip(&facing(&a, closest.n), &facing(&b, -closest.n), &closest, &mut manifold);
                }
                (manifold, closest.id)
            }
        }
        // Two walls never meet, and an unmovable disc and a wall do not act on each other.
        _ => return (None, id),
    };
    let found = (manifold.len > 0).then(|| Found {
        first: a.id(),
        second: b.id(),
        centers: [a.center(), b.center()],
        manifold,
    });
    (found, id)
}

/// The edge of a rectangle that faces along `n`.
fn facing(shape: &Shape<'_>, n: Vec2) -> Edge {
    match shape {
        Shape::Part(id, body, part) => Edge::of_rectangle(*id, &body.parts()[*part].corners, n, |corner| {
            body.normal(*part, corner)
        }),
        Shape::Wall(id) => Edge::of_wall(*id, n),
    }
}
