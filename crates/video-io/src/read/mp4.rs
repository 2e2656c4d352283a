//! Reads MP4 files: takes coded pictures in decoding order, returns frames in presentation order.

use crate::RawFrame;
use crate::read::mp4_error::{Mp4Error, damaged, of_h264, unsupported};
use crate::read::mp4_samples::{Sample, Track, read_track};
use crate::read::yuv::{Color, Matrix, Plane, Planes};
use mp4_atom::{Avcc, Codec, Colr};
use rusty_h264_decoder::Decoder as H264Decoder;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

type Mp4Result<T> = Result<T, Mp4Error>;

/// Maximum number of pictures that wait for an earlier one; H.264 holds back at most 16.
const MOST_WAITING: usize = 32;

/// Most pixels of a frame; larger ones are refused: 8192 × 8192.
#[cfg(feature = "av1")]
const MOST_PIXELS: u32 = 1 << 26;

/// An open MP4 file.
pub(crate) struct Mp4Source {
    file: File,
    track: Track,
    decoder: Decoder,
    color: Color,
    /// Next sample to decode.
    next: usize,
    /// Next frame to show.
    shown: usize,
    /// Decoded frames that wait for their turn, by rank.
    waiting: BTreeMap<usize, RawFrame>,
    /// Times in presentation order.
    times: Vec<i64>,
}

enum Decoder {
    H264 {
        decoder: Box<H264Decoder>,
        length_size: usize,
    },
    #[cfg(feature = "av1")]
    Av1 {
        decoder: Box<re_rav1d::Decoder>,
        /// Number of pictures returned so far; the decoder returns them in presentation order.
        got: usize,
    },
}

impl Mp4Source {
    pub(crate) fn open(path: &Path) -> Mp4Result<Self> {
        let mut file = File::open(path)?;
        let track = read_track(&mut file)?;
        let (decoder, color) = Decoder::of(&track.codec)?;
        let mut times: Vec<i64> = track.samples.iter().map(|s| s.time).collect();
        times.sort_unstable();
        Ok(Self {
            file,
            track,
            decoder,
            color,
            next: 0,
            shown: 0,
            waiting: BTreeMap::new(),
            times,
        })
    }

    pub(crate) fn codec(&self) -> &'static str {
        match self.decoder {
            Decoder::H264 { .. } => "H.264",
            #[cfg(feature = "av1")]
            Decoder::Av1 { .. } => "AV1",
        }
    }

    /// Number of frames and ticks per second.
    pub(crate) fn extent(&self) -> (usize, u32) {
        (self.track.samples.len(), self.track.timescale)
    }

    /// The next frame and its time in ticks.
    pub(crate) fn next_frame(&mut self) -> Mp4Result<Option<(RawFrame, i64)>> {
        loop {
            if let Some(frame) = self.waiting.remove(&self.shown) {
                self.shown += 1;
                return Ok(Some((frame, self.times[self.shown - 1])));
            }
            let Some(&sample) = self.track.samples.get(self.next) else {
                self.finish()?;
                if self.waiting.is_empty() && self.shown == self.times.len() {
                    return Ok(None);
                }
                if self.waiting.contains_key(&self.shown) {
                    continue;
                }
                let (shown, all) = (self.shown, self.times.len());
                return Err(damaged(format!("frame {shown} of {all} cannot be decoded")));
            };
            if self.waiting.len() > MOST_WAITING {
                return Err(damaged("its time stamps are out of order"));
            }
            self.next += 1;
            let mut bytes = vec![0; sample.size as usize];
            self.file.seek(SeekFrom::Start(sample.offset))?;
            self.file.read_exact(&mut bytes)?;
            self.decode(bytes, sample)?;
        }
    }

    fn decode(&mut self, bytes: Vec<u8>, sample: Sample) -> Mp4Result<()> {
        let (decoder, waiting, color) = (&mut self.decoder, &mut self.waiting, self.color);
        // The decoders report damage as errors. If one of them panics on unexpected damage, one broken video must not
        // end a job over a thousand.
        let decoded = catch_unwind(AssertUnwindSafe(|| decoder.decode(bytes, sample, color, waiting)));
        decoded.unwrap_or_else(|_| Err(damaged("the decoder gave up on damaged data")))
    }

    fn finish(&mut self) -> Mp4Result<()> {
        let (decoder, waiting) = (&mut self.decoder, &mut self.waiting);
        let finished = catch_unwind(AssertUnwindSafe(|| decoder.finish(waiting)));
        finished.unwrap_or_else(|_| Err(damaged("the decoder gave up on damaged data")))
    }
}

