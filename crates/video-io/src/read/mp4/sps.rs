//! What an H.264 sequence parameter set says of the pictures: whether they can be decoded, and their color.

use crate::read::mp4::description::Tags;
use crate::read::yuv::Matrix;
use rusty_h264_common::BitReader;
use rusty_h264_common::bit_reader::OutOfData;
use rusty_h264_common::nal::emulation_unprevent;

/// Most macroblocks of all pictures that the decoder keeps: as many as level 6.2 allows.
const MOST_KEPT: u64 = 696_320;

/// A sequence parameter set, as far as it is needed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sps {
    profile: u32,
    chroma_format: u32,
    /// Bits of luma and chroma.
    depths: [u32; 2],
    macroblocks: u64,
    references: u32,
    interlaced: bool,
    /// Every picture is a frame.
    pub(crate) frames_only: bool,
    /// Bits of a frame's number.
    pub(crate) number_bits: u32,
    /// Bits of a picture's place in the order of display; `None` if that is given in another way.
    pub(crate) order_bits: Option<u32>,
    /// Color tags of the stream.
    pub(crate) color: Tags,
}

impl Sps {
    /// Reads a NAL unit; `None` if it ends too early.
    pub(crate) fn read(nal: &[u8]) -> Option<Self> {
        let payload = emulation_unprevent(nal.get(1..)?);
        Self::parse(&mut BitReader::new(&payload)).ok()
    }

    fn parse(bits: &mut BitReader<'_>) -> Result<Self, OutOfData> {
        let profile = bits.read_bits(8)?;
        bits.read_bits(16)?;
        bits.read_ue()?;
        let mut sps = Self {
            profile,
            chroma_format: 1,
            depths: [8; 2],
            ..Self::default()
        };
        if [100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135].contains(&profile) {
            sps.chroma_format = bits.read_ue()?;
            if sps.chroma_format == 3 {
                bits.read_bit()?;
            }
            sps.depths = [bits.read_ue()?.saturating_add(8), bits.read_ue()?.saturating_add(8)];
            bits.read_bit()?;
            if bits.read_bit()? {
                let lists = if sps.chroma_format == 3 { 12 } else { 8 };
                for list in 0..lists {
                    if bits.read_bit()? {
                        skip_scaling_list(bits, if list < 6 { 16 } else { 64 })?;
                    }
                }
            }
        }
        sps.number_bits = bits.read_ue()?.saturating_add(4);
        match bits.read_ue()? {
            0 => sps.order_bits = Some(bits.read_ue()?.saturating_add(4)),
            1 => {
                bits.read_bit()?;
                bits.read_se()?;
                bits.read_se()?;
                for _ in 0..bits.read_ue()? {
                    bits.read_se()?;
                }
            }
            _ => {}
        }
        sps.references = bits.read_ue()?;
        bits.read_bit()?;
        let (width, height) = (u64::from(bits.read_ue()?) + 1, u64::from(bits.read_ue()?) + 1);
        sps.frames_only = bits.read_bit()?;
        sps.macroblocks = width.saturating_mul(height) * if sps.frames_only { 1 } else { 2 };
        sps.interlaced = !sps.frames_only && bits.read_bit()?;
        bits.read_bit()?;
        if bits.read_bit()? {
            for _side in 0..4 {
                bits.read_ue()?;
            }
        }
        if bits.read_bit()? {
            // What comes after the color is not needed.
            sps.color = read_color(bits).unwrap_or_default();
        }
        Ok(sps)
    }

    /// What the decoder does not read of a stream with this parameter set; `None` if it reads all.
    pub(crate) fn unsupported(&self) -> Option<String> {
        let [luma, chroma] = self.depths;
        let what = if self.chroma_format != 1 {
            let sampling = match self.chroma_format {
                0 => "no color",
                2 => "4:2:2 color sampling",
                _ => "4:4:4 color sampling",
            };
            format!("H.264 with {sampling}")
        } else if luma > 8 || chroma > 8 {
            format!("H.264 with {} bits", luma.max(chroma))
        } else if self.interlaced {
            "interlaced H.264".to_owned()
        } else if self.macroblocks.saturating_mul(u64::from(self.references.max(1))) > MOST_KEPT {
            "H.264 pictures that are larger than level 6.2 allows".to_owned()
        } else {
            return None;
        };
        Some(format!("{what}{}", self.profile()))
    }

    /// The profile's name in brackets after a space.
    pub(crate) fn profile(&self) -> String {
        let name = match self.profile {
            44 => "CAVLC 4:4:4 Intra",
            66 => "Baseline",
            77 => "Main",
            88 => "Extended",
            100 => "High",
            110 => "High 10",
            122 => "High 4:2:2",
            244 => "High 4:4:4 Predictive",
            other => return format!(" (profile {other})"),
        };
        format!(" ({name} profile)")
    }
}

fn skip_scaling_list(bits: &mut BitReader<'_>, size: usize) -> Result<(), OutOfData> {
    let (mut last, mut next) = (8_i32, 8_i32);
    for _ in 0..size {
        if next != 0 {
            next = last.wrapping_add(bits.read_se()?).wrapping_add(256).rem_euclid(256);
        }
        last = if next == 0 { last } else { next };
    }
    Ok(())
}

/// The color tags of the VUI.
fn read_color(bits: &mut BitReader<'_>) -> Result<Tags, OutOfData> {
    const EXTENDED_ASPECT: u32 = 255;
    if bits.read_bit()? && bits.read_bits(8)? == EXTENDED_ASPECT {
        bits.read_bits(32)?;
    }
    if bits.read_bit()? {
        bits.read_bit()?;
    }
    let mut tags = Tags::default();
    if bits.read_bit()? {
        bits.read_bits(3)?;
        tags.full_range = Some(bits.read_bit()?);
        if bits.read_bit()? {
            bits.read_bits(16)?;
            tags.matrix = Some(Matrix::of(bits.read_bits(8)?));
        }
    }
    Ok(tags)
}

#[cfg(test)]
#[path = "../../../tests/unit/sps.rs"]
mod tests;
