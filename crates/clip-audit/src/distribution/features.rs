//! Features of a short segment of a trajectory: positions, speeds, contacts. No weights are learned.

use super::DistributionError;
use pusht_env::{AGENT_RADIUS, BAR, Pose, Quad, STEM};
use pusht_vision::{Tracked, unwrap_angle};

/// Frames of a window: 1.6 s.
pub const WINDOW_FRAMES: usize = 16;

/// Frames from one window to the next.
pub const WINDOW_STRIDE: usize = 8;

/// Number of features of a window.
pub const FEATURES: usize = 15;

/// Largest gap at which agent and T count as touching, px: tracking errors of both, and the gap that can open in one
/// step.
pub const TOUCH: f64 = 3.0;

/// Distance from a pose's origin to the T's center of gravity, px along the stem.
const CENTER: f64 = 45.0;

/// Larger gaps are cut off at this value, px.
const FAR: f64 = 150.0;

/// Name with unit of each feature, and its divisor: about its standard deviation over the windows of the human
/// demonstrations. The last feature is almost always zero there; its divisor is half a pixel per step. The divisors are
/// constants, so that distances between any sets are comparable.
pub const FEATURE_SCALES: [(&str, f64); FEATURES] = [
    ("agent x, mean, px", 100.0),
    ("agent y, mean, px", 90.0),
    ("T center x, mean, px", 60.0),
    ("T center y, mean, px", 60.0),
    ("cos of the T's angle, mean", 0.55),
    ("sin of the T's angle, mean", 0.55),
    ("agent speed, mean, px/step", 4.5),
    ("agent speed, standard deviation, px/step", 2.5),
    ("agent acceleration, mean size, px/step²", 1.6),
    ("T speed, mean, px/step", 1.8),
    ("T speed, largest, px/step", 3.2),
    ("T turn, mean size, rad/step", 0.022),
    ("share of steps in touch", 0.38),
    ("gap between agent and T, mean, at most 150 px", 25.0),
    ("T speed in steps out of touch, mean over all steps, px/step", 0.5),
];

/// Free space between the agent's disc and the T, px; negative where they overlap.
pub fn gap(agent: [f64; 2], block: Pose) -> f64 {
    let (s, c) = block.angle.sin_cos();
    let [x, y] = [agent[0] - block.x, agent[1] - block.y];
    let q = [c * x + s * y, c * y - s * x];
    let outside = |[low, _, high, _]: &Quad| {
        let d = [0, 1].map(|k| (low[k] - q[k]).max(q[k] - high[k]));
        d[0].max(0.0).hypot(d[1].max(0.0)) + d[0].max(d[1]).min(0.0)
    };
    outside(&BAR).min(outside(&STEM)) - AGENT_RADIUS
}

/// Agent, T's center of gravity, angle and gap at one frame.
struct Moment {
    agent: [f64; 2],
    center: [f64; 2],
    angle: f64,
    gap: f64,
}

impl Moment {
    fn of(tracked: &Tracked) -> Option<Self> {
        let (agent, block) = (tracked.agent?, tracked.block?);
        let (s, c) = block.angle.sin_cos();
        Some(Self {
            agent,
            center: [block.x - CENTER * s, block.y + CENTER * c],
            angle: block.angle,
            gap: gap(agent, block),
        })
    }
}

/// The features of every window of a clip whose frames all show agent and T, and the number of the other windows.
pub(crate) fn windows(track: &[Tracked]) -> Result<(Vec<[f64; FEATURES]>, usize), DistributionError> {
    let finite = |t: &Tracked| {
        let pose = t.block.is_none_or(|p| (p.x + p.y + p.angle).is_finite());
        pose && t.agent.is_none_or(|[x, y]| (x + y).is_finite())
    };
    if let Some(frame) = track.iter().position(|t| !finite(t)) {
        return Err(DistributionError::NotFinite { frame });
    }
    let (mut found, mut unseen) = (Vec::new(), 0);
    for window in track.windows(WINDOW_FRAMES).step_by(WINDOW_STRIDE) {
        match window.iter().map(Moment::of).collect::<Option<Vec<_>>>() {
            Some(moments) => found.push(features(&moments)),
            None => unseen += 1,
        }
    }
    Ok((found, unseen))
}

fn features(window: &[Moment]) -> [f64; FEATURES] {
    let mean = |of: &dyn Fn(&Moment) -> f64| window.iter().map(of).sum::<f64>() / window.len() as f64;
    let length = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
    let steps = || window.windows(2);
    let count = (window.len() - 1) as f64;
    let speeds: Vec<f64> = steps().map(|s| length(s[1].agent, s[0].agent)).collect();
    let speed = speeds.iter().sum::<f64>() / count;
    let spread = (speeds.iter().map(|v| (v - speed).powi(2)).sum::<f64>() / count).sqrt();
    let bend = |w: &[Moment]| {
        let [x, y] = [0, 1].map(|k| w[2].agent[k] - 2.0 * w[1].agent[k] + w[0].agent[k]);
        x.hypot(y)
    };
    let touching = |s: &[Moment]| s[0].gap.min(s[1].gap) <= TOUCH;
    let ways: Vec<f64> = steps().map(|s| length(s[1].center, s[0].center)).collect();
    let turn: f64 = steps().map(|s| unwrap_angle(0.0, s[1].angle - s[0].angle).abs()).sum();
    let without_contact = steps().zip(&ways).filter(|(s, _)| !touching(s)).map(|(_, way)| way);
    let row = [
        mean(&|m| m.agent[0]),
        mean(&|m| m.agent[1]),
        mean(&|m| m.center[0]),
        mean(&|m| m.center[1]),
        mean(&|m| m.angle.cos()),
        mean(&|m| m.angle.sin()),
        speed,
        spread,
        window.windows(3).map(bend).sum::<f64>() / (count - 1.0),
        ways.iter().sum::<f64>() / count,
        ways.iter().copied().fold(0.0, f64::max),
        turn / count,
        steps().filter(|s| touching(s)).count() as f64 / count,
        mean(&|m| m.gap.min(FAR)),
        without_contact.sum::<f64>() / count,
    ];
    std::array::from_fn(|i| row[i] / FEATURE_SCALES[i].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gaps_of_known_places() {
        let block = Pose::new(100.0, 100.0, 0.0);
        // Above the bar, beside the stem, off the bar's corner, inside the bar.
        for (agent, expected) in [
            ([100.0, 60.0], 25.0),
            ([140.0, 190.0], 10.0),
            ([163.0, 96.0], -10.0),
            ([100.0, 110.0], -25.0),
        ] {
            assert!((gap(agent, block) - expected).abs() < 1e-12, "{agent:?}");
        }
        let turned = Pose::new(100.0, 100.0, std::f64::consts::FRAC_PI_2);
        // A quarter turn takes the side of the bar's outer edge from above to the right.
        assert!((gap([140.0, 100.0], turned) - gap([100.0, 60.0], block)).abs() < 1e-12);
    }
}