impl Decoder {
    fn of(codec: &Codec) -> Mp4Result<(Self, Color)> {
        match codec {
            Codec::Avc1(avc1) => Self::h264(&avc1.avcc, avc1.colr.as_ref()),
            Codec::Avc3(avc3) => Self::h264(&avc3.avcc, avc3.colr.as_ref()),
            #[cfg(feature = "av1")]
            Codec::Av01(_) => {
                let mut settings = re_rav1d::Settings::new();
                // One thread and no delay: parallelism is over videos, not within one.
                settings.set_n_threads(1);
                settings.set_max_frame_delay(1);
                settings.set_frame_size_limit(MOST_PIXELS);
                let decoder = re_rav1d::Decoder::with_settings(&settings).map_err(av1::error)?;
                let decoder = Box::new(decoder);
                Ok((Self::Av1 { decoder, got: 0 }, Color::default()))
            }
            other => Err(unsupported(name(other))),
        }
    }

    fn h264(avcc: &Avcc, colr: Option<&Colr>) -> Mp4Result<(Self, Color)> {
        let mut decoder = Box::new(H264Decoder::new());
        let mut sets = Vec::new();
        for set in avcc.sequence_parameter_sets.iter().chain(&avcc.picture_parameter_sets) {
            sets.extend_from_slice(&[0, 0, 0, 1]);
            sets.extend_from_slice(set);
        }
        let read = catch_unwind(AssertUnwindSafe(|| decoder.decode(&sets)));
        match read {
            Ok(Ok(_)) => {}
            Ok(Err(e)) => return Err(of_h264(&e)),
            Err(_) => return Err(damaged("its H.264 parameter sets are damaged")),
        }
        let length_size = usize::from(avcc.length_size);
        if !matches!(length_size, 1 | 2 | 4) {
            return Err(damaged(format!("its H.264 units have lengths of {length_size} bytes")));
        }
        Ok((Self::H264 { decoder, length_size }, tagged(colr)))
    }

    fn decode(
        &mut self,
        bytes: Vec<u8>,
        sample: Sample,
        color: Color,
        waiting: &mut BTreeMap<usize, RawFrame>,
    ) -> Mp4Result<()> {
        match self {
            Self::H264 { decoder, length_size } => {
                let units = with_start_codes(&bytes, *length_size)?;
                // One picture per sample, immediately and in decoding order. A field of an interlaced picture or a
                // damaged slice gives none; the missing frame is detected when it is its turn.
                let Some(picture) = decoder.decode(&units).map_err(|e| of_h264(&e))? else {
                    return Ok(());
                };
                let (width, height) = (picture.width, picture.height);
                let planes = Planes {
                    size: (sides(width)?, sides(height)?),
                    luma: Plane {
                        samples: picture.y,
                        stride: width,
                    },
                    differences: Some([picture.u, picture.v].map(|samples| Plane {
                        samples,
                        stride: width / 2,
                    })),
                    shift: (1, 1),
                    color,
                };
                waiting.insert(sample.rank, RawFrame::from_planes(planes).ok_or_else(odd)?);
                Ok(())
            }
            #[cfg(feature = "av1")]
            Self::Av1 { decoder, got } => {
                let mut sent = decoder.send_data(bytes, None, None, None);
                loop {
                    match decoder.get_picture() {
                        Ok(picture) => {
                            waiting.insert(*got, av1::frame(&picture)?);
                            *got += 1;
                        }
                        Err(re_rav1d::Error::Again) => match sent {
                            Ok(()) => return Ok(()),
                            // The decoder took only a part; its pictures are fetched, so that it accepts the rest.
                            Err(re_rav1d::Error::Again) => {
                                sent = decoder.send_pending_data();
                                if matches!(sent, Err(re_rav1d::Error::Again)) {
                                    return Err(damaged("the AV1 decoder takes no more data"));
                                }
                            }
                            Err(e) => return Err(av1::error(e)),
                        },
                        Err(e) => return Err(av1::error(e)),
                    }
                }
            }
        }
    }

