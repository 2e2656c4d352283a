//! Bounds on what the pages of a parquet column ask for, checked before any page is decoded: a page of a few bytes may state
//! two billion values.
//!
//! Only the headers of the pages are read here (Thrift, compact protocol; the structure `PageHeader` of the parquet format).

use std::io::{Error, Read, Result, Seek, SeekFrom};
use std::path::Path;

use parquet::file::metadata::ColumnChunkMetaData;

/// Structures within a header: the header itself, its kind, statistics.
const DEEPEST: usize = 8;

/// Most numbers that a column of a table of so many bytes may hold. Actions and times that were recorded take bytes; only
/// columns such as the episode's number are stored in less than a byte a row.
pub(super) fn most_values(bytes: u64) -> usize {
    usize::try_from(bytes.saturating_mul(4).max(1 << 16)).unwrap_or(usize::MAX)
}

/// Checks the pages of a column of one row group.
pub(super) fn check(path: &Path, column: &ColumnChunkMetaData, most: usize) -> Result<()> {
    let first = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
    let (Ok(first), Ok(length)) = (u64::try_from(first), u64::try_from(column.compressed_size())) else {
        return Err(Error::other("a column has a negative size"));
    };
    let mut file = pusht_jobs::open_file(path)?;
    file.seek(SeekFrom::Start(first))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    let (most, mut values) = (most as u64, 0_u64);
    let mut rest = &bytes[..];
    while !rest.is_empty() {
        let mut header = Header::default();
        header.structure(&mut rest, 0, 0)?;
        values = values.saturating_add(header.values);
        if values > most || header.size > 16 * most {
            return Err(Error::other(
                "a page states more values than the table's bytes can hold",
            ));
        }
        let page = usize::try_from(header.stored).unwrap_or(usize::MAX);
        rest = rest.get(page..).ok_or_else(cut_off)?;
    }
    Ok(())
}

fn cut_off() -> Error {
    Error::other("a page is cut off")
}

/// What is needed of a page's header.
#[derive(Default)]
struct Header {
    /// Bytes after decompression.
    size: u64,
    /// Bytes in the file, after the header.
    stored: u64,
    values: u64,
}

impl Header {
    /// Reads a structure; `field` is its place in the one around it, 0 for the header itself.
    fn structure(&mut self, bytes: &mut &[u8], field: i64, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(Error::other("a page's header is nested too deeply"));
        }
        let mut id = 0_i64;
        loop {
            let start = byte(bytes)?;
            if start == 0 {
                return Ok(());
            }
            id = match start >> 4 {
                0 => zigzag(bytes)?,
                step => id.saturating_add(i64::from(step)),
            };
            match start & 15 {
                4..=6 => {
                    let number = u64::try_from(zigzag(bytes)?).map_err(|_| Error::other("a page has a negative size"));
                    match (field, id) {
                        (0, 2) => self.size = number?,
                        (0, 3) => self.stored = number?,
                        // Data page, dictionary page, data page of version 2.
                        (5 | 7 | 8, 1) => self.values = number?,
                        _ => {}
                    }
                }
                // True and false are in the type.
                1 | 2 => {}
                kind => self.value(bytes, kind, id, depth)?,
            }
        }
    }

    /// Skips a value of this type.
    fn value(&mut self, bytes: &mut &[u8], kind: u8, field: i64, depth: usize) -> Result<()> {
        match kind {
            1..=3 => skip(bytes, 1),
            4..=6 => zigzag(bytes).map(drop),
            7 => skip(bytes, 8),
            8 => {
                let length = varint(bytes)?;
                skip(bytes, length)
            }
            9 | 10 => {
                let start = byte(bytes)?;
                let count = match start >> 4 {
                    15 => varint(bytes)?,
                    count => u64::from(count),
                };
                (0..count).try_for_each(|_| self.element(bytes, start & 15, depth))
            }
            12 => self.structure(bytes, field, depth + 1),
            _ => Err(Error::other("a page's header has an unknown type")),
        }
    }

    fn element(&mut self, bytes: &mut &[u8], kind: u8, depth: usize) -> Result<()> {
        if depth > DEEPEST {
            return Err(Error::other("a page's header is nested too deeply"));
        }
        // -1: no field of the header.
        self.value(bytes, kind, -1, depth + 1)
    }
}

fn byte(bytes: &mut &[u8]) -> Result<u8> {
    let (&first, rest) = bytes.split_first().ok_or_else(cut_off)?;
    *bytes = rest;
    Ok(first)
}

fn skip(bytes: &mut &[u8], count: u64) -> Result<()> {
    let count = usize::try_from(count).map_err(|_| cut_off())?;
    *bytes = bytes.get(count..).ok_or_else(cut_off)?;
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Result<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let next = byte(bytes)?;
        number |= u64::from(next & 127) << shift;
        if next < 128 {
            return Ok(number);
        }
    }
    Err(Error::other("a page's header has an endless number"))
}

fn zigzag(bytes: &mut &[u8]) -> Result<i64> {
    let number = varint(bytes)?;
    Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}
