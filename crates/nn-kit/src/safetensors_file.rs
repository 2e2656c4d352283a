//! The safetensors format: a header with the position of each tensor, then the data.
//!
//! Opening a file reads only its header. A tensor is read when it is requested, so that no more than one tensor of a
//! large file is in memory besides the model.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use burn::store::burn_pack::{Bytes, Error, Tensor as Entry};
use burn::tensor::{BoolStore, DType};
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Longest header in bytes, as the format limits it; the largest published models have less than 1 MB.
const LONGEST_HEADER: u64 = 100_000_000;

#[derive(Deserialize)]
struct Place {
    dtype: String,
    shape: Vec<usize>,
    /// First byte and one past the last, counted from the end of the header.
    data_offsets: [u64; 2],
}

/// Tensors and metadata by name.
type Opened = (BTreeMap<String, Entry>, BTreeMap<String, String>);

/// The entries of the header in the file's order, so that none hides another of the same name.
struct Header(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;

        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("places of tensors by name")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Header(entries))
            }
        }

        deserializer.deserialize_map(Entries)
    }
}

/// Opens the tensors of a file by name, and its metadata; the error text states what is wrong with the file.
pub(crate) fn open(path: &Path) -> Result<Opened, String> {
    let mut file = pusht_jobs::open_file(path).map_err(|error| error.to_string())?;
    let whole = file.metadata().map_err(|error| error.to_string())?.len();
    let mut length = [0; 8];
    file.read_exact(&mut length)
        .map_err(|_| "it is shorter than the 8 bytes before a header".to_string())?;
    let length = u64::from_le_bytes(length);
    let room = whole - 8;
    if length > room.min(LONGEST_HEADER) {
        return Err(format!(
            "its header would be {length} bytes; expected at most {}",
            room.min(LONGEST_HEADER)
        ));
    }
    // Not longer than the file, so the allocation is bounded.
    let mut header = vec![0; length as usize];
    file.read_exact(&mut header).map_err(|error| error.to_string())?;
    let Header(header) = serde_json::from_slice(&header).map_err(|error| format!("its header is damaged: {error}"))?;

    let file = Arc::new(Mutex::new(file));
    let data = room - length;
    let mut places = Vec::with_capacity(header.len());
    let (mut tensors, mut metadata) = (BTreeMap::new(), BTreeMap::new());
    for (name, place) in header {
        if name == "__metadata__" {
            metadata = BTreeMap::deserialize(place).map_err(|error| format!("its metadata are damaged: {error}"))?;
            continue;
        }
        let place = Place::deserialize(place).map_err(|error| format!("{name} has no place in the header: {error}"))?;
        let dtype = dtype(&place.dtype).ok_or_else(|| {
            format!(
                "{name} is of type {}; expected F32, BF16, F16, F64 or integers",
                place.dtype
            )
        })?;
        let numbers = place.shape.iter().try_fold(1_usize, |n, size| n.checked_mul(*size));
        let bytes = numbers.and_then(|n| n.checked_mul(dtype.size()));
        let [first, last] = place.data_offsets;
        if first > last || last > data {
            return Err(format!(
                "{name} lies at bytes {first} to {last} of {data}; the file is cut short or damaged"
            ));
        }
        if bytes.map(|bytes| bytes as u64) != Some(last - first) {
            let (found, shape) = (last - first, &place.shape);
            let expected = bytes.map_or_else(|| "fewer numbers".to_string(), |bytes| bytes.to_string());
            return Err(format!(
                "{name} of shape {shape:?} has {found} bytes; expected {expected}"
            ));
        }
        places.push((first, last));
        let (file, start, length) = (file.clone(), 8 + length + first, (last - first) as usize);
        let read = move || read(&file, start, length).map_err(|error| Error::IoError(error.to_string()));
        let entry = Entry::deferred(name.clone(), dtype, place.shape, None, length, read);
        if tensors.insert(name.clone(), entry).is_some() {
            return Err(format!("{name} is in its header twice"));
        }
    }
    // The format allows neither gaps nor shared bytes.
    places.sort_unstable();
    let mut used = 0;
    for (first, last) in places {
        if first != used {
            return Err(format!(
                "its tensors overlap or leave a gap at byte {used} of {data}; it is damaged"
            ));
        }
        used = last;
    }
    if used < data {
        return Err(format!("{} bytes at its end belong to no tensor", data - used));
    }
    Ok((tensors, metadata))
}

fn read(file: &Mutex<File>, start: u64, length: usize) -> std::io::Result<Bytes> {
    let mut bytes = vec![0; length];
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    file.seek(SeekFrom::Start(start))?;
    file.read_exact(&mut bytes)?;
    Ok(Bytes::from_bytes_vec(bytes))
}

fn dtype(name: &str) -> Option<DType> {
    Some(match name {
        "F64" => DType::F64,
        "F32" => DType::F32,
        "F16" => DType::F16,
        "BF16" => DType::BF16,
        "I64" => DType::I64,
        "I32" => DType::I32,
        "I16" => DType::I16,
        "I8" => DType::I8,
        "U64" => DType::U64,
        "U32" => DType::U32,
        "U16" => DType::U16,
        "U8" => DType::U8,
        "BOOL" => DType::Bool(BoolStore::Native),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        std::fs::write(file.path(), bytes).unwrap();
        file
    }

    #[test]
    fn damaged_files_are_refused_with_the_reason() {
        let whole = r#"{"__metadata__":{"a":"b"},"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#;
        let (tensors, metadata) = open(file(whole, &[0, 0, 128, 63]).path()).unwrap();
        assert_eq!(metadata["a"], "b");
        assert_eq!(tensors["x"].to_bytes().unwrap().to_vec(), [0, 0, 128, 63]);
        let refused = |header: &str, data: &[u8], part: &str| {
            let text = open(file(header, data).path()).err().unwrap();
            assert!(text.contains(part), "{text}");
        };
        let with = |part: &str, other: &str| whole.replace(part, other);
        refused(whole, &[0; 3], "cut short");
        refused(whole, &[0; 5], "belong to no tensor");
        refused(&with("[2]", "[3]"), &[0; 4], "has 4 bytes");
        refused(&with("[2]", "[9223372036854775807,4]"), &[0; 4], "has 4 bytes");
        refused(&with("[0,4]", "[4,0]"), &[0; 4], "damaged");
        refused(&with("BF16", "F8_E4M3"), &[0; 4], "F8_E4M3");
        refused(&with("shape", "shapes"), &[0; 4], "no place");
        refused("{", &[], "header is damaged");
        let two = |other: &str| whole.replace("[0,4]}}", &format!("[0,4]}},{other}}}"));
        refused(
            &two(r#""x":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}"#),
            &[0; 8],
            "twice",
        );
        refused(
            &two(r#""y":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}"#),
            &[0; 4],
            "overlap",
        );
        refused(
            &two(r#""y":{"dtype":"BF16","shape":[2],"data_offsets":[6,10]}"#),
            &[0; 10],
            "gap",
        );
        // A header longer than the file, and one longer than the format allows.
        let claimed = |length: u64| {
            let file = tempfile::NamedTempFile::new().unwrap();
            std::fs::write(file.path(), [&length.to_le_bytes()[..], b"{}"].concat()).unwrap();
            open(file.path()).err().unwrap()
        };
        assert!(claimed(3).contains("expected at most 2"));
        assert!(claimed(u64::MAX).contains("expected at most 2"));
        assert!(
            open(tempfile::NamedTempFile::new().unwrap().path())
                .err()
                .unwrap()
                .contains("shorter")
        );
    }
}
