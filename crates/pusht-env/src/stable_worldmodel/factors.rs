//! The 17 factors of variation, their defaults and ranges.

use std::f64::consts::{FRAC_PI_4, PI};

use serde::{Deserialize, Serialize};

use super::{Scale, ShapeKind, SwmError};

/// All factors. Colors are red, green, blue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Factors {
    /// Those of the agent.
    pub agent: AgentFactors,
    /// Those of the block.
    pub block: BlockFactors,
    /// Those of the green goal in pictures, which has nothing to do with the goal state.
    pub goal: GoalFactors,
    /// Color of the ground.
    pub background_color: [u8; 3],
    /// Whether pictures show the green goal.
    pub render_goal: bool,
}

/// Factors of the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentFactors {
    /// Of its rim; it is filled with a lighter one.
    pub color: [u8; 3],
    /// 20 to 60.
    pub scale: Scale,
    /// Any.
    pub shape: ShapeKind,
    /// rad, ±2π; polygons only.
    pub angle: f64,
    /// px, 50 to 450.
    pub start_position: [f64; 2],
    /// px/s, 0 to 512, at the start and in drawn goals.
    pub velocity: [f64; 2],
}

/// Factors of the block.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlockFactors {
    /// Of its outline; it is filled with a lighter one.
    pub color: [u8; 3],
    /// 20 to 60.
    pub scale: Scale,
    /// Any but a disc.
    pub shape: ShapeKind,
    /// rad, ±2π.
    pub angle: f64,
    /// px, 100 to 400.
    pub start_position: [f64; 2],
}

/// Factors of the green goal in pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalFactors {
    /// Its color.
    pub color: [u8; 3],
    /// 20 to 60. Nothing reads it: the goal has the block's shape and size.
    pub scale: Scale,
    /// px, 50 to 450.
    pub position: [f64; 2],
    /// rad, ±2π.
    pub angle: f64,
}

impl Default for Factors {
    /// The package's defaults.
    fn default() -> Self {
        let scale = Scale::Double(40.0);
        Self {
            agent: AgentFactors {
                color: [65, 105, 225],
                scale,
                shape: ShapeKind::Disc,
                angle: 0.0,
                start_position: [256.0, 400.0],
                velocity: [0.0; 2],
            },
            block: BlockFactors {
                color: [119, 136, 153],
                scale,
                shape: ShapeKind::Tee,
                angle: 0.0,
                start_position: [400.0, 100.0],
            },
            goal: GoalFactors {
                color: [144, 238, 144],
                scale,
                position: [256.0; 2],
                angle: FRAC_PI_4,
            },
            background_color: [255; 3],
            render_goal: true,
        }
    }
}

impl Factors {
    /// Checks all ranges.
    ///
    /// # Errors
    /// The first factor that is out of its range.
    pub fn check(&self) -> Result<(), SwmError> {
        let Self { agent, block, goal, .. } = self;
        let turn = 2.0 * PI;
        let scale = [20.0, 60.0];
        within("agent.scale", &[agent.scale.value()], scale)?;
        within("agent.angle", &[agent.angle], [-turn, turn])?;
        within("agent.start_position", &agent.start_position, [50.0, 450.0])?;
        within("agent.velocity", &agent.velocity, [0.0, 512.0])?;
        within("block.scale", &[block.scale.value()], scale)?;
        within("block.angle", &[block.angle], [-turn, turn])?;
        within("block.start_position", &block.start_position, [100.0, 400.0])?;
        within("goal.scale", &[goal.scale.value()], scale)?;
        within("goal.angle", &[goal.angle], [-turn, turn])?;
        within("goal.position", &goal.position, [50.0, 450.0])?;
        if block.shape == ShapeKind::Disc {
            return Err(SwmError::OutOfRange {
                name: "block.shape",
                found: "o, a disc".to_owned(),
                expected: "a shape from 1 to 7: L, T, Z, square, I, small_tee or +".to_owned(),
            });
        }
        Ok(())
    }
}

fn within(name: &'static str, values: &[f64], [low, high]: [f64; 2]) -> Result<(), SwmError> {
    // False for NaN, too.
    if values.iter().all(|v| (low..=high).contains(v)) {
        return Ok(());
    }
    Err(SwmError::OutOfRange {
        name,
        found: format!("{values:?}"),
        expected: format!("{low} to {high}"),
    })
}
