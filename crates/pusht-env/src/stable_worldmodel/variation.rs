//! Names of factors, which of them are drawn, and values that are set.

use std::fmt;
use std::str::FromStr;

use super::{Factors, Scale, ShapeKind, SwmError};

macro_rules! factors {
    ($($variant:ident, $name:literal, $type:ty, $($field:ident).+;)*) => {
        /// A factor of variation, by the package's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum FactorName {
            $(#[doc = concat!("`", $name, "`")] $variant,)*
        }

        /// A value for a factor.
        #[derive(Clone, Copy, Debug, PartialEq)]
        pub enum FactorValue {
            $(#[doc = concat!("`", $name, "`")] $variant($type),)*
        }

        impl FactorName {
            /// All factors, in alphabetical order.
            pub const ALL: [Self; 17] = [$(Self::$variant,)*];

            /// The package's name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// The value that `factors` has.
            pub fn value(self, factors: &Factors) -> FactorValue {
                match self { $(Self::$variant => FactorValue::$variant(factors.$($field).+),)* }
            }
        }

        impl FactorValue {
            /// The factor that it is a value for.
            pub const fn name(&self) -> FactorName {
                match self { $(Self::$variant(_) => FactorName::$variant,)* }
            }

            pub(super) fn set(&self, factors: &mut Factors) {
                match self { $(Self::$variant(value) => factors.$($field).+ = *value,)* }
            }
        }
    };
}

factors! {
    AgentAngle, "agent.angle", f64, agent.angle;
    AgentColor, "agent.color", [u8; 3], agent.color;
    AgentScale, "agent.scale", Scale, agent.scale;
    AgentShape, "agent.shape", ShapeKind, agent.shape;
    AgentStartPosition, "agent.start_position", [f64; 2], agent.start_position;
    AgentVelocity, "agent.velocity", [f64; 2], agent.velocity;
    BackgroundColor, "background.color", [u8; 3], background_color;
    BlockAngle, "block.angle", f64, block.angle;
    BlockColor, "block.color", [u8; 3], block.color;
    BlockScale, "block.scale", Scale, block.scale;
    BlockShape, "block.shape", ShapeKind, block.shape;
    BlockStartPosition, "block.start_position", [f64; 2], block.start_position;
    GoalAngle, "goal.angle", f64, goal.angle;
    GoalColor, "goal.color", [u8; 3], goal.color;
    GoalPosition, "goal.position", [f64; 2], goal.position;
    GoalScale, "goal.scale", Scale, goal.scale;
    RenderGoal, "rendering.render_goal", bool, render_goal;
}

impl fmt::Display for FactorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for FactorName {
    type Err = SwmError;

    fn from_str(name: &str) -> Result<Self, SwmError> {
        let known = Self::ALL.into_iter().find(|factor| factor.name() == name);
        known.ok_or_else(|| SwmError::UnknownFactor { name: name.to_owned() })
    }
}

/// Factors to draw at a reset, and how often: one that is named alone and by its group is drawn twice, and the second value
/// counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorSet {
    draws: [u8; 17],
}

impl FactorSet {
    /// No factor.
    pub const fn none() -> Self {
        Self { draws: [0; 17] }
    }

    /// Every factor.
    pub const fn all() -> Self {
        Self { draws: [1; 17] }
    }

    /// The factors and groups of the package's option `variation`; `["all"]`, alone, is every factor. The package ignores
    /// names that it does not know, among them `all` beside others; here they are refused.
    ///
    /// # Errors
    /// A name that is neither a factor nor a group.
    pub fn from_names<S: AsRef<str>>(names: &[S]) -> Result<Self, SwmError> {
        let mut distinct: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
        distinct.sort_unstable();
        distinct.dedup();
        if distinct == ["all"] {
            return Ok(Self::all());
        }
        let mut set = Self::none();
        for name in distinct {
            let before = set;
            for factor in FactorName::ALL {
                let group = factor.name().split('.').next();
                if factor.name() == name || group == Some(name) {
                    set.draws[factor as usize] += 1;
                }
            }
            if set == before {
                return Err(SwmError::UnknownFactor { name: name.to_owned() });
            }
        }
        Ok(set)
    }

    /// Adds a draw of a factor.
    #[must_use]
    pub const fn with(mut self, factor: FactorName) -> Self {
        self.draws[factor as usize] = self.draws[factor as usize].saturating_add(1);
        self
    }

    /// How often a factor is drawn.
    pub const fn draws(&self, factor: FactorName) -> u8 {
        self.draws[factor as usize]
    }
}

impl Default for FactorSet {
    /// Where agent and block start, and the block's angle.
    fn default() -> Self {
        Self::none()
            .with(FactorName::AgentStartPosition)
            .with(FactorName::BlockStartPosition)
            .with(FactorName::BlockAngle)
    }
}
