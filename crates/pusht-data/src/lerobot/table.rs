//! Parquet tables: reads and writes columns by name.

use std::fs::File;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use crate::DataError;

/// Values of a column to write.
pub(super) enum Values {
    /// Lists of this many numbers, concatenated.
    Lists(usize, Vec<f32>),
    Single(Vec<f32>),
    Double(Vec<f64>),
    Whole(Vec<i64>),
    Text(Vec<String>),
    /// Lists of one string.
    Texts(Vec<String>),
}

impl Values {
    /// The column in parquet's schema language.
    fn declare(&self, name: &str) -> String {
        let list =
            |element: &str| format!("optional group {name} (LIST) {{ repeated group list {{ optional {element}; }} }}");
        match self {
            Self::Lists(..) => list("float element"),
            Self::Texts(_) => list("binary element (STRING)"),
            Self::Single(_) => format!("optional float {name};"),
            Self::Double(_) => format!("optional double {name};"),
            Self::Whole(_) => format!("optional int64 {name};"),
            Self::Text(_) => format!("optional binary {name} (STRING);"),
        }
    }

    fn write(&self, column: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        match self {
            Self::Lists(width, values) => batch::<FloatType>(column, values, Some(*width)),
            Self::Single(values) => batch::<FloatType>(column, values, None),
            Self::Double(values) => batch::<DoubleType>(column, values, None),
            Self::Whole(values) => batch::<Int64Type>(column, values, None),
            Self::Text(values) => batch::<ByteArrayType>(column, &bytes(values), None),
            Self::Texts(values) => batch::<ByteArrayType>(column, &bytes(values), Some(1)),
        }
    }
}

fn bytes(values: &[String]) -> Vec<ByteArray> {
    values.iter().map(|v| ByteArray::from(v.as_str())).collect()
}

/// Values without missing ones; in lists of `width`, or plain.
fn batch<T: DataType>(
    column: &mut SerializedColumnWriter<'_>,
    values: &[T::T],
    width: Option<usize>,
) -> Result<(), ParquetError> {
    // Definition levels count the optional and repeated nodes that are present: the list, its entries, the element.
    let defined = vec![if width.is_some() { 3 } else { 1 }; values.len()];
    let repeated: Option<Vec<i16>> = width.map(|w| (0..values.len()).map(|i| i16::from(i % w != 0)).collect());
    column
        .typed::<T>()
        .write_batch(values, Some(&defined), repeated.as_deref())?;
    Ok(())
}

/// A table that is written in row groups.
pub(super) struct Table {
    writer: SerializedFileWriter<File>,
}

impl Table {
    /// Creates a table with columns declared after `like`, whose values are not used; `metadata` goes into the file's
    /// key-value metadata.
    pub(super) fn create(
        path: &Path,
        like: &[(&str, Values)],
        metadata: Vec<(&str, String)>,
    ) -> Result<Self, DataError> {
        let create = || -> Result<Self, Box<dyn std::error::Error>> {
            if let Some(folder) = path.parent() {
                std::fs::create_dir_all(folder)?;
            }
            let columns: String = like.iter().map(|(name, values)| values.declare(name)).collect();
            let schema = Arc::new(parse_message_type(&format!("message schema {{ {columns} }}"))?);
            let pairs = metadata
                .into_iter()
                .map(|(key, value)| KeyValue::new(key.to_owned(), value));
            let properties = WriterProperties::builder()
                .set_compression(Compression::SNAPPY)
                .set_key_value_metadata(Some(pairs.collect()))
                .build();
            let writer = SerializedFileWriter::new(File::create(path)?, schema, Arc::new(properties))?;
            Ok(Self { writer })
        };
        create().map_err(|e| DataError::unwritable(path, &e))
    }

    /// Writes a row group: all columns, in the order of declaration.
    pub(super) fn write(&mut self, path: &Path, columns: &[(&str, Values)]) -> Result<(), DataError> {
        let mut write = || -> Result<(), ParquetError> {
            let mut group = self.writer.next_row_group()?;
            for (_, values) in columns {
                if let Some(mut column) = group.next_column()? {
                    values.write(&mut column)?;
                    column.close()?;
                }
            }
            group.close()?;
            Ok(())
        };
        write().map_err(|e| DataError::unwritable(path, &e))
    }

    pub(super) fn finish(self, path: &Path) -> Result<(), DataError> {
        self.writer.close().map_err(|e| DataError::unwritable(path, &e))?;
        Ok(())
    }
}

/// Values of a column, row by row.
#[derive(Default)]
pub(super) struct Column {
    /// Number of values per row.
    pub(super) width: usize,
    pub(super) values: Vec<f64>,
}

impl Column {
    pub(super) fn rows(&self) -> usize {
        self.values.len().checked_div(self.width).unwrap_or(0)
    }

