//! The formats that can be read. Which one a file has follows from its content.
//!
//! A new format is a line in [`FORMATS`] and its name endings in `find.rs`: with a file beside this one and an
//! `impl FrameSource` if it has a built-in reader, else by FFmpeg.

use crate::RawFrame;
use crate::error::VideoIoError;
use crate::read::errors::read_error;
use crate::read::ffmpeg::FfmpegSource;
use crate::read::foreign::Foreign;
use crate::read::gif::GifSource;
#[cfg(feature = "mp4")]
use crate::read::mp4_file;
use crate::read::options::{ReadOptions, VideoBackend};
use crate::read::png_folder::FolderSource;
use crate::read::source::FrameSource;
use crate::read::timing::Timing;
use pusht_jobs::{is_lfs_pointer, open_file};
use std::fs;
use std::io::{self, Read};
use std::path::Path;

/// Opens a file with a built-in reader.
type BuiltIn = fn(&Path, &ReadOptions) -> Result<Box<dyn FrameSource>, VideoIoError>;

/// A format of files.
struct Format {
    name: &'static str,
    /// FFmpeg's name of it.
    demuxer: &'static str,
    built_in: Option<BuiltIn>,
    /// Bytes at offsets from the start, all of which a file of this format has.
    bytes: &'static [(usize, &'static [u8])],
}

impl Format {
    const fn new(
        name: &'static str,
        demuxer: &'static str,
        built_in: Option<BuiltIn>,
        bytes: &'static [(usize, &'static [u8])],
    ) -> Self {
        Self {
            name,
            demuxer,
            built_in,
            bytes,
        }
    }
}

/// All formats of files.
static FORMATS: [Format; 22] = [
    Format::new("GIF", "gif", Some(gif), &[(0, b"GIF8")]),
    Format::new("MP4", "mov", Some(mp4), &[(4, b"ftyp")]),
    Format::new("MP4", "mov", Some(mp4), &[(4, b"styp")]),
    // QuickTime files of old begin with any box.
    Format::new("QuickTime", "mov", Some(mp4), &[(4, b"moov")]),
    Format::new("QuickTime", "mov", Some(mp4), &[(4, b"mdat")]),
    Format::new("QuickTime", "mov", Some(mp4), &[(4, b"wide")]),
    Format::new("QuickTime", "mov", Some(mp4), &[(4, b"free")]),
    Format::new("QuickTime", "mov", Some(mp4), &[(4, b"skip")]),
    Format::new("Matroska", "matroska", None, &[(0, b"\x1A\x45\xDF\xA3")]),
    Format::new("AVI", "avi", None, &[(0, b"RIFF"), (8, b"AVI ")]),
    Format::new("Ogg", "ogg", None, &[(0, b"OggS")]),
    Format::new("FLV", "flv", None, &[(0, b"FLV\x01")]),
    Format::new(
        "Windows Media",
        "asf",
        None,
        &[(0, b"\x30\x26\xB2\x75\x8E\x66\xCF\x11")],
    ),
    Format::new("an MPEG program stream", "mpeg", None, &[(0, b"\0\0\x01\xBA")]),
    Format::new("an MPEG video stream", "mpegvideo", None, &[(0, b"\0\0\x01\xB3")]),
    Format::new(
        "an MPEG transport stream",
        "mpegts",
        None,
        &[(0, b"G"), (188, b"G"), (376, b"G")],
    ),
    Format::new(
        "an MPEG transport stream",
        "mpegts",
        None,
        &[(4, b"G"), (196, b"G"), (388, b"G")],
    ),
    Format::new("IVF", "ivf", None, &[(0, b"DKIF")]),
    Format::new("YUV4MPEG", "yuv4mpegpipe", None, &[(0, b"YUV4MPEG2 ")]),
    Format::new("NUT", "nut", None, &[(0, b"nut/multimedia container\0")]),
    Format::new("MXF", "mxf", None, &[(0, b"\x06\x0E\x2B\x34\x02\x05\x01\x01")]),
    Format::new("RealMedia", "rm", None, &[(0, b".RMF")]),
];

/// Beginnings of lists of videos, through which a file could name others.
const PLAYLISTS: [&[u8]; 3] = [b"#EXTM3U", b"ffconcat version", b"[playlist]"];

/// Bytes that show what a file is.
const START: u64 = 1 << 16;

/// Bytes in which a search looks for the marks of a video.
const SEARCHED: u64 = 1 << 12;

/// Opens the video at `path`.
pub(crate) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn FrameSource>, VideoIoError> {
    let metadata = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound if path.to_string_lossy().contains(char::REPLACEMENT_CHARACTER) => {
            VideoIoError::NameNotUtf8 { path: path.into() }
        }
        _ => read_error(path)(error),
    })?;
    if metadata.is_dir() {
        return Ok(Box::new(FolderSource::open(path)?));
    }
    let start = start(path, START)?;
    let Some(format) = format_of(&start) else {
        return Err(not_a_video(path, &start));
    };
    match (options.backend, format.built_in) {
        (VideoBackend::Auto | VideoBackend::BuiltIn, Some(open)) => open(path, options),
        (VideoBackend::Auto | VideoBackend::Ffmpeg, _) => {
            let foreign = Foreign::of(format.name, format.demuxer, &start);
            Ok(Box::new(FfmpegSource::open(path, foreign, options)?))
        }
        (VideoBackend::BuiltIn, None) => Err(VideoIoError::Unsupported {
            path: path.into(),
            holds: Foreign::of(format.name, format.demuxer, &start).holds,
        }),
    }
}

