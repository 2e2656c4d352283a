//! Writes H.264 pictures to an MP4 file: `ftyp`, then `mdat` with the pictures one at a time, then `moov`.
//!
//! Times are exact: the media's time scale is a multiple of the frame rate, and all frames have the same duration.
//! There are no B-frames, so pictures are stored in presentation order.

use crate::Frame;
use crate::write::h264::{H264, QP};
use mp4_atom::{
    Avc1, Avcc, Codec, Colr, Dinf, Dref, DrefEntry, Encode, FourCC, Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov, Mvhd, Stbl,
    Stco, Stsc, StscEntry, Stsd, Stss, Stsz, StszSamples, Stts, SttsEntry, Tkhd, Trak, Url, Visual, Vmhd,
};
use std::io::{self, Seek, SeekFrom, Write};

/// Duration of a frame in ticks; the time scale is this times the frame rate.
const TICKS: u32 = 1000;

/// Encodes frames of one size, one at a time.
pub(crate) struct Mp4Sink<W> {
    writer: W,
    h264: H264,
    size: (u16, u16),
    fps: u32,
    /// Position of `mdat`.
    mdat: u64,
    /// Size of each picture, bytes.
    sizes: Vec<u32>,
    /// Numbers (from 1) of the pictures where decoding can start.
    keys: Vec<u32>,
}

impl<W: Write + Seek> Mp4Sink<W> {
    /// Writes the boxes before the pictures. Odd sides are made even.
    pub(crate) fn new(mut writer: W, size: (u32, u32), fps: u32) -> io::Result<Self> {
        let side = |s: u32| u16::try_from(s.next_multiple_of(2)).map_err(io::Error::other);
        let size = (side(size.0)?, side(size.1)?);
        let head = encoded(&Ftyp {
            major_brand: FourCC::new(b"isom"),
            minor_version: 512,
            compatible_brands: [b"isom", b"iso2", b"avc1", b"mp41"].map(FourCC::new).to_vec(),
        })?;
        writer.write_all(&head)?;
        // A box with a 64-bit size, which is filled in at the end.
        writer.write_all(&[0, 0, 0, 1, b'm', b'd', b'a', b't', 0, 0, 0, 0, 0, 0, 0, 0])?;
        let mdat = head.len() as u64;
        Ok(Self {
            writer,
            h264: H264::new(fps, QP)?,
            size,
            fps,
            mdat,
            sizes: Vec::new(),
            keys: Vec::new(),
        })
    }

    /// Adds a frame.
    pub(crate) fn push(&mut self, frame: &Frame) -> io::Result<()> {
        let picture = self.h264.encode(frame, self.sizes.len() as u64, self.fps)?;
        let mut size = 0;
        for nal in &picture.nals {
            let length = u32::try_from(nal.len()).map_err(io::Error::other)?;
            self.writer.write_all(&length.to_be_bytes())?;
            self.writer.write_all(nal)?;
            size += 4 + length;
        }
        self.sizes.push(size);
        if picture.key {
            self.keys.push(self.sizes.len() as u32);
        }
        Ok(())
    }

    /// Writes the index.
    pub(crate) fn finish(mut self) -> io::Result<W> {
        let end = self.writer.stream_position()?;
        self.writer.seek(SeekFrom::Start(self.mdat + 8))?;
        self.writer.write_all(&(end - self.mdat).to_be_bytes())?;
        self.writer.seek(SeekFrom::Start(end))?;
        let moov = encoded(&self.moov()?)?;
        self.writer.write_all(&moov)?;
        Ok(self.writer)
    }

    fn moov(&self) -> io::Result<Moov> {
        let frames = self.sizes.len() as u64;
        let timescale = TICKS * self.fps;
        let duration = u64::from(TICKS) * frames;
        Ok(Moov {
            mvhd: Mvhd {
                timescale,
                duration,
                rate: 1.into(),
                volume: 1.into(),
                next_track_id: 2,
                ..Mvhd::default()
            },
            trak: vec![Trak {
                tkhd: Tkhd {
                    track_id: 1,
                    duration,
                    enabled: true,
                    in_movie: true,
                    width: self.size.0.into(),
                    height: self.size.1.into(),
                    ..Tkhd::default()
                },
                mdia: Mdia {
                    mdhd: Mdhd {
                        timescale,
                        duration,
                        language: "und".into(),
                        ..Mdhd::default()
                    },
                    hdlr: Hdlr {
                        handler: FourCC::new(b"vide"),
                        name: "video".into(),
                    },
                    minf: Minf {
                        vmhd: Some(Vmhd::default()),
                        dinf: Dinf {
                            dref: Dref {
                                entries: vec![DrefEntry::Url(Url::default())],
                            },
                        },
                        stbl: self.sample_table()?,
                        ..Minf::default()
                    },
                },
                ..Trak::default()
            }],
            ..Moov::default()
        })
    }

    /// The sample table; all pictures are in one chunk.
    fn sample_table(&self) -> io::Result<Stbl> {
        let count = self.sizes.len() as u32;
        let first = self.mdat + 16;
        Ok(Stbl {
            stsd: Stsd {
                codecs: vec![Codec::Avc1(self.avc1()?)],
            },
            stts: Stts {
                entries: vec![SttsEntry {
                    sample_count: count,
                    sample_delta: TICKS,
                }],
            },
            stss: Some(Stss {
                entries: self.keys.clone(),
            }),
            stsc: Stsc {
                entries: vec![StscEntry {
                    first_chunk: 1,
                    samples_per_chunk: count,
                    sample_description_index: 1,
                }],
            },
            stsz: Stsz {
                samples: StszSamples::Different {
                    sizes: self.sizes.clone(),
                },
            },
            stco: Some(Stco {
                entries: vec![first as u32],
            }),
            ..Stbl::default()
        })
    }

    fn avc1(&self) -> io::Result<Avc1> {
        let (width, height) = self.size;
        Ok(Avc1 {
            visual: Visual {
                data_reference_index: 1,
                width,
                height,
                ..Visual::default()
            },
            avcc: Avcc::new(&self.h264.sps, &self.h264.pps).map_err(io::Error::other)?,
            // SMPTE 170M throughout, limited range: BT.601, as in the stream itself.
            colr: Some(Colr::new(6, 6, 6, false).map_err(io::Error::other)?),
            ..Avc1::default()
        })
    }
}

fn encoded(atom: &impl Encode) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    atom.encode(&mut bytes).map_err(io::Error::other)?;
    Ok(bytes)
}