    /// The values as counts or indices, which f64 holds exactly up to 2⁵³; otherwise the first row and value that is
    /// none.
    pub(super) fn whole(&self) -> Result<Vec<usize>, (usize, f64)> {
        const MOST: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;
        let whole = |(row, &v): (usize, &f64)| {
            if (0.0..=MOST).contains(&v) && v.fract() == 0.0 {
                Ok(v as usize)
            } else {
                Err((row, v))
            }
        };
        self.values.iter().enumerate().map(whole).collect()
    }
}

/// Reads the named columns of a table, in that order, all of one length; `None` for a column that it does not have.
pub(super) fn read(path: &Path, names: &[&str]) -> Result<Vec<Option<Column>>, DataError> {
    // Catches panics of the reader on damaged files.
    let read = catch_unwind(|| columns(path, names));
    let columns = read.unwrap_or_else(|_| Err(unreadable(path, &"the reader gave up on damaged data")))?;
    let mut lengths = columns.iter().flatten().map(Column::rows);
    let first = lengths.next();
    if lengths.any(|n| Some(n) != first) {
        return Err(unreadable(path, &"its columns have different lengths"));
    }
    Ok(columns)
}

fn unreadable(path: &Path, reason: &dyn std::fmt::Display) -> DataError {
    DataError::Unreadable {
        path: path.to_path_buf(),
        item: "the table".to_owned(),
        reason: reason.to_string(),
    }
}

fn columns(path: &Path, names: &[&str]) -> Result<Vec<Option<Column>>, DataError> {
    let failed = |e: &dyn std::fmt::Display| unreadable(path, e);
    let file = File::open(path).map_err(|e| failed(&e))?;
    let reader = SerializedFileReader::new(file).map_err(|e| failed(&e))?;
    let schema = reader.metadata().file_metadata().schema_descr_ptr();
    let place = |name: &&str| {
        schema
            .columns()
            .iter()
            .position(|c| c.path().parts().first().is_some_and(|p| p == name))
    };
    let places: Vec<Option<usize>> = names.iter().map(place).collect();
    let mut columns: Vec<Option<Column>> = places.iter().map(|p| p.map(|_| Column::default())).collect();
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(|e| failed(&e))?;
        for ((name, place), column) in names.iter().zip(&places).zip(&mut columns) {
            let (Some(place), Some(column)) = (*place, column) else {
                continue;
            };
            let most = schema.column(place).max_def_level();
            let from = group.get_column_reader(place).map_err(|e| failed(&e))?;
            let read = match from {
                ColumnReader::FloatColumnReader(r) => pull(r, most, column, |v| f64::from(*v)),
                ColumnReader::DoubleColumnReader(r) => pull(r, most, column, |v| *v),
                ColumnReader::Int64ColumnReader(r) => pull(r, most, column, |v| *v as f64),
                ColumnReader::Int32ColumnReader(r) => pull(r, most, column, |v| f64::from(*v)),
                _ => Ok(false),
            };
            if !read.map_err(|e| failed(&e))? {
                return Err(DataError::Layout {
                    path: path.to_path_buf(),
                    array: (*name).to_owned(),
                    expected: "numbers, or lists of as many numbers in every row, none missing".to_owned(),
                    found: "something else".to_owned(),
                });
            }
        }
    }
    Ok(columns)
}

/// Appends the values of a reader; false if a value is missing or lists have different lengths.
fn pull<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    most: i16,
    column: &mut Column,
    number: impl Fn(&T::T) -> f64,
) -> Result<bool, ParquetError> {
    let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
    while reader
        .read_records(8192, Some(&mut defined), Some(&mut repeated), &mut values)?
        .0
        > 0
    {}
    if defined.iter().any(|&d| d != most) {
        return Ok(false);
    }
    // A row begins at every repetition level 0; plain columns have no levels.
    let starts: Vec<usize> = (0..repeated.len()).filter(|&i| repeated[i] == 0).collect();
    let width = values.len().checked_div(starts.len()).unwrap_or(1);
    let even = starts.iter().enumerate().all(|(row, &at)| at == row * width) && starts.len() * width == repeated.len();
    if !even || (!column.values.is_empty() && column.width != width) {
        return Ok(false);
    }
    column.width = width;
    column.values.extend(values.iter().map(number));
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_count_is_named_with_its_row() {
        let column = |last| Column {
            width: 1,
            values: vec![0.0, 3.0, last],
        };
        assert_eq!(column(9e15).whole(), Ok(vec![0, 3, 9_000_000_000_000_000]));
        for bad in [-1.0, 0.5, 1e16, f64::INFINITY] {
            assert_eq!(column(bad).whole(), Err((2, bad)));
        }
        assert!(matches!(column(f64::NAN).whole(), Err((2, found)) if found.is_nan()));
    }
}
