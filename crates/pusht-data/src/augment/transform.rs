//! The geometry: a flip or rotation of the board about its center.
//!
//! Pixel i of an N × N observation shows board coordinate b(i) = (i + ½)·512/N − ½ (the sampling rule of the
//! reference's resize). Reversing pixels, i → N − 1 − i, is therefore x → 511 − x on the board, for every N: the center
//! is (255.5, 255.5), which is also the center of the walls (5 and 506), so that the physics is the same after a flip
//! or quarter turn.
//!
//! A transform is M = R(φ)·Fˢ about that center, with R(φ) the rotation that turns x toward y and F = diag(−1, 1). The
//! T is its own mirror image (F maps it to itself in body coordinates) and F·R(θ) = R(−θ)·F, so a T at angle θ becomes
//! a T at angle φ + θ, or φ − θ when flipped.

use std::f64::consts::{FRAC_PI_2, PI, TAU};

use pusht_env::{Action, Pose, State};

/// The fixed point of all transforms, px.
const CENTER: f64 = 255.5;

/// A flip (optional) followed by a rotation about the board's center.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Transform {
    flip: bool,
    turn: Turn,
}

/// Quarter turns are stored as numbers, so that they are exact.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Turn {
    Quarters(u8),
    Angle(f64),
}

impl Transform {
    /// Changes nothing.
    pub const IDENTITY: Self = Self::exact(false, 0);
    /// Exchanges left and right: x → 511 − x.
    pub const HORIZONTAL_FLIP: Self = Self::exact(true, 0);
    /// Exchanges top and bottom: y → 511 − y.
    pub const VERTICAL_FLIP: Self = Self::exact(true, 2);

    /// An optional horizontal flip, then quarter turns of x toward y (clockwise on the screen); exact on pixels.
    pub const fn exact(flip: bool, quarters: u8) -> Self {
        Self {
            flip,
            turn: Turn::Quarters(quarters % 4),
        }
    }

    /// A rotation by `angle` rad, x toward y. Images are resampled; corners from outside the image are white. Positions
    /// near the walls may leave the board.
    pub fn rotation(angle: f64) -> Self {
        Self {
            flip: false,
            turn: Turn::Angle(angle),
        }
    }

    /// The eight symmetries of the square, identity first; all exact on pixels.
    pub fn dihedral() -> Vec<Self> {
        [false, true]
            .into_iter()
            .flat_map(|flip| (0..4).map(move |quarters| Self::exact(flip, quarters)))
            .collect()
    }

    /// Fourteen transforms: identity, the 11 rotations by multiples of 30°, the horizontal and the vertical flip.
    ///
    /// The paper's 1,104 frames became 15,456 "by flips and rotations", which is fourteen per frame; it does not state
    /// which ones, so these are our choice.
    pub fn fourteen() -> Vec<Self> {
        let rotation = |step: u8| {
            if step.is_multiple_of(3) {
                Self::exact(false, step / 3)
            } else {
                Self::rotation(f64::from(step) * PI / 6.0)
            }
        };
        let mut all: Vec<Self> = (0..12).map(rotation).collect();
        all.extend([Self::HORIZONTAL_FLIP, Self::VERTICAL_FLIP]);
        all
    }

    /// Whether images are permuted, not resampled.
    pub fn is_exact(&self) -> bool {
        matches!(self.turn, Turn::Quarters(_))
    }

    /// φ of M = R(φ)·Fˢ.
    pub fn angle(&self) -> f64 {
        match self.turn {
            Turn::Quarters(q) => f64::from(q) * FRAC_PI_2,
            Turn::Angle(a) => a,
        }
    }

    /// Whether left and right are exchanged.
    pub fn is_flip(&self) -> bool {
        self.flip
    }

    /// The composition: first `self`, then `next`.
    pub fn then(&self, next: &Self) -> Self {
        let flip = self.flip != next.flip;
        let turn = match (self.turn, next.turn) {
            (Turn::Quarters(a), Turn::Quarters(b)) => Turn::Quarters((if next.flip { b + 4 - a } else { b + a }) % 4),
            _ => Turn::Angle((next.angle() + if next.flip { -self.angle() } else { self.angle() }) % TAU),
        };
        Self { flip, turn }
    }

    /// The inverse transform; a flip is its own inverse.
    pub fn inverse(&self) -> Self {
        if self.flip {
            return *self;
        }
        let turn = match self.turn {
            Turn::Quarters(q) => Turn::Quarters((4 - q) % 4),
            Turn::Angle(a) => Turn::Angle(-a),
        };
        Self { flip: false, turn }
    }

    /// M, row by row.
    pub(super) fn matrix(&self) -> [[f64; 2]; 2] {
        let (sin, cos) = match self.turn {
            Turn::Quarters(0) => (0.0, 1.0),
            Turn::Quarters(1) => (1.0, 0.0),
            Turn::Quarters(2) => (0.0, -1.0),
            Turn::Quarters(_) => (-1.0, 0.0),
            Turn::Angle(a) => a.sin_cos(),
        };
        let s = if self.flip { -1.0 } else { 1.0 };
        [[s * cos, -sin], [s * sin, cos]]
    }

    /// Transforms a point of the board, px.
    pub fn point(&self, p: [f64; 2]) -> [f64; 2] {
        let m = self.matrix();
        let d = [p[0] - CENTER, p[1] - CENTER];
        [0, 1].map(|k| CENTER + (m[k][0] * d[0] + m[k][1] * d[1]))
    }

    /// Transforms an action.
    pub fn action(&self, action: Action) -> Action {
        self.point(action.map(f64::from)).map(|x| x as f32)
    }

    /// Transforms a pose of the T; the angle is not wrapped.
    pub fn pose(&self, pose: Pose) -> Pose {
        let [x, y] = self.point([pose.x, pose.y]);
        let angle = self.angle() + if self.flip { -pose.angle } else { pose.angle };
        Pose::new(x, y, angle)
    }

    /// Transforms a state.
    pub fn state(&self, state: State) -> State {
        State {
            agent: self.point(state.agent),
            block: self.pose(state.block),
        }
    }
}
