//! Reads columns of numbers from a parquet table. Every number is checked before it is used as a count, a time or a
//! coordinate; errors name the table, the column and the row.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use parquet::basic::Compression;
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::DataType;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::{TableError, pages};

/// Number of rows that are decoded at a time.
const BATCH: usize = 8192;

/// Latest time, s: thirty years.
const LONGEST: f64 = 1e9;

/// A table, of which the columns that were asked for are in memory.
pub struct NumberTable {
    path: PathBuf,
    rows: usize,
    columns: Vec<Column>,
}

struct Column {
    name: String,
    /// Numbers per row.
    width: usize,
    numbers: Numbers,
}

/// Row by row. Integers are kept apart, because f64 does not hold all of them.
enum Numbers {
    Whole(Vec<i64>),
    Real(Vec<f64>),
}

impl Numbers {
    fn len(&self) -> usize {
        match self {
            Self::Whole(numbers) => numbers.len(),
            Self::Real(numbers) => numbers.len(),
        }
    }

    #[allow(
        clippy::cast_precision_loss,
        reason = "coordinates and times are far below 2^53; counts are not read here"
    )]
    fn real(&self, at: usize) -> f64 {
        match self {
            Self::Whole(numbers) => numbers[at] as f64,
            Self::Real(numbers) => numbers[at],
        }
    }

    /// As a count or an index; the number as text if it is none.
    fn count(&self, at: usize) -> Result<usize, String> {
        /// From here on f64 does not hold all whole numbers.
        const MOST: f64 = (1_u64 << f64::MANTISSA_DIGITS) as f64;
        match self {
            Self::Whole(numbers) => usize::try_from(numbers[at]).map_err(|_| numbers[at].to_string()),
            Self::Real(numbers) => match numbers[at] {
                number if (0.0..=MOST).contains(&number) && number.fract() == 0.0 => Ok(number as usize),
                number => Err(number.to_string()),
            },
        }
    }
}

