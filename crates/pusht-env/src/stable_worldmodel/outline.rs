//! The eight shapes: rectangles, centers of gravity and moments of inertia, rounded as the package rounds them.

use pusht_physics::{AgentPlan, BodyPlan, Quad, Rectangles, ShapeError};
use serde::{Deserialize, Serialize};

use super::{Scale, SwmError};
use crate::Pose;

/// Shape of an agent or a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShapeKind {
    /// A disc of radius 0.375 × scale; agents only.
    Disc,
    /// Two rectangles, 1 × 2 and 2 × 1 scales.
    L,
    /// The T of gym-pusht, at scale 30 whatever the scale is ([`SwmFaults::tee_ignores_scale`](super::SwmFaults)).
    Tee,
    /// Two rectangles of 2 × 1 scales, one moved by a scale.
    Z,
    /// Side 2 scales.
    Square,
    /// 1 × 4 scales.
    I,
    /// A bar of 3 × 1 scales and a stem of 1 × 1.
    SmallTee,
    /// Arms of one scale.
    Plus,
}

/// Corners as multiples of the scale, in the package's order.
type Corners = [[f64; 2]; 4];

impl ShapeKind {
    /// All shapes, in the order of their numbers.
    pub const ALL: [Self; 8] = [
        Self::Disc,
        Self::L,
        Self::Tee,
        Self::Z,
        Self::Square,
        Self::I,
        Self::SmallTee,
        Self::Plus,
    ];

    /// The package's number, 0 to 7.
    pub const fn index(self) -> u8 {
        self as u8
    }

    /// The shape with a number of the package's.
    ///
    /// # Errors
    /// A number other than 0 to 7.
    pub fn from_index(index: i64) -> Result<Self, SwmError> {
        let known = usize::try_from(index).ok().and_then(|i| Self::ALL.get(i).copied());
        known.ok_or(SwmError::UnknownShape { index })
    }

    /// The package's name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Disc => "o",
            Self::L => "L",
            Self::Tee => "T",
            Self::Z => "Z",
            Self::Square => "square",
            Self::I => "I",
            Self::SmallTee => "small_tee",
            Self::Plus => "+",
        }
    }

    /// The convex parts. The order of corners decides the last bit of the moment of inertia.
    const fn parts(self) -> &'static [Corners] {
        match self {
            Self::Disc => &[],
            Self::L => &[
                [[0.0, 0.0], [0.0, 2.0], [1.0, 2.0], [1.0, 0.0]],
                [[0.0, 0.0], [2.0, 0.0], [2.0, -1.0], [0.0, -1.0]],
            ],
            Self::Tee => &[
                [[-2.0, 1.0], [2.0, 1.0], [2.0, 0.0], [-2.0, 0.0]],
                [[-0.5, 1.0], [-0.5, 4.0], [0.5, 4.0], [0.5, 1.0]],
            ],
            Self::Z => &[
                [[0.0, 0.0], [0.0, 1.0], [2.0, 1.0], [2.0, 0.0]],
                [[-1.0, 0.0], [1.0, 0.0], [1.0, -1.0], [-1.0, -1.0]],
            ],
            Self::Square => &[[[-1.0, -1.0], [-1.0, 1.0], [1.0, 1.0], [1.0, -1.0]]],
            Self::I => &[[[-0.5, -2.0], [-0.5, 2.0], [0.5, 2.0], [0.5, -2.0]]],
            Self::SmallTee => &[
                [[-1.5, 1.0], [1.5, 1.0], [1.5, 0.0], [-1.5, 0.0]],
                [[-0.5, 1.0], [-0.5, 2.0], [0.5, 2.0], [0.5, 1.0]],
            ],
            Self::Plus => &[
                [[-1.5, 0.5], [1.5, 0.5], [1.5, -0.5], [-1.5, -0.5]],
                [[-0.5, 0.5], [-0.5, 1.5], [0.5, 1.5], [0.5, 0.5]],
                [[-0.5, -0.5], [-0.5, -1.5], [0.5, -1.5], [0.5, -0.5]],
            ],
        }
    }

    /// Whether the moment is that of the first part, as often as there are parts.
    const fn repeats_first_moment(self) -> bool {
        matches!(self, Self::Tee | Self::Plus)
    }

    /// The parts on the body, px, in the engine's order of corners.
    pub(super) fn quads(self, scale: Scale) -> Vec<Quad> {
        self.parts()
            .iter()
            .map(|corners| {
                let bound = |axis: usize, pick: fn(f64, f64) -> f64| {
                    scale.times(corners.iter().map(|c| c[axis]).fold(corners[0][axis], pick))
                };
                let [l, r] = [bound(0, f64::min), bound(0, f64::max)];
                let [b, t] = [bound(1, f64::min), bound(1, f64::max)];
                [[l, b], [r, b], [r, t], [l, t]]
            })
            .collect()
    }

    fn moment(self, scale: Scale) -> f64 {
        let parts = self.parts();
        let of = |corners: &Corners| moment(&corners.map(|c| c.map(|k| scale.times(k))));
        let mut sum = 0.0;
        for corners in parts {
            sum += of(if self.repeats_first_moment() {
                &parts[0]
            } else {
                corners
            });
        }
        sum
    }

    /// A body of this shape at `pose`.
    pub(super) fn body(self, scale: Scale, pose: Pose) -> Result<BodyPlan, ShapeError> {
        let quads = self.quads(scale);
        let count = quads.len() as f64;
        let centers: Vec<_> = quads.iter().map(centroid).collect();
        let center = |axis: usize| centers.iter().map(|c| c[axis]).reduce(|a, b| a + b).unwrap_or(0.0);
        Ok(BodyPlan {
            moment: self.moment(scale),
            center_of_gravity: [0, 1].map(|axis| center(axis) / count),
            rectangles: Rectangles::new(&quads)?,
            pose,
        })
    }

    /// An agent of this shape at `pose`; a disc has no angle.
    pub(super) fn agent(self, scale: Scale, pose: Pose) -> Result<AgentPlan, ShapeError> {
        Ok(match self {
            Self::Disc => AgentPlan::Disc {
                radius: scale.times(0.375),
                position: [pose.x, pose.y],
            },
            other => AgentPlan::Rectangles(other.body(scale, pose)?),
        })
    }
}

fn cross(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

fn dot(a: [f64; 2], b: [f64; 2]) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// Moment of inertia of a polygon of mass 1 about the origin, by the engine's formula.
fn moment(corners: &Quad) -> f64 {
    let (mut weighted, mut area) = (0.0, 0.0);
    for i in 0..4 {
        let (v, w) = (corners[i], corners[(i + 1) % 4]);
        let a = cross(w, v);
        weighted += a * (dot(v, v) + dot(v, w) + dot(w, w));
        area += a;
    }
    weighted / (6.0 * area)
}

/// Center of a polygon, by the engine's formula.
fn centroid(corners: &Quad) -> [f64; 2] {
    let (mut sum, mut area) = ([0.0; 2], 0.0);
    for i in 0..4 {
        let (v, w) = (corners[i], corners[(i + 1) % 4]);
        let a = cross(v, w);
        area += a;
        sum = [0, 1].map(|axis| sum[axis] + (v[axis] + w[axis]) * a);
    }
    let scale = 1.0 / (3.0 * area);
    sum.map(|s| s * scale)
}
