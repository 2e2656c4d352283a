//! Numbers of any type, checked before they are used.

use zarrs::array::data_type;

use super::rows::Rows;
use crate::DataError;

/// Elements of a block of rows.
pub(super) enum Numbers {
    Bytes(Vec<u8>),
    Singles(Vec<f32>),
    Doubles(Vec<f64>),
    Whole(Vec<i64>),
    /// Integers of which some may be beyond those of `Whole`.
    Large(Vec<u64>),
}

/// The types that are read.
const TYPES: &str = "float32, float64, or an integer type";

impl Numbers {
    /// Reads a block of rows.
    pub(super) fn read(rows: &Rows, block: usize) -> Result<Self, DataError> {
        let kind = rows.data_type();
        let of = |found| *kind == found;
        Ok(if of(data_type::uint8()) {
            Self::Bytes(rows.block(block)?)
        } else if of(data_type::float32()) {
            Self::Singles(rows.block(block)?)
        } else if of(data_type::float64()) {
            Self::Doubles(rows.block(block)?)
        } else if of(data_type::int64()) {
            Self::Whole(rows.block(block)?)
        } else if of(data_type::uint64()) {
            Self::Large(rows.block(block)?)
        } else if of(data_type::int32()) {
            Self::Whole(rows.block::<i32>(block)?.into_iter().map(i64::from).collect())
        } else if of(data_type::uint32()) {
            Self::Whole(rows.block::<u32>(block)?.into_iter().map(i64::from).collect())
        } else if of(data_type::int16()) {
            Self::Whole(rows.block::<i16>(block)?.into_iter().map(i64::from).collect())
        } else if of(data_type::uint16()) {
            Self::Whole(rows.block::<u16>(block)?.into_iter().map(i64::from).collect())
        } else if of(data_type::int8()) {
            Self::Whole(rows.block::<i8>(block)?.into_iter().map(i64::from).collect())
        } else {
            return Err(rows.wrong_type(TYPES));
        })
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Bytes(v) => v.len(),
            Self::Singles(v) => v.len(),
            Self::Doubles(v) => v.len(),
            Self::Whole(v) => v.len(),
            Self::Large(v) => v.len(),
        }
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "coordinates and colors are far below 2^53; counts are not read here"
    )]
    fn real(&self, at: usize) -> f64 {
        match self {
            Self::Bytes(v) => f64::from(v[at]),
            Self::Singles(v) => f64::from(v[at]),
            Self::Doubles(v) => v[at],
            Self::Whole(v) => v[at] as f64,
            Self::Large(v) => v[at] as f64,
        }
    }

    /// As a count or an index; the number as text if it is none.
    fn count(&self, at: usize) -> Result<usize, String> {
        /// From here on f64 does not hold all whole numbers.
        const MOST: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;
        match self {
            Self::Bytes(v) => Ok(usize::from(v[at])),
            Self::Whole(v) => usize::try_from(v[at]).map_err(|_| v[at].to_string()),
            Self::Large(v) => usize::try_from(v[at]).map_err(|_| v[at].to_string()),
            Self::Singles(_) | Self::Doubles(_) => match self.real(at) {
                number if (0.0..=MOST).contains(&number) && number.fract() == 0.0 => Ok(number as usize),
                number => Err(number.to_string()),
            },
        }
    }

    /// As colors; index and value of the first number that is none.
    pub(super) fn into_bytes(self) -> Result<Vec<u8>, (usize, String)> {
        let byte = |at: usize, number: f64| {
            let byte = number as u8;
            if f64::from(byte) == number {
                Ok(byte)
            } else {
                Err((at, number.to_string()))
            }
        };
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Singles(v) => {
                let bytes = v.iter().enumerate().map(|(at, &number)| {
                    let byte = number as u8;
                    if f32::from(byte) == number {
                        Ok(byte)
                    } else {
                        Err((at, number.to_string()))
                    }
                });
                bytes.collect()
            }
            other => (0..other.len()).map(|at| byte(at, other.real(at))).collect(),
        }
    }
}

impl Rows {
    /// All rows of a small array as coordinates, which f32 holds.
    pub(super) fn coordinates(&self) -> Result<Vec<f64>, DataError> {
        let mut all = Vec::new();
        for block in 0..self.blocks() {
            let numbers = Numbers::read(self, block)?;
            all.extend((0..numbers.len()).map(|at| numbers.real(at)));
        }
        match all.iter().position(|x| x.is_nan() || x.abs() > f64::from(f32::MAX)) {
            Some(i) => Err(self.value(i / self.width, all[i].to_string(), "a finite number")),
            None => Ok(all),
        }
    }

    /// All rows of a small array as counts or indices.
    pub(super) fn counts(&self) -> Result<Vec<usize>, DataError> {
        let mut all = Vec::new();
        for block in 0..self.blocks() {
            let numbers = Numbers::read(self, block)?;
            for at in 0..numbers.len() {
                let count = numbers.count(at);
                let row = all.len() / self.width;
                all.push(count.map_err(|found| self.value(row, found, "a whole number from 0"))?);
            }
        }
        Ok(all)
    }
}
