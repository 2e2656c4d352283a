//! Writes parquet tables.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use crate::TableError;

/// Values of a column to write, none missing.
pub enum ColumnValues {
    /// Lists of this many numbers, concatenated.
    Lists(usize, Vec<f32>),
    /// float32.
    Single(Vec<f32>),
    /// float64.
    Double(Vec<f64>),
    /// int64.
    Whole(Vec<i64>),
    /// Strings.
    Text(Vec<String>),
    /// Lists of one string.
    Texts(Vec<String>),
}

impl ColumnValues {
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
pub struct TableWriter {
    path: PathBuf,
    writer: SerializedFileWriter<File>,
}

impl TableWriter {
    /// Creates a table with columns declared after `like`, whose values are not used; `metadata` goes into the file's
    /// key-value metadata. Folders that do not exist are made.
    ///
    /// # Errors
    /// A path that cannot be written.
    pub fn create(
        path: &Path,
        like: &[(&str, ColumnValues)],
        metadata: Vec<(&str, String)>,
    ) -> Result<Self, TableError> {
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
            Ok(Self {
                path: path.to_path_buf(),
                writer,
            })
        };
        create().map_err(|e| TableError::unwritable(path, &e))
    }

    /// Writes a row group: all columns, in the order of declaration.
    ///
    /// # Errors
    /// Columns of other kinds or lengths, or a file that cannot be written.
    pub fn write(&mut self, columns: &[(&str, ColumnValues)]) -> Result<(), TableError> {
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
        write().map_err(|e| TableError::unwritable(&self.path, &e))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn finish(self) -> Result<(), TableError> {
        let Self { path, writer } = self;
        writer.close().map_err(|e| TableError::unwritable(&path, &e))?;
        Ok(())
    }
}
