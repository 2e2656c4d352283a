//! What an agent and a block are made of.

use super::MAX_PARTS;
use crate::{Pose, Quad};

/// One to three axis-parallel rectangles in body coordinates.
#[derive(Clone, Debug, PartialEq)]
pub struct Rectangles(Vec<Quad>);

/// Errors of shapes.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ShapeError {
    /// No rectangle, or more than three.
    #[error("a body is made of 1 to {MAX_PARTS} rectangles, not of {found}")]
    Count {
        /// Number of rectangles.
        found: usize,
    },
    /// Corners that are not those of an axis-parallel rectangle in the engine's order.
    #[error(
        "the corners {corners:?} are not those of an axis-parallel rectangle in the order (left, low) (right, low) (right, high) (left, high)"
    )]
    Corners {
        /// The corners.
        corners: Quad,
    },
    /// A position, angle or center of gravity that is not finite.
    #[error("{what} contains {found}; expected finite numbers")]
    NotFinite {
        /// Which number.
        what: &'static str,
        /// Its value.
        found: f64,
    },
    /// A radius or moment of inertia that is not positive.
    #[error("{what} is {found}; expected a finite number above 0")]
    NotPositive {
        /// Which number.
        what: &'static str,
        /// Its value.
        found: f64,
    },
    /// A damping that is no share of a velocity.
    #[error("the damping is {found}; expected a finite number of at least 0")]
    Damping {
        /// Its value.
        found: f64,
    },
}

impl Rectangles {
    /// Rectangles by their corners in the order in which the engine's convex hull has them: (left, low), (right, low),
    /// (right, high), (left, high).
    ///
    /// # Errors
    /// No rectangle, more than three, or other corners.
    pub fn new(quads: &[Quad]) -> Result<Self, ShapeError> {
        if quads.is_empty() || quads.len() > MAX_PARTS {
            return Err(ShapeError::Count { found: quads.len() });
        }
        for &corners in quads {
            let [[l, b], _, [r, t], _] = corners;
            let rectangle = corners == [[l, b], [r, b], [r, t], [l, t]];
            // False for NaN, too.
            if !(rectangle && l < r && b < t && [l, b, r, t].iter().all(|v| v.is_finite())) {
                return Err(ShapeError::Corners { corners });
            }
        }
        Ok(Self(quads.to_vec()))
    }

    /// The corners of each.
    pub fn quads(&self) -> &[Quad] {
        &self.0
    }
}

/// A body of mass 1 that contacts move.
#[derive(Clone, Debug, PartialEq)]
pub struct BodyPlan {
    /// Its shapes.
    pub rectangles: Rectangles,
    /// Moment of inertia about the center of gravity.
    pub moment: f64,
    /// Center of gravity in body coordinates, px.
    pub center_of_gravity: [f64; 2],
    /// Where it is inserted: its origin, then its angle, which turns it about the center of gravity.
    pub pose: Pose,
}

/// An agent.
#[derive(Clone, Debug, PartialEq)]
pub enum AgentPlan {
    /// A disc of infinite mass, which nothing deflects.
    Disc {
        /// px.
        radius: f64,
        /// Center, px.
        position: [f64; 2],
    },
    /// A body of mass 1: it turns, walls and the block stop it, and damping acts on it.
    Rectangles(BodyPlan),
}

pub(super) fn finite(what: &'static str, numbers: &[f64]) -> Result<(), ShapeError> {
    match numbers.iter().find(|v| !v.is_finite()) {
        None => Ok(()),
        Some(&found) => Err(ShapeError::NotFinite { what, found }),
    }
}

fn positive(what: &'static str, found: f64) -> Result<(), ShapeError> {
    if found.is_finite() && found > 0.0 {
        Ok(())
    } else {
        Err(ShapeError::NotPositive { what, found })
    }
}

impl BodyPlan {
    pub(super) fn check(&self) -> Result<(), ShapeError> {
        let Pose { x, y, angle } = self.pose;
        positive("a moment of inertia", self.moment)?;
        finite("a center of gravity", &self.center_of_gravity)?;
        finite("a pose", &[x, y, angle])
    }
}

impl AgentPlan {
    pub(super) fn check(&self) -> Result<(), ShapeError> {
        match self {
            Self::Disc { radius, position } => {
                positive("a radius", *radius)?;
                finite("a position", position)
            }
            Self::Rectangles(body) => body.check(),
        }
    }
}
