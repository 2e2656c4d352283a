//! Walks the boxes of an MP4 file. Only boxes on the way to the pictures are opened; all others (tags, names, padding,
//! unknown ones) are passed over, whatever they hold.

use crate::read::mp4::error::{Mp4Error, Mp4Result, damaged};
use mp4_atom::Atom;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

/// Four characters that name the kind of a box.
pub(crate) type Kind = [u8; 4];

/// Largest `moov` or `moof` that is read, bytes: more than the index of an hour with a thousand pictures per second.
const LONGEST_INDEX: u64 = 256 << 20;

/// Most boxes at the top of a file; a fragmented one has two for every fragment.
const MOST_BOXES: usize = 1 << 20;

/// Position of a fragment's index in the file.
pub(crate) struct Moof {
    /// Position of the box.
    pub(crate) at: u64,
    body: u64,
    size: u64,
}

/// The index of a file, without the pictures.
pub(crate) struct Index {
    /// Body of `moov`.
    pub(crate) moov: Vec<u8>,
    pub(crate) moofs: Vec<Moof>,
}

impl Index {
    /// Finds the boxes at the top of a file of `length` bytes. Of two `moov` the first counts.
    pub(crate) fn read(file: &mut File, length: u64) -> Mp4Result<Self> {
        let mut reader = BufReader::new(file);
        let (mut moov, mut moofs, mut at) = (None, Vec::new(), 0);
        for _ in 0..MOST_BOXES {
            let Some((kind, body, end)) = header(&mut reader, at, length)? else {
                let moov = moov.ok_or_else(|| {
                    damaged("it has no index (box `moov`): it was cut off, or its recording never ended")
                })?;
                return Ok(Self { moov, moofs });
            };
            let wanted = (&kind == b"moov" && moov.is_none()) || &kind == b"moof";
            if wanted && end > length {
                return Err(damaged("it was cut off: it ends within its index"));
            }
            if wanted && end - body > LONGEST_INDEX {
                return Err(damaged("its index is larger than 256 MiB"));
            }
            match &kind {
                b"moov" if wanted => moov = Some(bytes(&mut reader, body, end - body)?),
                b"moof" => moofs.push(Moof {
                    at,
                    body,
                    size: end - body,
                }),
                _ => {}
            }
            at = end;
        }
        Err(damaged(format!("it has more than {MOST_BOXES} boxes at the top")))
    }
}

impl Moof {
    /// Body of the box.
    pub(crate) fn read(&self, file: &mut File) -> Mp4Result<Vec<u8>> {
        bytes(file, self.body, self.size)
    }
}

fn bytes(reader: &mut (impl Read + Seek), at: u64, size: u64) -> Mp4Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    reader.take(size).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The box at `at`: kind, start of its body, end. `None` at the end of the file and before bytes that are no box.
fn header(reader: &mut (impl Read + Seek), at: u64, length: u64) -> Mp4Result<Option<(Kind, u64, u64)>> {
    if length.saturating_sub(at) < 8 {
        return Ok(None);
    }
    let head = bytes(reader, at, 16)?;
    let mut head = Fields(&head);
    let (Some(size), Some(kind)) = (head.u32(), head.array()) else {
        return Ok(None);
    };
    let (header, size) = match size {
        0 => (8, length - at),
        1 => (16, head.u64().unwrap_or(0)),
        size => (8, u64::from(size)),
    };
    Ok((size >= header).then(|| (kind, at + header, at.saturating_add(size))))
}

/// The boxes within the body of a box: kind and body. One that reaches beyond the end is cut there, and bytes that are no
/// box end the list: tags of many programs have both.
pub(crate) fn children(body: &[u8]) -> impl Iterator<Item = (Kind, &[u8])> {
    let mut rest = Fields(body);
    std::iter::from_fn(move || {
        let (size, kind) = (rest.u32()?, rest.array()?);
        let size = match size {
            0 => u64::MAX,
            1 => rest.u64()?.checked_sub(16)?,
            size => u64::from(size).checked_sub(8)?,
        };
        let size = usize::try_from(size).unwrap_or(usize::MAX).min(rest.0.len());
        Some((kind, rest.take(size)?))
    })
}

/// Body of the last box of this kind, which counts if there are several.
pub(crate) fn child<'a>(body: &'a [u8], kind: &Kind) -> Option<&'a [u8]> {
    children(body)
        .filter(|(found, _)| found == kind)
        .last()
        .map(|(_, body)| body)
}

/// Body of the box at the end of a path.
pub(crate) fn descendant<'a>(body: &'a [u8], path: &[&Kind]) -> Option<&'a [u8]> {
    path.iter().try_fold(body, |body, kind| child(body, kind))
}

/// Decodes the body of a box; bytes after its last field are ignored.
pub(crate) fn decode<T: Atom>(mut body: &[u8]) -> Mp4Result<T> {
    T::decode_body(&mut body).map_err(|error| match error {
        mp4_atom::Error::Io(error) => Mp4Error::Io(error),
        other => damaged(format!("its box `{}` cannot be read ({other})", T::KIND)),
    })
}

/// Numbers in the body of a box.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn take(&mut self, size: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(size)?;
        self.0 = rest;
        Some(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(crate) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_be_bytes)
    }

    pub(crate) fn i32(&mut self) -> Option<i32> {
        self.array().map(i32::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_be_bytes)
    }

    /// Version of a box and its flags.
    pub(crate) fn version(&mut self) -> Option<(u8, u32)> {
        let [version, flags @ ..] = self.array::<4>()?;
        let [high, middle, low] = flags;
        Some((version, u32::from_be_bytes([0, high, middle, low])))
    }
}

/// A box that is shorter than its fields.
pub(crate) fn short(kind: &str) -> Mp4Error {
    damaged(format!("its box `{kind}` is cut off"))
}