    /// Frames that the decoder still holds when the data has ended.
    #[cfg_attr(
        not(feature = "av1"),
        expect(unused_variables, reason = "H.264 pictures are given at once")
    )]
    fn finish(&mut self, waiting: &mut BTreeMap<usize, RawFrame>) -> Mp4Result<()> {
        match self {
            Self::H264 { .. } => Ok(()),
            #[cfg(feature = "av1")]
            Self::Av1 { decoder, got } => {
                while let Ok(picture) = decoder.get_picture() {
                    waiting.insert(*got, av1::frame(&picture)?);
                    *got += 1;
                }
                Ok(())
            }
        }
    }
}

#[cfg(feature = "av1")]
mod av1 {
    //! Converts AV1 pictures to frames; ten and twelve bits are cut to eight.
    use super::{Color, Matrix, Mp4Error, Mp4Result, Plane, Planes, RawFrame, damaged, odd, unsupported};
    use re_rav1d::{Picture, PixelLayout, PlanarImageComponent, pixel};

    pub(super) fn error(error: re_rav1d::Error) -> Mp4Error {
        match error {
            re_rav1d::Error::UnsupportedBitstream => unsupported("AV1 with a feature that the decoder does not know"),
            other => damaged(format!("a picture of its AV1 stream cannot be decoded ({other})")),
        }
    }

    pub(super) fn frame(picture: &Picture) -> Mp4Result<RawFrame> {
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
        };
        RawFrame::from_planes(planes).ok_or_else(odd)
    }

    fn color(picture: &Picture) -> Color {
        let matrix = match picture.matrix_coefficients() {
            pixel::MatrixCoefficients::Identity => Matrix::Identity,
            pixel::MatrixCoefficients::BT709 => Matrix::Bt709,
            pixel::MatrixCoefficients::BT2020NonConstantLuminance
            | pixel::MatrixCoefficients::BT2020ConstantLuminance => Matrix::Bt2020,
            _ => Matrix::Bt601,
        };
        Color {
            matrix,
            full_range: picture.color_range() == pixel::YUVRange::Full,
        }
    }
}

/// Converts length-prefixed units to units with start codes.
fn with_start_codes(mut bytes: &[u8], length_size: usize) -> Mp4Result<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len() + 16);
    while let Some((length, rest)) = bytes.split_at_checked(length_size) {
        let length = length.iter().fold(0, |n, &b| n << 8 | usize::from(b));
        let unit = rest.get(..length).ok_or_else(|| damaged("a picture is cut off"))?;
        out.extend_from_slice(&[0, 0, 0, 1]);
        out.extend_from_slice(unit);
        bytes = &rest[length..];
    }
    Ok(out)
}

fn tagged(colr: Option<&Colr>) -> Color {
    match colr {
        Some(&Colr::Nclx {
            matrix_coefficients,
            full_range_flag,
            ..
        }) => Color {
            matrix: Matrix::of(matrix_coefficients),
            full_range: full_range_flag,
        },
        Some(&Colr::Nclc {
            matrix_coefficients, ..
        }) => Color {
            matrix: Matrix::of(matrix_coefficients),
            full_range: false,
        },
        _ => Color::default(),
    }
}

fn name(codec: &Codec) -> &'static str {
    match codec {
        Codec::Av01(_) => "AV1, which this program was built without (feature `av1` of video-io)",
        Codec::Hev1(_) | Codec::Hvc1(_) => "H.265",
        Codec::Vp08(_) => "VP8",
        Codec::Vp09(_) => "VP9",
        Codec::Jpeg(_) => "JPEG",
        _ => "something else",
    }
}

fn sides(side: usize) -> Mp4Result<u32> {
    u32::try_from(side).map_err(|_| odd())
}

fn odd() -> Mp4Error {
    damaged("a decoded picture has planes of another size than it says")
}
