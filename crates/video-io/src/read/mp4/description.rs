//! How the pictures of a track are coded: the entries of `stsd`.

use crate::read::mp4::boxes::{Fields, child, children, short};
use crate::read::mp4::error::{Mp4Result, unsupported};
use crate::read::yuv::Matrix;

/// Bytes of a visual sample entry before its boxes.
const VISUAL: usize = 78;

/// How the pictures of a track are coded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Description {
    H264 {
        /// Parameter sets, each a NAL unit.
        sets: Vec<Vec<u8>>,
        /// Bytes of the length before each NAL unit.
        length_size: usize,
        /// Tags of the container.
        color: Tags,
    },
    Av1,
}

/// Color tags; `None` where there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tags {
    pub(crate) matrix: Option<Matrix>,
    pub(crate) full_range: Option<bool>,
}

impl Description {
    /// Reads the first entry of the body of an `stsd`.
    pub(crate) fn read(stsd: &[u8]) -> Mp4Result<Self> {
        let entries = stsd.get(8..).ok_or_else(|| short("stsd"))?;
        let (kind, entry) = children(entries).next().ok_or_else(|| short("stsd"))?;
        match &kind {
            b"avc1" | b"avc2" | b"avc3" | b"avc4" => {
                let boxes = entry.get(VISUAL..).ok_or_else(|| short("stsd"))?;
                let avcc = child(boxes, b"avcC");
                let avcc = avcc.ok_or_else(|| unsupported("H.264 without a configuration (box `avcC`)"))?;
                let (sets, length_size) = read_avcc(avcc).ok_or_else(|| short("avcC"))?;
                let color = Tags::read(boxes);
                Ok(Self::H264 {
                    sets,
                    length_size,
                    color,
                })
            }
            b"av01" => Ok(Self::Av1),
            other => Err(unsupported(name(*other))),
        }
    }
}

/// Parameter sets, and the bytes of the length before each NAL unit. What follows them is not needed.
fn read_avcc(avcc: &[u8]) -> Option<(Vec<Vec<u8>>, usize)> {
    let mut fields = Fields(avcc);
    let [_version, _profile, _compatibility, _level, length] = fields.array()?;
    let mut sets = Vec::new();
    for mask in [0x1f, 0xff] {
        for _ in 0..fields.u8()? & mask {
            let size = fields.u16()?;
            sets.push(fields.take(size.into())?.to_vec());
        }
    }
    Some((sets, usize::from(length & 3) + 1))
}

impl Tags {
    /// The tags of a `colr` among the boxes of a sample entry; a profile or an unknown kind is no tag.
    fn read(boxes: &[u8]) -> Self {
        let colrs = children(boxes).filter(|(kind, _)| kind == b"colr");
        let tags = colrs.filter_map(|(_, colr)| {
            let mut fields = Fields(colr);
            let kind = fields.array::<4>()?;
            let [_primaries, _transfer, matrix] = [fields.u16()?, fields.u16()?, fields.u16()?];
            let full_range = match &kind {
                b"nclx" => Some(fields.u8()? & 0x80 != 0),
                b"nclc" => None,
                _ => return None,
            };
            Some(Self {
                matrix: Some(Matrix::of(matrix)),
                full_range,
            })
        });
        tags.last().unwrap_or_default()
    }
}

fn name(kind: [u8; 4]) -> String {
    let name = match &kind {
        b"hvc1" | b"hev1" | b"dvh1" | b"dvhe" => "H.265 (HEVC)",
        b"vp08" => "VP8",
        b"vp09" => "VP9",
        b"mp4v" => "MPEG-4 Part 2",
        b"jpeg" | b"mjpa" | b"mjpb" => "Motion JPEG",
        b"png " => "PNG pictures in MP4",
        b"s263" | b"h263" => "H.263",
        b"apch" | b"apcn" | b"apcs" | b"apco" | b"ap4h" | b"ap4x" => "Apple ProRes",
        b"vvc1" | b"vvi1" => "H.266 (VVC)",
        b"encv" => "encrypted pictures",
        _ => return format!("pictures of the unknown format `{}`", kind.escape_ascii()),
    };
    name.to_owned()
}
