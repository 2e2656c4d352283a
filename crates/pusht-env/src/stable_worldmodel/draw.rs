//! Draws of factors from a seed. Every factor has a generator of its own, so a value does not depend on which others are
//! drawn.

use std::f64::consts::PI;

use super::{FactorName, FactorSet, FactorValue, Factors, Scale, ShapeKind, SwmState};
use crate::{NumpyRng, Pose};

/// Factors per group, in alphabetical order of groups: agent, background, block, goal, rendering.
const GROUPS: [usize; 5] = [6, 1, 5, 4, 1];

/// The drawn factors, and a goal from the generators' next values.
pub(super) fn draw(seed: u64, set: &FactorSet, defaults: &Factors) -> (Factors, SwmState) {
    let mut factors = defaults.clone();
    let mut second = factors.clone();
    let mut names = FactorName::ALL.into_iter();
    for (group_seed, len) in seeds(seed, GROUPS.len()).zip(GROUPS) {
        for (factor_seed, factor) in seeds(group_seed, len).zip(&mut names) {
            let in_goal = matches!(
                factor,
                FactorName::AgentStartPosition | FactorName::BlockStartPosition | FactorName::BlockAngle
            );
            if set.draws(factor) == 0 && !in_goal {
                continue;
            }
            let mut rng = NumpyRng::new(factor_seed);
            for _ in 0..set.draws(factor) {
                value(factor, &mut rng).set(&mut factors);
            }
            if in_goal {
                value(factor, &mut rng).set(&mut second);
            }
        }
    }
    let [x, y] = second.block.start_position;
    let goal = SwmState {
        agent: second.agent.start_position,
        block: Pose::new(x, y, second.block.angle),
        agent_velocity: factors.agent.velocity,
    };
    (factors, goal)
}

/// The seeds that a generator gives to the parts below it.
fn seeds(seed: u64, count: usize) -> impl Iterator<Item = u64> {
    let mut rng = NumpyRng::new(seed);
    (0..count).map(move |_| u64::from(rng.below(i32::MAX.cast_unsigned())))
}

fn value(factor: FactorName, rng: &mut NumpyRng) -> FactorValue {
    use FactorName as F;
    use FactorValue as V;
    let mut uniform = |low: f64, high: f64| low + (high - low) * rng.uniform();
    let mut angle = || uniform(-2.0 * PI, 2.0 * PI);
    match factor {
        F::AgentAngle => V::AgentAngle(angle()),
        F::BlockAngle => V::BlockAngle(angle()),
        F::GoalAngle => V::GoalAngle(angle()),
        F::AgentStartPosition => V::AgentStartPosition([uniform(50.0, 450.0), uniform(50.0, 450.0)]),
        F::BlockStartPosition => V::BlockStartPosition([uniform(100.0, 400.0), uniform(100.0, 400.0)]),
        F::GoalPosition => V::GoalPosition([uniform(50.0, 450.0), uniform(50.0, 450.0)]),
        F::AgentVelocity => V::AgentVelocity([uniform(0.0, 512.0), uniform(0.0, 512.0)]),
        F::AgentScale => V::AgentScale(Scale::Single(uniform(20.0, 60.0) as f32)),
        F::BlockScale => V::BlockScale(Scale::Single(uniform(20.0, 60.0) as f32)),
        F::GoalScale => V::GoalScale(Scale::Single(uniform(20.0, 60.0) as f32)),
        F::AgentColor => V::AgentColor([0; 3].map(|_: u8| uniform(0.0, 256.0) as u8)),
        F::BackgroundColor => V::BackgroundColor([0; 3].map(|_: u8| uniform(0.0, 256.0) as u8)),
        F::BlockColor => V::BlockColor([0; 3].map(|_: u8| uniform(0.0, 256.0) as u8)),
        F::GoalColor => V::GoalColor([0; 3].map(|_: u8| uniform(0.0, 256.0) as u8)),
        F::AgentShape => V::AgentShape(ShapeKind::ALL[rng.below(8) as usize]),
        F::BlockShape => V::BlockShape(ShapeKind::ALL[1 + rng.below(7) as usize]),
        F::RenderGoal => V::RenderGoal(rng.below(2) == 1),
    }
}
