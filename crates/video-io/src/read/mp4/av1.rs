//! Decodes AV1 pictures as MP4 files store them; ten and twelve bits are cut to eight.

use crate::RawFrame;
use crate::read::mp4::error::{Mp4Error, Mp4Result, damaged, unsupported};
use crate::read::orientation::Orientation;
use crate::read::yuv::{Color, Matrix, Plane, Planes};
use re_rav1d::{Decoder, Error, Picture, PixelLayout, PlanarImageComponent, Settings, pixel};

/// Most pixels of a frame; larger ones are refused. 7680 × 4320 fits.
const MOST_PIXELS: u32 = 1 << 25;

/// A decoder of one track.
pub(crate) struct Av1 {
    decoder: Decoder,
    orientation: Orientation,
}

impl Av1 {
    pub(crate) fn new(orientation: Orientation) -> Mp4Result<Self> {
        let mut settings = Settings::new();
        // One thread and no delay: parallelism is over videos, not within one.
        settings.set_n_threads(1);
        settings.set_max_frame_delay(1);
        settings.set_frame_size_limit(MOST_PIXELS);
        let decoder = Decoder::with_settings(&settings).map_err(of_av1)?;
        Ok(Self { decoder, orientation })
    }

    /// Begins anew, as at the first picture.
    pub(crate) fn restart(&mut self) -> Mp4Result<()> {
        *self = Self::new(self.orientation)?;
        Ok(())
    }

    /// Decodes the picture with this number, and returns the pictures that are complete with their numbers.
    pub(crate) fn decode(&mut self, bytes: Vec<u8>, number: i64) -> Mp4Result<Vec<(i64, RawFrame)>> {
        let mut sent = self.decoder.send_data(bytes, None, Some(number), None);
        let mut frames = Vec::new();
        loop {
            match self.decoder.get_picture() {
                Ok(picture) => frames.push((picture.timestamp().unwrap_or(number), self.frame(&picture)?)),
                Err(Error::Again) => match sent {
                    Ok(()) => return Ok(frames),
                    // The decoder took only a part; its pictures are fetched, so that it accepts the rest.
                    Err(Error::Again) => {
                        sent = self.decoder.send_pending_data();
                        if matches!(sent, Err(Error::Again)) {
                            return Err(damaged("the AV1 decoder takes no more data"));
                        }
                    }
                    Err(error) => return Err(of_av1(error)),
                },
                Err(error) => return Err(of_av1(error)),
            }
        }
    }

    /// Pictures that the decoder still holds when the data has ended.
    pub(crate) fn finish(&mut self, number: i64) -> Mp4Result<Vec<(i64, RawFrame)>> {
        let mut frames = Vec::new();
        while let Ok(picture) = self.decoder.get_picture() {
            frames.push((picture.timestamp().unwrap_or(number), self.frame(&picture)?));
        }
        Ok(frames)
    }

    fn frame(&self, picture: &Picture) -> Mp4Result<RawFrame> {
        let shift = match picture.pixel_layout() {
            PixelLayout::I400 | PixelLayout::I444 => (0, 0),
            PixelLayout::I420 => (1, 1),
            PixelLayout::I422 => (1, 0),
        };
        let depth = picture.bit_depth();
        let plane = |component| {
            let plane = picture.plane(component);
            let stride = picture.stride(component) as usize;
            if depth == 8 {
                let samples = plane.to_vec();
                return Plane { samples, stride };
            }
            let cut = |b: &[u8]| (u16::from_ne_bytes([b[0], b[1]]) >> (depth - 8)) as u8;
            Plane {
                samples: plane.chunks_exact(2).map(cut).collect(),
                stride: stride / 2,
            }
        };
        let planes = Planes {
            size: (picture.width(), picture.height()),
            luma: plane(PlanarImageComponent::Y),
            differences: (picture.pixel_layout() != PixelLayout::I400)
                .then(|| [PlanarImageComponent::U, PlanarImageComponent::V].map(plane)),
            shift,
            color: color(picture),
            orientation: self.orientation,
        };
        RawFrame::from_planes(planes)
            .ok_or_else(|| damaged("a decoded picture has planes of another size than it says"))
    }
}

/// Color tags of the stream's sequence header, which hold whatever the container says, as in FFmpeg.
fn color(picture: &Picture) -> Color {
    let matrix = match picture.matrix_coefficients() {
        pixel::MatrixCoefficients::Identity => Matrix::Identity,
        pixel::MatrixCoefficients::BT709 => Matrix::Bt709,
        pixel::MatrixCoefficients::BT470M => Matrix::Fcc,
        pixel::MatrixCoefficients::ST240M => Matrix::Smpte240,
        pixel::MatrixCoefficients::BT2020NonConstantLuminance | pixel::MatrixCoefficients::BT2020ConstantLuminance => {
            Matrix::Bt2020
        }
        _ => Matrix::Bt601,
    };
    Color {
        matrix,
        full_range: picture.color_range() == pixel::YUVRange::Full,
    }
}

fn of_av1(error: Error) -> Mp4Error {
    match error {
        Error::UnsupportedBitstream => unsupported("AV1 with a feature that the decoder does not know"),
        other => damaged(format!("a picture of its AV1 stream cannot be decoded ({other})")),
    }
}
