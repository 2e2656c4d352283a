//! Values of factors as the package's numbers.

use super::{FactorName, FactorValue, Scale, ShapeKind, SwmError};

impl FactorValue {
    /// The value that the package writes as these numbers: two for positions and velocities, three for colors, else one. A
    /// size is a float64 ([`Self::in_single`]).
    ///
    /// # Errors
    /// Numbers of another kind. Ranges of sizes, angles, positions and velocities are checked by a reset.
    pub fn from_numbers(name: FactorName, numbers: &[f64]) -> Result<Self, SwmError> {
        use FactorName as F;
        let misfit = |expected: &str| SwmError::OutOfRange {
            name: name.name(),
            found: format!("{numbers:?}"),
            expected: expected.to_owned(),
        };
        let one = || {
            <[f64; 1]>::try_from(numbers)
                .map(|[x]| x)
                .map_err(|_| misfit("one number"))
        };
        let pair = || <[f64; 2]>::try_from(numbers).map_err(|_| misfit("two numbers, x and y"));
        let color = || {
            let bytes: Option<Vec<u8>> = numbers.iter().map(|&x| byte(x)).collect();
            let color = bytes.and_then(|bytes| <[u8; 3]>::try_from(bytes).ok());
            color.ok_or_else(|| misfit("red, green and blue, integers from 0 to 255"))
        };
        let index = |expected: &str| one().ok().and_then(byte).ok_or_else(|| misfit(expected));
        let shape = || ShapeKind::from_index(i64::from(index("an integer from 0 to 7")?));
        Ok(match name {
            F::AgentAngle => Self::AgentAngle(one()?),
            F::AgentColor => Self::AgentColor(color()?),
            F::AgentScale => Self::AgentScale(Scale::Double(one()?)),
            F::AgentShape => Self::AgentShape(shape()?),
            F::AgentStartPosition => Self::AgentStartPosition(pair()?),
            F::AgentVelocity => Self::AgentVelocity(pair()?),
            F::BackgroundColor => Self::BackgroundColor(color()?),
            F::BlockAngle => Self::BlockAngle(one()?),
            F::BlockColor => Self::BlockColor(color()?),
            F::BlockScale => Self::BlockScale(Scale::Double(one()?)),
            F::BlockShape => Self::BlockShape(shape()?),
            F::BlockStartPosition => Self::BlockStartPosition(pair()?),
            F::GoalAngle => Self::GoalAngle(one()?),
            F::GoalColor => Self::GoalColor(color()?),
            F::GoalPosition => Self::GoalPosition(pair()?),
            F::GoalScale => Self::GoalScale(Scale::Double(one()?)),
            F::RenderGoal => match index("0 or 1")? {
                shown @ (0 | 1) => Self::RenderGoal(shown == 1),
                _ => return Err(misfit("0 or 1")),
            },
        })
    }

    /// The value as the package's numbers.
    pub fn numbers(&self) -> Vec<f64> {
        match *self {
            Self::AgentAngle(x) | Self::BlockAngle(x) | Self::GoalAngle(x) => vec![x],
            Self::AgentColor(c) | Self::BlockColor(c) | Self::GoalColor(c) | Self::BackgroundColor(c) => {
                c.map(f64::from).to_vec()
            }
            Self::AgentScale(s) | Self::BlockScale(s) | Self::GoalScale(s) => vec![s.value()],
            Self::AgentShape(shape) | Self::BlockShape(shape) => vec![f64::from(shape.index())],
            Self::AgentStartPosition(p)
            | Self::BlockStartPosition(p)
            | Self::GoalPosition(p)
            | Self::AgentVelocity(p) => p.to_vec(),
            Self::RenderGoal(shown) => vec![f64::from(u8::from(shown))],
        }
    }

    /// The same value, a size rounded to float32, in which the package computes with a drawn one.
    #[must_use]
    pub fn in_single(self) -> Self {
        let single = |scale: Scale| Scale::Single(scale.value() as f32);
        match self {
            Self::AgentScale(scale) => Self::AgentScale(single(scale)),
            Self::BlockScale(scale) => Self::BlockScale(single(scale)),
            Self::GoalScale(scale) => Self::GoalScale(single(scale)),
            other => other,
        }
    }
}

/// A number that is a byte.
fn byte(x: f64) -> Option<u8> {
    (x.fract() == 0.0 && (0.0..=255.0).contains(&x)).then_some(x as u8)
}
