//! Why an MP4 file is not read.

use rusty_h264_decoder::DecodeError;
use std::io;

/// The result of reading a part of an MP4 file.
pub(crate) type Mp4Result<T> = Result<T, Mp4Error>;

/// Why an MP4 file is not read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Mp4Error {
    /// Not damaged as far as is known, but coded in a way that the built-in decoders do not read; another program may.
    #[error("{holds}")]
    Unsupported {
        /// What the file holds, as part of a sentence: "lossless H.264 (…)".
        holds: String,
    },
    /// Damaged, truncated, or it contradicts itself.
    #[error("{reason}")]
    Damaged {
        /// The reason, as a sentence without a period.
        reason: String,
    },
    /// No track with pictures.
    #[error("it has no video track with pictures")]
    NoPictures,
    /// The file system failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A file that is damaged for this reason.
pub(crate) fn damaged(reason: impl Into<String>) -> Mp4Error {
    Mp4Error::Damaged { reason: reason.into() }
}

/// A file that holds what the built-in decoders do not read.
pub(crate) fn unsupported(holds: impl Into<String>) -> Mp4Error {
    Mp4Error::Unsupported { holds: holds.into() }
}

/// What an error of the H.264 decoder says of the file. The decoder calls "unsupported" also what no encoder writes.
pub(crate) fn of_h264(error: &DecodeError) -> Mp4Error {
    let DecodeError::Unsupported(tool) = error else {
        return damaged(format!("a picture of its H.264 stream cannot be decoded ({error})"));
    };
    match *tool {
        "transform-bypass (lossless) macroblock" => unsupported("lossless H.264"),
        "bit depth > 8" => unsupported("H.264 with more than 8 bits"),
        "non-4:2:0 chroma" => unsupported("H.264 with another color sampling than 4:2:0"),
        "explicit B weighted prediction" => unsupported("H.264 with explicit weighted prediction of B pictures"),
        "slice groups (FMO)" | "SP/SI slices" => unsupported(format!("H.264 of the Extended profile ({tool})")),
        "frame too large" => unsupported("H.264 pictures of more than 37 megapixels"),
        interlaced if interlaced.starts_with("interlace") => unsupported("interlaced H.264"),
        other => damaged(format!("a picture of its H.264 stream cannot be decoded ({other})")),
    }
}