/// The first bytes of a file, at most so many.
fn start(path: &Path, length: u64) -> Result<Vec<u8>, VideoIoError> {
    let mut start = Vec::new();
    let file = open_file(path).map_err(read_error(path))?;
    file.take(length).read_to_end(&mut start).map_err(read_error(path))?;
    Ok(start)
}

/// Whether the first bytes of a file are those of a video, for searches among files of any kind; `false` for one that cannot
/// be read. Animated WebP counts, so that it is refused instead of passed over.
pub(crate) fn begins_as_video(path: &Path) -> bool {
    let Ok(start) = start(path, SEARCHED) else { return false };
    let holds = |part: &[u8]| start.windows(part.len()).any(|window| window == part);
    match format_of(&start).map(|format| format.demuxer) {
        // Many a text has "free" or "wide" in this place, but not the length of a box before it.
        Some("mov") => {
            let length = start
                .first_chunk()
                .map_or(0, |length| u64::from(u32::from_be_bytes(*length)));
            let fits = length == 1 || (length >= 8 && fs::metadata(path).is_ok_and(|file| length <= file.len()));
            let other = [b"M4A ", b"M4B ", b"heic", b"heix", b"mif1", b"avif", b"crx "];
            fits && !other.iter().any(|brand| is_at(&start, 8, *brand))
        }
        Some("ogg") => holds(b"theora") || holds(b"OVP80") || holds(b"BBCD"),
        Some("matroska") => holds(b"V_"),
        Some(_) => true,
        None => is_animated_webp(&start),
    }
}

fn is_webp(start: &[u8]) -> bool {
    is_at(start, 0, b"RIFF") && is_at(start, 8, b"WEBP")
}

/// The extended format with the flag of an animation.
fn is_animated_webp(start: &[u8]) -> bool {
    is_webp(start) && is_at(start, 12, b"VP8X") && start.get(20).is_some_and(|flags| flags & 2 != 0)
}

fn format_of(start: &[u8]) -> Option<&'static Format> {
    FORMATS
        .iter()
        .find(|format| format.bytes.iter().all(|(offset, bytes)| is_at(start, *offset, bytes)))
}

fn is_at(start: &[u8], offset: usize, bytes: &[u8]) -> bool {
    start.get(offset..).is_some_and(|rest| rest.starts_with(bytes))
}

fn not_a_video(path: &Path, start: &[u8]) -> VideoIoError {
    let lists = PLAYLISTS.iter().any(|list| is_at(start, 0, list));
    let path = path.into();
    match lists {
        _ if start.is_empty() => VideoIoError::Empty { path },
        _ if is_lfs_pointer(&path) => VideoIoError::LfsPointer { path },
        true => VideoIoError::Playlist { path },
        false if is_webp(start) => VideoIoError::WebP { path },
        false => VideoIoError::NotAVideo { path },
    }
}

/// Refuses a file whose first bytes are of no format that is read; nothing more of it is read.
///
/// # Errors
/// Such a file; a path that is no regular file or cannot be read.
pub(crate) fn require_video(path: &Path) -> Result<(), VideoIoError> {
    let start = start(path, START)?;
    match format_of(&start) {
        Some(_) => Ok(()),
        None => Err(not_a_video(path, &start)),
    }
}

fn gif(path: &Path, _: &ReadOptions) -> Result<Box<dyn FrameSource>, VideoIoError> {
    Ok(Box::new(GifSource::open(path)?))
}

#[cfg(feature = "mp4")]
fn mp4(path: &Path, options: &ReadOptions) -> Result<Box<dyn FrameSource>, VideoIoError> {
    mp4_file::open(path, options)
}

#[cfg(not(feature = "mp4"))]
fn mp4(path: &Path, options: &ReadOptions) -> Result<Box<dyn FrameSource>, VideoIoError> {
    match options.backend {
        VideoBackend::BuiltIn => Err(VideoIoError::NoMp4 { path: path.into() }),
        _ => {
            let foreign = Foreign::mp4("MP4, for which the feature `mp4` of video-io was left out");
            Ok(Box::new(FfmpegSource::open(path, foreign, options)?))
        }
    }
}

impl FrameSource for GifSource {
    fn timescale(&self) -> Option<u32> {
        Some(100)
    }

    fn frames(&self) -> Option<usize> {
        None
    }

    fn codec(&self) -> &str {
        "GIF"
    }

    fn timing(&self) -> Timing {
        GifSource::timing(self)
    }

    fn joins_equal_frames(&self) -> bool {
        true
    }

    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError> {
        Ok(GifSource::next_frame(self)?.map(|(frame, time)| (frame.into(), time)))
    }
}

impl FrameSource for FolderSource {
    fn timescale(&self) -> Option<u32> {
        None
    }

    fn frames(&self) -> Option<usize> {
        Some(self.len())
    }

    fn codec(&self) -> &str {
        "PNG"
    }

    fn next_frame(&mut self) -> Result<Option<(RawFrame, i64)>, VideoIoError> {
        Ok(FolderSource::next_frame(self)?.map(|(frame, time)| (frame.into(), time)))
    }
}