impl NumberTable {
    /// Reads the named columns of a table, as far as it has them. A table takes memory in proportion to its size: one that states
    /// more than four values per byte is refused.
    ///
    /// # Errors
    /// A table that cannot be read, a named column that holds no numbers or lists of different lengths, or columns of
    /// different lengths.
    pub fn read(path: &Path, names: &[&str]) -> Result<Self, TableError> {
        // Catches panics of the reader on damaged files.
        let read = catch_unwind(|| read(path, names));
        let read = read.unwrap_or_else(|_| Err(unreadable(path, "the reader gave up on damaged data")));
        read.map_err(|error| error.or_pointer(path))
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    fn get(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// What was read of a column, which the table must have.
    ///
    /// # Errors
    /// No such column.
    pub fn needed<T>(&self, name: &str, column: Option<T>) -> Result<T, TableError> {
        column.ok_or_else(|| self.wrong(name, "such a column", "none".to_owned()))
    }

    /// Counts or indices, if there is such a column.
    ///
    /// # Errors
    /// A number that is not whole, negative, or beyond what `usize` (of floats: f64 without gaps) holds; lists of several.
    pub fn counts(&self, name: &str) -> Result<Option<Vec<usize>>, TableError> {
        let Some(column) = self.get(name) else {
            return Ok(None);
        };
        self.of_width(column, 1)?;
        let count = |row| {
            let number = column.numbers.count(row);
            number.map_err(|found| self.value(name, row, found, "a count or an index, a whole number from 0"))
        };
        (0..self.rows).map(count).collect::<Result<_, _>>().map(Some)
    }

    /// Times in seconds, if there is such a column.
    ///
    /// # Errors
    /// A number that is negative, above 10⁹, or not a number; lists of several.
    pub fn times(&self, name: &str) -> Result<Option<Vec<f64>>, TableError> {
        let Some(column) = self.get(name) else {
            return Ok(None);
        };
        self.of_width(column, 1)?;
        let time = |row| match column.numbers.real(row) {
            time if (0.0..=LONGEST).contains(&time) => Ok(time),
            time => Err(self.value(name, row, time.to_string(), "seconds, from 0")),
        };
        (0..self.rows).map(time).collect::<Result<_, _>>().map(Some)
    }

    /// Vectors of finite numbers that f32 holds, if there is such a column; `Some(None)` if its vectors have another
    /// length.
    ///
    /// # Errors
    /// A number that is not finite, or that f32 does not hold.
    pub fn vectors<const N: usize>(&self, name: &str) -> Result<Option<Option<Vec<[f64; N]>>>, TableError> {
        let Some(column) = self.get(name) else {
            return Ok(None);
        };
        if column.width != N {
            return Ok(Some(None));
        }
        let vector = |row| {
            let vector: [f64; N] = std::array::from_fn(|i| column.numbers.real(row * N + i));
            match vector
                .iter()
                .find(|number| number.is_nan() || number.abs() > f64::from(f32::MAX))
            {
                Some(found) => Err(self.value(name, row, found.to_string(), "finite numbers")),
                None => Ok(vector),
            }
        };
        let vectors: Result<Vec<_>, _> = (0..self.rows).map(vector).collect();
        vectors.map(|vectors| Some(Some(vectors)))
    }

    /// Numbers per row of a column; 0 if there is no such column.
    pub fn width(&self, name: &str) -> usize {
        self.get(name).map_or(0, |column| column.width)
    }

    /// Error for a number that cannot be meant.
    pub fn value(&self, name: &str, row: usize, found: String, expected: &'static str) -> TableError {
        TableError::Number {
            path: self.path.clone(),
            column: name.to_owned(),
            row,
            found,
            expected,
        }
    }

    /// Error for a column of another kind.
    pub fn wrong(&self, name: &str, expected: &str, found: String) -> TableError {
        TableError::Column {
            path: self.path.clone(),
            column: name.to_owned(),
            expected: expected.to_owned(),
            found,
        }
    }

    fn of_width(&self, column: &Column, width: usize) -> Result<(), TableError> {
        if column.width == width || self.rows == 0 {
            return Ok(());
        }
        let found = format!("{} in a row", column.width);
        Err(self.wrong(&column.name, "one number in a row", found))
    }
}

fn unreadable(path: &Path, reason: &str) -> TableError {
    TableError::Unreadable {
        path: path.to_path_buf(),
        reason: reason.to_owned(),
    }
}

fn read(path: &Path, names: &[&str]) -> Result<NumberTable, TableError> {
    let failed = |e: &dyn std::fmt::Display| unreadable(path, &e.to_string());
    let file = pusht_jobs::open_file(path).map_err(|e| failed(&e))?;
    let bytes = file.metadata().map_err(|e| failed(&e))?.len();
    let reader = SerializedFileReader::new(file).map_err(|e| failed(&e))?;
    let most = pages::most_values(bytes);
    let metadata = reader.metadata();
    let schema = metadata.file_metadata().schema_descr_ptr();
    let mut table = NumberTable {
        path: path.to_path_buf(),
        rows: 0,
        columns: Vec::new(),
    };
    let mut rows = None;
    for &name in names {
        let of_name = |c: &parquet::schema::types::ColumnDescPtr| c.path().parts().first().is_some_and(|p| p == name);
        let Some(place) = schema.columns().iter().position(of_name) else {
            continue;
        };
        if schema.columns().iter().filter(|c| of_name(c)).count() > 1 {
            let expected = "numbers, or lists of numbers";
            return Err(table.wrong(name, expected, "several values under one name".to_owned()));
        }
        let mut column: Option<Column> = None;
        for group in 0..reader.num_row_groups() {
            let compression = metadata.row_group(group).column(place).compression();
            if !matches!(
                compression,
                Compression::UNCOMPRESSED | Compression::SNAPPY | Compression::ZSTD(_)
            ) {
                let named = format!("{compression:?}");
                return Err(TableError::Compression {
                    path: path.to_path_buf(),
                    column: name.to_owned(),
                    // Without its level.
                    found: named.split('(').next().unwrap_or_default().to_ascii_lowercase(),
                });
            }
            pages::check(path, metadata.row_group(group).column(place), most).map_err(|e| failed(&e))?;
            let group = reader.get_row_group(group).map_err(|e| failed(&e))?;
            let from = group.get_column_reader(place).map_err(|e| failed(&e))?;
            let defined = schema.column(place).max_def_level();
            let to = column.get_or_insert_with(|| Column {
                name: name.to_owned(),
                width: 0,
                numbers: match from {
                    ColumnReader::Int64ColumnReader(_) | ColumnReader::Int32ColumnReader(_) => {
                        Numbers::Whole(Vec::new())
                    }
                    _ => Numbers::Real(Vec::new()),
                },
            });
            let pulled = match (from, &mut to.numbers) {
                (ColumnReader::FloatColumnReader(r), Numbers::Real(out)) => {
                    pull(r, defined, &mut to.width, most, |v| out.push(f64::from(*v)))
                }
                (ColumnReader::DoubleColumnReader(r), Numbers::Real(out)) => {
                    pull(r, defined, &mut to.width, most, |v| out.push(*v))
                }
                (ColumnReader::Int64ColumnReader(r), Numbers::Whole(out)) => {
                    pull(r, defined, &mut to.width, most, |v| out.push(*v))
                }
                (ColumnReader::Int32ColumnReader(r), Numbers::Whole(out)) => {
                    pull(r, defined, &mut to.width, most, |v| out.push(i64::from(*v)))
                }
                _ => Err(Refused::Other("another type")),
            };
            pulled.map_err(|refused| match refused {
                Refused::Reader(e) => failed(&e),
                Refused::Other(found) => {
                    let expected = "numbers, or lists of as many numbers in every row, none missing";
                    table.wrong(name, expected, found.to_owned())
                }
            })?;
            if to.numbers.len() > most {
                return Err(failed(&"more values than its bytes can hold"));
            }
        }
        let Some(column) = column else {
            continue;
        };
        let found = column.numbers.len().checked_div(column.width).unwrap_or(0);
        if *rows.get_or_insert(found) != found {
            return Err(failed(&"its columns have different lengths"));
        }
        table.columns.push(column);
    }
    table.rows = rows.unwrap_or(0);
    Ok(table)
}

enum Refused {
    Reader(ParquetError),
    /// What the column holds instead of numbers.
    Other(&'static str),
}

/// Passes on the values of a column of one row group, and checks that every row has as many, none missing.
fn pull<T: DataType>(
    mut reader: ColumnReaderImpl<T>,
    all_defined: i16,
    width: &mut usize,
    most: usize,
    mut push: impl FnMut(&T::T),
) -> Result<(), Refused> {
    let (mut defined, mut repeated, mut values) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = 0_usize;
    loop {
        defined.clear();
        repeated.clear();
        values.clear();
        let read = reader.read_records(BATCH, Some(&mut defined), Some(&mut repeated), &mut values);
        let (records, ..) = read.map_err(Refused::Reader)?;
        if records == 0 {
            return Ok(());
        }
        if defined.iter().any(|&d| d != all_defined) {
            return Err(Refused::Other("missing values"));
        }
        let each = values.len() / records;
        // A row begins at every repetition level 0; plain columns have no levels.
        let starts = (0..repeated.len()).filter(|&i| repeated[i] == 0);
        let even = values.len() == each * records
            && (repeated.is_empty() || repeated.len() == values.len() && starts.eq((0..records).map(|row| row * each)));
        if !even || each == 0 || (*width != 0 && *width != each) {
            return Err(Refused::Other("rows with different numbers of values"));
        }
        *width = each;
        count += values.len();
        if count > most {
            return Err(Refused::Other("more values than its bytes can hold"));
        }
        values.iter().for_each(&mut push);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_compression_that_is_not_read_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.parquet");
        let columns = || vec![("rows", crate::ColumnValues::Whole(vec![1, 2, 3]))];
        let mut writer = crate::TableWriter::create(&path, &columns(), Vec::new()).unwrap();
        writer.write(&columns()).unwrap();
        writer.finish().unwrap();
        let table = std::fs::read(&path).unwrap();
        assert!(NumberTable::read(&path, &["rows"]).is_ok());
        // The name of the column, then the field of its codec: snappy is 1, written as 2 (zigzag).
        let before = b"rows\x15\x02";
        let at = table.windows(before.len()).position(|bytes| bytes == before).unwrap() + before.len() - 1;
        for (codec, name) in [(2, "gzip"), (4, "brotli"), (5, "lz4"), (7, "lz4_raw")] {
            let mut other = table.clone();
            other[at] = 2 * codec;
            std::fs::write(&path, other).unwrap();
            let error = NumberTable::read(&path, &["rows"]).err().unwrap().to_string();
            assert!(
                error.contains(&format!("column rows is compressed with {name}, which is not read")),
                "{error}"
            );
            assert!(error.contains("write the table again with zstd"), "{error}");
        }
    }

    #[test]
    fn what_is_no_count_is_named_with_its_row() {
        let table = |numbers| NumberTable {
            path: "table".into(),
            rows: 3,
            columns: vec![Column {
                name: "length".to_owned(),
                width: 1,
                numbers,
            }],
        };
        let real = |last| table(Numbers::Real(vec![0.0, 3.0, last])).counts("length");
        assert_eq!(real(9e15).unwrap(), Some(vec![0, 3, 9_000_000_000_000_000]));
        for bad in [-1.0, 0.5, 1e16, f64::INFINITY, f64::NAN] {
            let error = real(bad).unwrap_err().to_string();
            assert!(error.contains(&format!("column length, row 2: found {bad}")), "{error}");
        }
        let whole = |last| table(Numbers::Whole(vec![0, 3, last])).counts("length");
        assert_eq!(whole((1 << 53) + 1).unwrap().unwrap()[2], (1 << 53) + 1);
        assert!(whole(-1).unwrap_err().to_string().contains("row 2: found -1"));
        let times = |last| table(Numbers::Real(vec![0.0, 3.0, last])).times("length");
        assert_eq!(times(0.1).unwrap(), Some(vec![0.0, 3.0, 0.1]));
        for bad in [-0.1, 1e10, f64::NAN] {
            assert!(times(bad).unwrap_err().to_string().contains("row 2"));
        }
        assert!(table(Numbers::Real(vec![0.0; 6])).counts("other").unwrap().is_none());
    }
}
