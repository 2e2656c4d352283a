//! GIF files and PNG folders in.

use crate::Frame;
use crate::error::VideoIoError;
use image::codecs::gif::GifDecoder;
use image::{AnimationDecoder, DynamicImage, ImageReader};
use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

/// All frames of a GIF file or of a folder of PNG files, in order.
///
/// A folder's frames are its `.png` files, ordered by name with runs of digits compared as numbers (`f2` before `f10`);
/// other files are passed over. Frame i is the i-th, whatever times a GIF states. Transparency is dropped, 16 bits become
/// 8.
///
/// # Errors
/// A path that is neither; a folder without PNG files; a damaged file; a file that cannot be read; frames of different
/// sizes.
pub fn read_frames(path: impl AsRef<Path>) -> Result<Vec<Frame>, VideoIoError> {
    let path = path.as_ref();
    let frames = if fs::metadata(path).map_err(read_error(path))?.is_dir() {
        read_folder(path)?
    } else if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gif")) {
        read_gif(path)?
    } else {
        return Err(VideoIoError::UnknownExtension {
            path: path.into(),
            supported: "read from .gif files",
        });
    };
    match frames.iter().position(|f| f.dimensions() != frames[0].dimensions()) {
        Some(frame) => Err(VideoIoError::SizeChanged {
            frame,
            expected: frames[0].dimensions(),
            found: frames[frame].dimensions(),
        }),
        None => Ok(frames),
    }
}

fn read_gif(path: &Path) -> Result<Vec<Frame>, VideoIoError> {
    let decode = |source| VideoIoError::Decode {
        path: path.into(),
        expected: "GIF file",
        source,
    };
    let file = BufReader::new(File::open(path).map_err(read_error(path))?);
    let frames = GifDecoder::new(file).map_err(decode)?.into_frames();
    let frames: Vec<Frame> = frames
        .map(|frame| Ok(DynamicImage::from(frame.map_err(decode)?.into_buffer()).into_rgb8()))
        .collect::<Result<_, VideoIoError>>()?;
    if frames.is_empty() {
        return Err(VideoIoError::NoFrames { path: path.into() });
    }
    Ok(frames)
}

fn read_folder(path: &Path) -> Result<Vec<Frame>, VideoIoError> {
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .and_then(|entries| entries.map(|e| Ok(e?.path())).collect::<io::Result<_>>())
        .map_err(read_error(path))?;
    files.retain(|f| f.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")));
    if files.is_empty() {
        return Err(VideoIoError::NoPngs { path: path.into() });
    }
    files.sort_by_cached_key(|f| natural_key(&f.file_name().unwrap_or_default().to_string_lossy()));
    files.iter().map(|file| read_png(file)).collect()
}

fn read_png(path: &Path) -> Result<Frame, VideoIoError> {
    let mut reader = ImageReader::open(path).map_err(read_error(path))?;
    reader.set_format(image::ImageFormat::Png);
    let decoded = reader.decode().map_err(|source| VideoIoError::Decode {
        path: path.into(),
        expected: "PNG file",
        source,
    })?;
    Ok(decoded.into_rgb8())
}

fn read_error(path: &Path) -> impl FnOnce(io::Error) -> VideoIoError {
    let path = path.to_path_buf();
    move |source| VideoIoError::Read { path, source }
}

/// The name cut into text and numbers; leading zeros do not count, ties are broken by the name itself.
fn natural_key(name: &str) -> (Vec<(String, usize, String)>, String) {
    let mut parts = Vec::new();
    let mut rest = name;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        let (text, after) = rest.split_at(digits);
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (number, after) = after.split_at(end);
        let number = number.trim_start_matches('0');
        // As numbers without a limit: the shorter is the smaller, equal lengths compare as text.
        parts.push((text.to_owned(), number.len(), number.to_owned()));
        rest = after;
    }
    (parts, name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::natural_key;

    #[test]
    fn numbers_compare_as_numbers() {
        let mut names = [
            "f10.png",
            "f2.png",
            "f0000000003.png",
            "a99999999999999999999999.png",
            "f.png",
        ];
        names.sort_by_cached_key(|n| natural_key(n));
        let sorted = [
            "a99999999999999999999999.png",
            "f2.png",
            "f0000000003.png",
            "f10.png",
            "f.png",
        ];
        assert_eq!(names, sorted);
    }
}
