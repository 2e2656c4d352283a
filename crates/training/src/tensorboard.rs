//! TensorBoard event files: scalars in TensorFlow's record format, without TensorFlow.
//!
//! A record is a little-endian u64 length, the masked CRC-32C of those eight bytes, the payload, and the masked CRC-32C
//! of the payload; the payload is an `Event` protocol buffer. Field numbers are those of TensorFlow's `event.proto` and
//! `summary.proto`.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;

use crate::TrainingError;

#[derive(Clone, PartialEq, Message)]
struct Event {
    /// Seconds since 1970.
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    what: Option<What>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, tag = "1")]
    tag: String,
    /// Optional, so that 0 is written too.
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// `SessionLog::START`: readers drop what earlier files recorded from this step on.
const START: i32 = 1;

/// Writes one event file, `events.out.tfevents.SECONDS.NUMBER`, to a folder that TensorBoard reads.
#[derive(Debug)]
pub struct EventWriter {
    out: BufWriter<File>,
    path: PathBuf,
}

impl EventWriter {
    /// Creates a file whose first step is `first_step`; a resumed run thereby replaces what was recorded after its
    /// checkpoint.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn create(folder: &Path, first_step: usize) -> Result<Self, TrainingError> {
        std::fs::create_dir_all(folder).map_err(TrainingError::io("creating", folder))?;
        let seconds = now().floor();
        // A number makes the name unique, even for two runs that begin in the same second.
        for number in 0.. {
            let path = folder.join(format!("events.out.tfevents.{seconds:010}.{number:03}"));
            match File::create_new(&path) {
                Ok(file) => {
                    let out = BufWriter::new(file);
                    let mut writer = Self { out, path };
                    writer.event(0, What::FileVersion("brain.Event:2".into()))?;
                    writer.event(first_step, What::SessionLog(SessionLog { status: START }))?;
                    return Ok(writer);
                }
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(TrainingError::io("writing", &path)(error)),
            }
        }
        unreachable!("one of all numbers is free or creating fails otherwise")
    }

    /// Records one number.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn scalar(&mut self, tag: &str, step: usize, value: f64) -> Result<(), TrainingError> {
        let value = Value {
            tag: tag.to_string(),
            simple_value: Some(value as f32),
        };
        self.event(step, What::Summary(Summary { value: vec![value] }))
    }

    /// Flushes all records to the system.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn flush(&mut self) -> Result<(), TrainingError> {
        self.out.flush().map_err(TrainingError::io("writing", &self.path))
    }

    fn event(&mut self, step: usize, what: What) -> Result<(), TrainingError> {
        let event = Event {
            wall_time: now(),
            step: step as i64,
            what: Some(what),
        };
        let record = record(&event.encode_to_vec());
        self.out
            .write_all(&record)
            .map_err(TrainingError::io("writing", &self.path))
    }
}

fn record(payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u64).to_le_bytes();
    let mut record = length.to_vec();
    record.extend(masked_crc(&length).to_le_bytes());
    record.extend(payload);
    record.extend(masked_crc(payload).to_le_bytes());
    record
}

/// A CRC of data that itself holds CRCs is masked: rotated right by 15 bits, plus a constant.
fn masked_crc(bytes: &[u8]) -> u32 {
    crc32c::crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |elapsed| elapsed.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_is_written() {
        let value = Value {
            tag: "t".into(),
            simple_value: Some(0.0),
        };
        assert_eq!(value.encode_to_vec(), [0x0A, 1, b't', 0x15, 0, 0, 0, 0]);
    }

    #[test]
    fn a_record_has_length_payload_and_two_checksums() {
        // Masked CRC-32C of eight zero bytes is 0x8a9136aa ^ … computed once with the reference definition:
        // crc32c(00 * 8) = 0x8c28b28a.
        assert_eq!(crc32c::crc32c(&[0; 8]), 0x8c28_b28a);
        let bytes = record(b"abc");
        assert_eq!(bytes.len(), 8 + 4 + 3 + 4);
        assert_eq!(bytes[..8], 3u64.to_le_bytes());
        assert_eq!(&bytes[12..15], b"abc");
    }
}
