//! Measures of contact: whether the T moves with the agent or by itself.

use pusht_env::State;

use crate::geometry::{LEVER, center, gap};

/// Distance below which surfaces count as touching, if in one of two neighboring frames, px: at 10 Hz, contact starts
/// and ends between frames.
const TOUCH: f64 = 4.0;
/// Motion between two frames below which the T rests, px.
const REST: f64 = 0.3;

/// Measures of contact in a set of clips. The motion of the T in one step is |Δ center of gravity| + 60 px · |Δ angle|.
#[derive(Clone, Copy, Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct ContactMeasures {
    /// Mean motion of the T per step, px.
    pub motion: f64,
    /// Fraction of the motion during steps in which agent and T are more than 4 px apart in both frames; 0 in a
    /// simulator.
    #[serde(alias = "untouched")]
    pub motion_without_contact: f64,
    /// Fraction of steps in which the T moves less than 0.3 px.
    pub rest: f64,
    /// Mean depth by which the agent is inside the T, over all frames, px.
    pub overlap: f64,
}

impl ContactMeasures {
    /// Measures clips of states; all zeros if nothing moves.
    pub fn of(clips: &[Vec<State>]) -> Self {
        let (mut motion, mut without_contact, mut rest, mut steps) = (0.0, 0.0, 0.0, 0.0);
        for pair in clips.iter().flat_map(|clip| clip.windows(2)) {
            let (a, b) = (center(pair[0].block), center(pair[1].block));
            let turned = (pair[1].block.angle - pair[0].block.angle).abs();
            let moved = (b[0] - a[0]).hypot(b[1] - a[1]) + LEVER * turned;
            motion += moved;
            steps += 1.0;
            if gap(&pair[0]).min(gap(&pair[1])) > TOUCH {
                without_contact += moved;
            }
            rest += f64::from(u8::from(moved < REST));
        }
        let frames: Vec<f64> = clips.iter().flatten().map(|s| (-gap(s)).max(0.0)).collect();
        let over = |sum: f64, n: f64| if n > 0.0 { sum / n } else { 0.0 };
        Self {
            motion: over(motion, steps),
            motion_without_contact: over(without_contact, motion),
            rest: over(rest, steps),
            overlap: over(frames.iter().sum(), frames.len() as f64),
        }
    }
}

#[cfg(test)]
mod tests {
    use pusht_env::Pose;

    use super::*;

    fn state(agent: f64, block: f64) -> State {
        State {
            agent: [0.0, agent],
            block: Pose::new(0.0, block, 0.0),
        }
    }

    #[test]
    fn a_t_pushed_by_the_agent_is_told_from_one_that_moves_alone() {
        let pushed = vec![state(-15.0, 0.0), state(-12.0, 3.0), state(-12.0, 3.0)];
        let m = ContactMeasures::of(&[pushed]);
        assert_eq!(
            (m.motion, m.motion_without_contact, m.rest, m.overlap),
            (1.5, 0.0, 0.5, 0.0)
        );
        let alone = vec![state(-40.0, 0.0), state(-40.0, 3.0)];
        assert_eq!(ContactMeasures::of(&[alone]).motion_without_contact, 1.0);
        assert_eq!(ContactMeasures::of(&[vec![state(-5.0, 0.0)]]).overlap, 10.0);
        assert_eq!(ContactMeasures::of(&[]), ContactMeasures::default());
    }
}
