//! Encodes frames to H.264 with OpenH264.
//!
//! Quality is constant: rate control is pinned to one quantizer, so that all frames of any size have the same quality
//! and none is dropped. Color is BT.601 in limited range, 4:2:0, and tagged as such; players assume this for small
//! videos even if they ignore the tags.

use crate::Frame;
use openh264::encoder::{
    Encoder, EncoderConfig, FrameRate, FrameType, IntraFramePeriod, QpRange, RateControlMode, VuiConfig,
};
use openh264::formats::YUVSource;
use openh264::{OpenH264API, Timestamp};
use std::io;

/// Quantizer of the files that are written. docs/video-io.md gives the resulting quality and size.
pub(crate) const QP: u8 = 14;

/// Interval between key frames, s, for seeking.
const KEY_SECONDS: u32 = 2;

/// One encoded picture.
pub(crate) struct Picture {
    /// Whether decoding can start here.
    pub(crate) key: bool,
    /// NAL units without start codes, parameter sets left out.
    pub(crate) nals: Vec<Vec<u8>>,
}

/// The encoder and its parameter sets.
pub(crate) struct H264 {
    encoder: Encoder,
    /// Sequence parameter set, known after the first picture.
    pub(crate) sps: Vec<u8>,
    /// Picture parameter set, known after the first picture.
    pub(crate) pps: Vec<u8>,
}

impl H264 {
    /// An encoder of constant quality. `quantizer` applies to every frame: from 12, the minimum of OpenH264's rate
    /// control, to 51, the maximum.
    pub(crate) fn new(fps: u32, quantizer: u8) -> io::Result<Self> {
        let config = EncoderConfig::new()
            .rate_control_mode(RateControlMode::Bufferbased)
            .qp(QpRange::new(quantizer, quantizer))
            .skip_frames(false)
            .adaptive_quantization(false)
            .background_detection(false)
            // Used by rate control only; OpenH264 supports at most 60.
            .max_frame_rate(FrameRate::from_hz(fps.min(60) as f32))
            .intra_frame_period(IntraFramePeriod::from_num_frames(KEY_SECONDS * fps))
            // One thread gives the same bytes on every machine.
            .num_threads(1)
            .vui(VuiConfig::bt601());
        let encoder = Encoder::with_api_config(OpenH264API::from_source(), config).map_err(io::Error::other)?;
        Ok(Self {
            encoder,
            sps: Vec::new(),
            pps: Vec::new(),
        })
    }

    /// Encodes the frame with this index.
    pub(crate) fn encode(&mut self, frame: &Frame, index: u64, fps: u32) -> io::Result<Picture> {
        let at = Timestamp::from_millis(index * 1000 / u64::from(fps));
        let stream = self
            .encoder
            .encode_at(&Yuv420::of(frame), at)
            .map_err(io::Error::other)?;
        let kind = stream.frame_type();
        if !matches!(kind, FrameType::IDR | FrameType::I | FrameType::P) {
            return Err(io::Error::other(format!(
                "the H.264 encoder gave no picture for frame {index} ({kind:?})"
            )));
        }
        let mut nals = Vec::new();
        for layer in (0..stream.num_layers()).filter_map(|i| stream.layer(i)) {
            for nal in (0..layer.nal_count()).filter_map(|i| layer.nal_unit(i)) {
                // A start code is two or three zeros and a one.
                let from = nal.iter().position(|&b| b == 1).map_or(nal.len(), |at| at + 1);
                let nal = nal[from..].to_vec();
                match nal.first().map(|b| b & 0x1f) {
                    Some(7) => self.sps = nal,
                    Some(8) => self.pps = nal,
                    Some(_) => nals.push(nal),
                    None => {}
                }
            }
        }
        Ok(Picture {
            key: kind == FrameType::IDR,
            nals,
        })
    }
}

/// Planes of a frame: luma for every pixel, color for every 2×2. An odd side is made even by repeating the last row or
/// column, as 4:2:0 needs.
pub(crate) struct Yuv420 {
    width: usize,
    height: usize,
    planes: [Vec<u8>; 3],
}

impl Yuv420 {
    pub(crate) fn of(frame: &Frame) -> Self {
        let (w, h) = (frame.width() as usize, frame.height() as usize);
        let (width, height) = (w.next_multiple_of(2), h.next_multiple_of(2));
        let rgb = frame.as_raw();
        let pixel = |x: usize, y: usize| {
            let at = 3 * (y.min(h - 1) * w + x.min(w - 1));
            [rgb[at], rgb[at + 1], rgb[at + 2]].map(f32::from)
        };
        let mut planes = [
            Vec::with_capacity(width * height),
            Vec::with_capacity(width * height / 4),
            Vec::with_capacity(width * height / 4),
        ];
        for y in 0..height {
            planes[0].extend((0..width).map(|x| luma(pixel(x, y)).round() as u8));
        }
        for y in (0..height).step_by(2) {
            for x in (0..width).step_by(2) {
                let four = [pixel(x, y), pixel(x + 1, y), pixel(x, y + 1), pixel(x + 1, y + 1)];
                let mean = [0, 1, 2].map(|c| four.iter().map(|p| p[c]).sum::<f32>() / 4.0);
                // luma − 16 is Y' in 219ths; B' − Y' and R' − Y' span ±(1 − K) of 255.
                let y = (luma(mean) - 16.0) * (255.0 / 219.0);
                planes[1].push((128.0 + (mean[2] - y) * (224.0 / 255.0 / 2.0 / (1.0 - 0.114))).round() as u8);
                planes[2].push((128.0 + (mean[0] - y) * (224.0 / 255.0 / 2.0 / (1.0 - 0.299))).round() as u8);
            }
        }
        Self { width, height, planes }
    }
}

/// BT.601 luma, 16 to 235, of R'G'B' in 0 to 255.
fn luma([r, g, b]: [f32; 3]) -> f32 {
    16.0 + (0.299 * r + 0.587 * g + 0.114 * b) * (219.0 / 255.0)
}

impl YUVSource for Yuv420 {
    fn dimensions(&self) -> (usize, usize) {
        (self.width, self.height)
    }

    fn strides(&self) -> (usize, usize, usize) {
        (self.width, self.width / 2, self.width / 2)
    }

    fn y(&self) -> &[u8] {
        &self.planes[0]
    }

    fn u(&self) -> &[u8] {
        &self.planes[1]
    }

    fn v(&self) -> &[u8] {
        &self.planes[2]
    }
}
