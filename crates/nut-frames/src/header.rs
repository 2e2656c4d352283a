//! The headers of a NUT stream: what its frame codes mean, and its time base and size.

use crate::numbers::{header, number, read, signed, wrong};
use std::io::{self, Read};

/// Start codes of the packets of the headers, and the byte that begins every start code and no frame.
pub(crate) const MAIN: u64 = 0x4E4D_7A56_1F5F_04AD;
pub(crate) const STREAM: u64 = 0x4E53_1140_5BF2_F9DB;
pub(crate) const START: u8 = b'N';

/// A frame code without a meaning.
pub(crate) const INVALID: u64 = 1 << 13;

/// What a frame code implies.
#[derive(Clone, Copy)]
pub(crate) struct FrameCode {
    pub(crate) flags: u64,
    pub(crate) pts_delta: i64,
    pub(crate) size_multiplier: u64,
    pub(crate) size: u64,
    pub(crate) reserved: u64,
    /// Index of the beginning that is left out.
    pub(crate) beginning: usize,
}

/// What the headers say.
pub(crate) struct Headers {
    pub(crate) codes: Vec<FrameCode>,
    /// Beginnings that are left out of frames.
    pub(crate) beginnings: Vec<Vec<u8>>,
    /// Number of time bases of the file.
    pub(crate) time_bases: u64,
    /// Seconds per tick: numerator and denominator.
    pub(crate) time_base: (u32, u32),
    /// Width and height.
    pub(crate) size: (u32, u32),
    pub(crate) msb_pts_shift: u32,
}

impl Headers {
    /// Reads the headers; `most_pixels` bounds a frame.
    pub(crate) fn read(input: &mut impl Read, most_pixels: u64) -> io::Result<Self> {
        let main = header(input, MAIN)?;
        let mut main = main.as_slice();
        let bases = time_bases(&mut main)?;
        let codes = frame_codes(&mut main)?;
        let beginnings = beginnings(&mut main)?;
        let stream = header(input, STREAM)?;
        let mut stream = stream.as_slice();
        let (base, msb_pts_shift) = stream_times(&mut stream)?;
        Ok(Self {
            codes,
            beginnings,
            time_bases: bases.len() as u64,
            time_base: bases
                .get(base)
                .copied()
                .ok_or_else(|| wrong("its time base is missing"))?,
            size: size(&mut stream, most_pixels)?,
            msb_pts_shift,
        })
    }
}

fn time_bases(main: &mut &[u8]) -> io::Result<Vec<(u32, u32)>> {
    let (version, streams) = (number(main)?, number(main)?);
    if version != 3 || streams != 1 {
        return Err(wrong(&format!(
            "NUT version {version} with {streams} streams; expected version 3 with one"
        )));
    }
    number(main)?; // Longest distance between start codes.
    let mut bases = Vec::new();
    for _ in 0..number(main)? {
        let base = (number(main)?.try_into(), number(main)?.try_into());
        let (Ok(numerator @ 1_u32..), Ok(denominator @ 1_u32..)) = base else {
            return Err(wrong("a time base is out of range"));
        };
        bases.push((numerator, denominator));
    }
    Ok(bases)
}

fn frame_codes(main: &mut &[u8]) -> io::Result<Vec<FrameCode>> {
    let mut code = FrameCode {
        flags: 0,
        pts_delta: 0,
        size_multiplier: 1,
        size: 0,
        reserved: 0,
        beginning: 0,
    };
    let mut codes = Vec::with_capacity(256);
    while codes.len() < 256 {
        code.flags = number(main)?;
        let fields = number(main)?;
        if fields > 0 {
            code.pts_delta = signed(main)?;
        }
        let mut field = |k: u64| if fields > k { number(main).map(Some) } else { Ok(None) };
        code.size_multiplier = field(1)?.unwrap_or(code.size_multiplier);
        field(2)?; // The stream; there is one.
        code.size = field(3)?.unwrap_or(0);
        code.reserved = field(4)?.unwrap_or(0);
        let count = field(5)?.unwrap_or(code.size_multiplier.saturating_sub(code.size));
        field(6)?; // Where a time matches; not needed.
        if let Some(beginning) = field(7)? {
            code.beginning = beginning.try_into().map_err(io::Error::other)?;
        }
        for k in 8..fields {
            field(k)?;
        }
        if count == 0 {
            return Err(wrong("its table of frame codes is damaged"));
        }
        let first = code.size;
        let mut made = 0;
        while made < count && codes.len() < 256 {
            if codes.len() == usize::from(START) {
                codes.push(FrameCode { flags: INVALID, ..code });
                continue;
            }
            let size = first.saturating_add(made);
            codes.push(FrameCode { size, ..code });
            made += 1;
        }
    }
    Ok(codes)
}

fn beginnings(main: &mut &[u8]) -> io::Result<Vec<Vec<u8>>> {
    let mut beginnings = vec![Vec::new()];
    for _ in 0..number(main)? {
        let length = number(main)?;
        beginnings.push(read(main, length)?);
    }
    Ok(beginnings)
}

/// Index of the time base, and the number of lower bits of short times.
fn stream_times(stream: &mut &[u8]) -> io::Result<(usize, u32)> {
    let (index, class) = (number(stream)?, number(stream)?);
    let length = number(stream)?;
    if read(stream, length)? != b"RGB\x18" || (index, class) != (0, 0) {
        return Err(wrong("it is no stream of RGB frames"));
    }
    let base = number(stream)?.try_into().map_err(io::Error::other)?;
    match number(stream)?.try_into() {
        Ok(shift @ ..=32) => Ok((base, shift)),
        _ => Err(wrong("its times are cut too long")),
    }
}

fn size(stream: &mut &[u8], most_pixels: u64) -> io::Result<(u32, u32)> {
    // Greatest distance of times, delay of the decoder, flags.
    for _ in 0..3 {
        number(stream)?;
    }
    let length = number(stream)?;
    read(stream, length)?;
    let (Ok(width @ 1_u32..), Ok(height @ 1_u32..)) = (number(stream)?.try_into(), number(stream)?.try_into()) else {
        return Err(wrong("its frames have no pixels, or too many"));
    };
    if u64::from(width) * u64::from(height) > most_pixels {
        return Err(wrong(&format!("frames of {width}×{height} px are larger than 8K")));
    }
    Ok((width, height))
}
