//! Steps in which the agent or the T is suddenly elsewhere: a scene cut, or missing frames.

use pusht_vision::{Tracked, geometry::centroid};

/// Displacement of the agent in a step beyond that of the steps around it, px: demonstrations have at most 11, an agent that
/// runs to and fro 28. As the audit's limit.
const AGENT_JUMP: f64 = 30.0;

/// An agent that jerks again and again has larger limits: this many times the largest but so many of its displacements.
const MORE_THAN_JERKS: f64 = 2.0;
const JERKS: usize = 3;

/// Displacement of a T that nothing touches, px.
const BLOCK_JUMP: f64 = 15.0;

/// Distance from the T's centroid within which the agent may touch it, px: the T's farthest corner, the disc and the
/// tracker's errors.
const REACH: f64 = 120.0;

/// Displacement of a T that is pushed beyond twice the agent's, px.
const PUSHED: f64 = 60.0;

/// The frames before which the agent or the T jumps. `seen` is false for frames that say nothing about the motion.
pub(crate) fn jumps(tracked: &[Tracked], seen: impl Fn(usize) -> bool) -> Vec<usize> {
    let isolated = isolated(tracked, &seen);
    let mut largest: Vec<f64> = isolated.iter().map(|&(_, value)| value).collect();
    largest.sort_by(|a, b| b.total_cmp(a));
    let usual = largest.get(JERKS).copied().unwrap_or(0.0);
    let limit = AGENT_JUMP.max(MORE_THAN_JERKS * usual);
    let agent = isolated.iter().filter(|(_, value)| *value >= limit).map(|&(t, _)| t);
    let block = (1..tracked.len()).filter(|&t| seen(t - 1) && seen(t) && block_jumps(&tracked[t - 1], &tracked[t]));
    let mut jumps: Vec<usize> = agent.chain(block).collect();
    jumps.sort_unstable();
    jumps.dedup();
    jumps
}

/// For every step between steps that are seen: by how much the agent moves farther than in these, along its way.
fn isolated(tracked: &[Tracked], seen: &impl Fn(usize) -> bool) -> Vec<(usize, f64)> {
    let step = |t: usize| {
        let (from, to) = (tracked[t - 1].agent?, tracked[t].agent?);
        (seen(t - 1) && seen(t)).then_some([to[0] - from[0], to[1] - from[1]])
    };
    let of = |t: usize| {
        let (before, now, after) = (step(t - 1)?, step(t)?, step(t + 1)?);
        let length = now[0].hypot(now[1]);
        let along = |d: [f64; 2]| (d[0] * now[0] + d[1] * now[1]) / length;
        (length > 0.0).then(|| (t, length - along(before).max(along(after)).max(0.0)))
    };
    (2..tracked.len().saturating_sub(1)).filter_map(of).collect()
}

/// True if the T moves though the agent is far from it, or much farther than it is pushed.
fn block_jumps(before: &Tracked, after: &Tracked) -> bool {
    let found = || {
        let [from, to] = [before.block?, after.block?].map(centroid);
        let agents = [before.agent?, after.agent?];
        let apart = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let (moved, path) = (apart(from, to), apart(agents[0], agents[1]));
        let far = agents
            .iter()
            .all(|agent| apart(*agent, from) > REACH + path && apart(*agent, to) > REACH + path);
        Some(moved >= if far { BLOCK_JUMP } else { PUSHED + 2.0 * path })
    };
    found().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pusht_env::Pose;

    fn at(agent: [f64; 2], block: [f64; 2]) -> Tracked {
        Tracked {
            agent: Some(agent),
            agent_confidence: 0.9,
            block: Some(Pose::new(block[0], block[1], 0.3)),
            block_confidence: 0.9,
        }
    }

    #[test]
    fn cuts_are_jumps_and_quick_turns_are_not() {
        // To and fro at 20 px a step, with a T that is pushed by it.
        let mut track: Vec<Tracked> = (0..40)
            .map(|t: i32| {
                let way = f64::from(20 - (t % 20 - 10).abs() * 2) * 10.0;
                at([200.0 + way, 250.0], [200.0 + way / 2.0, 250.0])
            })
            .collect();
        assert_eq!(jumps(&track, |_| true), [] as [usize; 0]);
        // Another scene from frame 25 on.
        for tracked in &mut track[25..] {
            let agent = tracked.agent.unwrap();
            tracked.agent = Some([agent[0] - 60.0, agent[1] + 150.0]);
        }
        assert_eq!(jumps(&track, |_| true), [25]);
        assert_eq!(jumps(&track, |t| t != 25), [] as [usize; 0]);
        // A T that moves while the agent is far.
        let mut track = vec![at([60.0, 60.0], [300.0, 300.0]); 20];
        for tracked in &mut track[8..] {
            tracked.block = Some(Pose::new(320.0, 300.0, 0.3));
        }
        assert_eq!(jumps(&track, |_| true), [8]);
    }
}
