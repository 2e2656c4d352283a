//! The latent: six numbers per frame, the agent relative to the same frame's T, and the T relative to the clip's first
//! T.
//!
//! Apart from walls and goal, PushT does not depend on the position and rotation of the T at the start. In the frame of
//! the first T every clip starts with the same T, so that the model does not have to learn pushing for each position
//! and direction; mirroring is the only remaining symmetry for augmentation. Walls and goal enter as conditions. The
//! agent's two numbers are those of [`super::outline`].

use std::f64::consts::TAU;

use pusht_env::{Pose, State};

use crate::geometry::{GRAVITY, LEVER, center, seen_from};
use crate::outline::{perimeter, place, point};

/// Numbers per frame: agent along and off the T's outline; T x, y; cos and sin of the T's angle.
pub const CHANNELS: usize = 6;
/// Index of the distance between the surfaces of agent and T.
pub const DISTANCE: usize = 1;
/// One frame, px: the agent's position along the outline of the same frame's T and its distance from it, the T's center
/// of gravity x, y in the frame of the first T, then [`LEVER`] times the cosine and sine of the T's rotation since the
/// first frame.
pub type Latent = [f64; CHANNELS];
/// Frame of reference of a clip: origin at the center of gravity of the first T, rotated with it; `mirrored` flips x,
/// the reflection under which the T is symmetric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Anchor {
    origin: [f64; 2],
    angle: f64,
    mirrored: bool,
}

impl Anchor {
    /// Creates the frame of reference of a clip that starts with this T.
    pub fn new(first: Pose, mirrored: bool) -> Self {
        Self {
            origin: center(first),
            angle: first.angle,
            mirrored,
        }
    }

    /// A point of the board in this frame of reference.
    pub fn point(&self, p: [f64; 2]) -> [f64; 2] {
        let (s, c) = self.angle.sin_cos();
        let [x, y] = [p[0] - self.origin[0], p[1] - self.origin[1]];
        [self.sign() * (c * x + s * y), c * y - s * x]
    }

    /// An angle of the board in this frame of reference.
    pub fn turn(&self, angle: f64) -> f64 {
        self.sign() * (angle - self.angle)
    }

    /// Encodes states. The position along the outline is continuous; between two frames it takes the shorter path
    /// around. An agent inside the T counts as touching it.
    pub fn encode(&self, states: &[State]) -> Vec<Latent> {
        let mut last = 0.0;
        let encode = |state: &State| {
            let [along, distance] = place(seen_from(state.block, state.agent));
            let along = self.sign() * along;
            last = along + perimeter() * ((last - along) / perimeter()).round();
            let block = self.point(center(state.block));
            let (s, c) = self.turn(state.block.angle).sin_cos();
            [last, distance.max(0.0), block[0], block[1], LEVER * c, LEVER * s]
        };
        states.iter().map(encode).collect()
    }

    /// Decodes to states. Cosine and sine are normalized to length 1; the angle is continuous, starting with the first
    /// T's angle. A negative distance counts as 0.
    pub fn decode(&self, clip: &[Latent]) -> Vec<State> {
        let mut angle = self.angle;
        clip.iter()
            .map(|z| {
                let wrapped = self.angle + self.sign() * z[5].atan2(z[4]);
                angle = wrapped + TAU * ((angle - wrapped) / TAU).round();
                let block = self.unpoint([z[2], z[3]]);
                let (s, c) = angle.sin_cos();
                let block = Pose::new(block[0] + GRAVITY * s, block[1] - GRAVITY * c, angle);
                let [x, y] = point([self.sign() * z[0], z[DISTANCE].max(0.0)]);
                State {
                    agent: [block.x + c * x - s * y, block.y + s * x + c * y],
                    block,
                }
            })
            .collect()
    }

    fn unpoint(&self, p: [f64; 2]) -> [f64; 2] {
        let (s, c) = self.angle.sin_cos();
        let x = self.sign() * p[0];
        [self.origin[0] + c * x - s * p[1], self.origin[1] + s * x + c * p[1]]
    }

    fn sign(&self) -> f64 {
        if self.mirrored { -1.0 } else { 1.0 }
    }
}

/// The straight line from which a clip's path is measured: constant at the start, or to the last frame if that is
/// prescribed. The difference of the path from it is zero at prescribed frames, so that these are exact.
pub fn line(start: &Latent, end: Option<&Latent>, frames: usize) -> Vec<Latent> {
    let last = (frames.max(2) - 1) as f64;
    (0..frames)
        .map(|i| std::array::from_fn(|k| start[k] + end.map_or(0.0, |e| (e[k] - start[k]) * i as f64 / last)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn states() -> Vec<State> {
        // The T rotates by more than half a turn, past the branch cut of atan2.
        (0..40)
            .map(|i| State {
                agent: [100.0 + 7.0 * f64::from(i), 400.0 - f64::from(i)],
                block: Pose::new(200.0 + f64::from(i), 260.0, 5.9 + 0.12 * f64::from(i)),
            })
            .collect()
    }

    #[test]
    fn decoding_undoes_encoding() {
        for mirrored in [false, true] {
            let anchor = Anchor::new(states()[0].block, mirrored);
            let clip = anchor.encode(&states());
            assert_eq!(clip[0][2..], [0.0, 0.0, LEVER, 0.0]);
            for (a, b) in anchor.decode(&clip).iter().zip(states()) {
                for (x, y) in a.to_row().iter().zip(b.to_row()) {
                    assert!((x - y).abs() < 1e-6, "{a:?} {b:?}");
                }
            }
        }
    }

    #[test]
    fn a_clip_and_its_mirror_image_look_alike_once_one_of_them_is_mirrored() {
        let mirror = |s: &State| State {
            agent: [512.0 - s.agent[0], s.agent[1]],
            block: Pose::new(512.0 - s.block.x, s.block.y, -s.block.angle),
        };
        let (a, b) = (
            Anchor::new(states()[0].block, false),
            Anchor::new(mirror(&states()[0]).block, true),
        );
        let images: Vec<State> = states().iter().map(mirror).collect();
        for (z, image) in a.encode(&states()).iter().zip(b.encode(&images)) {
            // The first position may differ by one winding.
            let winding = perimeter() * ((z[0] - image[0]) / perimeter()).round();
            assert!((z[0] - image[0] - winding).abs() < 1e-6);
            for k in 1..CHANNELS {
                assert!((z[k] - image[k]).abs() < 1e-9);
            }
        }
    }

    #[test]
    fn the_line_runs_from_start_to_end_or_rests() {
        let (start, end) = ([0.0; 6], [4.0; 6]);
        assert_eq!(line(&start, Some(&end), 5)[3], [3.0; 6]);
        assert_eq!(line(&start, Some(&end), 5)[4], end);
        assert_eq!(line(&end, None, 3), vec![end; 3]);
    }
}
