//! Decodes H.264 pictures as MP4 files store them.

use crate::RawFrame;
use crate::read::mp4::description::Tags;
use crate::read::mp4::error::{Mp4Error, Mp4Result, damaged, of_h264, unsupported};
use crate::read::mp4::sps::Sps;
use crate::read::orientation::Orientation;
use crate::read::yuv::{Color, Matrix, Plane, Planes};
use rusty_h264_decoder::Decoder;

/// Kind of a NAL unit that holds a sequence parameter set.
const SPS: u8 = 7;

/// A decoder of one track.
pub(crate) struct H264 {
    decoder: Box<Decoder>,
    /// Parameter sets of the track, with start codes.
    sets: Vec<u8>,
    length_size: usize,
    /// Tags of the container, which hold where the stream has none.
    container: Tags,
    sps: Sps,
    color: Color,
    orientation: Orientation,
}

impl H264 {
    pub(crate) fn new(
        sets: &[Vec<u8>],
        length_size: usize,
        container: Tags,
        orientation: Orientation,
    ) -> Mp4Result<Self> {
        let mut h264 = Self {
            decoder: Box::new(Decoder::new()),
            sets: Vec::new(),
            length_size,
            container,
            sps: Sps::default(),
            color: Color::default(),
            orientation,
        };
        for set in sets {
            h264.sets.extend_from_slice(&[0, 0, 0, 1]);
            h264.sets.extend_from_slice(set);
        }
        // Of several the first counts, until the stream brings another.
        for set in sets.iter().rev().filter(|set| kind(set) == Some(SPS)) {
            h264.set_sps(set)?;
        }
        h264.restart()?;
        Ok(h264)
    }

    /// Begins anew, as at the first picture.
    pub(crate) fn restart(&mut self) -> Mp4Result<()> {
        *self.decoder = Decoder::new();
        self.decoder.decode(&self.sets).map_err(|error| self.error(&error))?;
        Ok(())
    }

    /// Decodes a picture: one a sample, in the order of decoding. A damaged slice gives none; the missing frame is noticed
    /// when it is its turn.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> Mp4Result<Option<RawFrame>> {
        let units = self.with_start_codes(bytes)?;
        let Some(picture) = self.decoder.decode(&units).map_err(|error| self.error(&error))? else {
            return Ok(None);
        };
        let (width, height) = (picture.width, picture.height);
        let (Ok(columns), Ok(rows)) = (u32::try_from(width), u32::try_from(height)) else {
            return Err(odd());
        };
        let planes = Planes {
            size: (columns, rows),
            luma: Plane {
                samples: picture.y,
                stride: width,
            },
            differences: Some([picture.u, picture.v].map(|samples| Plane {
                samples,
                stride: width / 2,
            })),
            shift: (1, 1),
            color: self.color,
            orientation: self.orientation,
        };
        RawFrame::from_planes(planes).map(Some).ok_or_else(odd)
    }

    /// Converts length-prefixed units to units with start codes.
    fn with_start_codes(&mut self, mut bytes: &[u8]) -> Mp4Result<Vec<u8>> {
        let mut out = Vec::with_capacity(bytes.len() + 16);
        while let Some((length, rest)) = bytes.split_at_checked(self.length_size) {
            let length = length.iter().fold(0, |n, &b| n << 8 | usize::from(b));
            let (unit, rest) = (rest.split_at_checked(length)).ok_or_else(|| damaged("a picture is cut off"))?;
            out.extend_from_slice(&[0, 0, 0, 1]);
            out.extend_from_slice(unit);
            if kind(unit) == Some(SPS) {
                self.set_sps(unit)?;
            }
            bytes = rest;
        }
        Ok(out)
    }

    /// As in FFmpeg the stream's tags hold, and the container's where it has none.
    fn set_sps(&mut self, unit: &[u8]) -> Mp4Result<()> {
        let Some(sps) = Sps::read(unit) else {
            return Err(damaged("an H.264 parameter set is cut off"));
        };
        if let Some(what) = sps.unsupported() {
            return Err(unsupported(what));
        }
        let usual = Color::default();
        self.color = Color {
            // Green, blue and red do not come at half the resolution.
            matrix: (sps.color.matrix.or(self.container.matrix))
                .filter(|matrix| *matrix != Matrix::Identity)
                .unwrap_or(usual.matrix),
            full_range: (sps.color.full_range)
                .or(self.container.full_range)
                .unwrap_or(usual.full_range),
        };
        self.sps = sps;
        Ok(())
    }

    /// The decoder's error, with the name of the profile if the file is not damaged.
    fn error(&self, error: &rusty_h264_decoder::DecodeError) -> Mp4Error {
        match of_h264(error) {
            Mp4Error::Unsupported { holds } => unsupported(format!("{holds}{}", self.sps.profile())),
            other => other,
        }
    }
}

fn kind(unit: &[u8]) -> Option<u8> {
    unit.first().map(|byte| byte & 0x1f)
}

fn odd() -> Mp4Error {
    damaged("a decoded picture has planes of another size than it says")
}

#[cfg(test)]
#[path = "../../../tests/unit/h264.rs"]
mod tests;
