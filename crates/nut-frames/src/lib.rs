#![doc = include_str!("../README.md")]

mod header;
mod numbers;

use self::header::{Headers, INVALID, START};
use self::numbers::{bytes, number, packet, read, signed, wrong};
use image::RgbImage;
use std::io::{self, BufRead, Read};

/// Start code of a packet with a time.
const SYNCPOINT: u64 = 0x4E4B_E4AD_EECA_4569;

/// What a frame's header holds beside what its code implies.
const CODED_PTS: u64 = 1 << 3;
const STREAM_ID: u64 = 1 << 4;
const SIZE_MSB: u64 = 1 << 5;
const CHECKSUM: u64 = 1 << 6;
const RESERVED: u64 = 1 << 7;
const SIDE_DATA: u64 = 1 << 8;
const HEADER_INDEX: u64 = 1 << 10;
const MATCH_TIME: u64 = 1 << 11;
const CODED: u64 = 1 << 12;

/// Reads one stream of RGB frames, 8 bits per channel. Memory holds one frame.
pub struct NutReader<R> {
    input: R,
    headers: Headers,
    last_pts: i64,
}

impl<R: BufRead> NutReader<R> {
    /// Reads the headers; `most_pixels` bounds a frame.
    ///
    /// # Errors
    /// What `input` reports; [`io::ErrorKind::InvalidData`] for anything but NUT with one stream of RGB.
    pub fn open(mut input: R, most_pixels: u64) -> io::Result<Self> {
        if bytes(&mut input)? != *b"nut/multimedia container\0" {
            return Err(wrong("it is not NUT"));
        }
        Ok(Self {
            headers: Headers::read(&mut input, most_pixels)?,
            input,
            last_pts: 0,
        })
    }

    /// Seconds per tick: numerator and denominator, neither of which is 0.
    pub fn time_base(&self) -> (u32, u32) {
        self.headers.time_base
    }

    /// The next frame and its time in ticks; `None` at the end.
    ///
    /// # Errors
    /// As [`NutReader::open`]; a frame of another size than the first.
    pub fn next_frame(&mut self) -> io::Result<Option<(RgbImage, i64)>> {
        loop {
            let Some(&code) = self.input.fill_buf()?.first() else {
                return Ok(None);
            };
            if code != START {
                return self.frame().map(Some);
            }
            let (code, length) = packet(&mut self.input)?;
            if code == SYNCPOINT {
                let body = read(&mut self.input, length)?;
                let time = number(&mut &body[..])? / self.headers.time_bases;
                self.last_pts = i64::try_from(time).map_err(io::Error::other)?;
            } else {
                // Headers are repeated; an index ends the stream.
                io::copy(&mut self.input.by_ref().take(length), &mut io::sink())?;
            }
        }
    }

    fn frame(&mut self) -> io::Result<(RgbImage, i64)> {
        let [code] = bytes(&mut self.input)?;
        let Some(&code) = self.headers.codes.get(usize::from(code)) else {
            return Err(wrong("an unknown frame code"));
        };
        let input = &mut self.input;
        let mut flags = code.flags;
        if flags & INVALID != 0 {
            return Err(wrong("an invalid frame code"));
        }
        if flags & CODED != 0 {
            flags ^= number(input)?;
        }
        if flags & STREAM_ID != 0 && number(input)? != 0 || flags & SIDE_DATA != 0 {
            return Err(wrong("a frame of another stream"));
        }
        let pts = match flags & CODED_PTS {
            0 => self.last_pts.checked_add(code.pts_delta),
            _ => {
                let coded = number(input)?;
                self.pts(coded)
            }
        };
        let pts = pts.ok_or_else(|| wrong("a time is out of range"))?;
        let input = &mut self.input;
        let mut size = code.size;
        if flags & SIZE_MSB != 0 {
            let multiples = number(input)?.checked_mul(code.size_multiplier);
            size = multiples.and_then(|m| m.checked_add(size)).unwrap_or(u64::MAX);
        }
        if flags & MATCH_TIME != 0 {
            signed(input)?;
        }
        let mut index = code.beginning;
        if flags & HEADER_INDEX != 0 {
            index = number(input)?.try_into().map_err(io::Error::other)?;
        }
        let reserved = if flags & RESERVED != 0 {
            number(input)?
        } else {
            code.reserved
        };
        for _ in 0..reserved {
            number(input)?;
        }
        if flags & CHECKSUM != 0 {
            bytes::<4>(input)?;
        }
        let (width, height) = self.headers.size;
        let expected = 3 * u64::from(width) * u64::from(height);
        if size != expected {
            return Err(wrong(&format!(
                "a frame has {size} bytes; expected {expected}, for {width}×{height} px as the first"
            )));
        }
        // Long frames are always whole.
        let start: &[u8] = match (size > 4096, self.headers.beginnings.get(index)) {
            (true, _) => &[],
            (false, Some(start)) => start,
            (false, None) => return Err(wrong("an unknown beginning of a frame")),
        };
        let mut pixels = vec![0; size.try_into().map_err(io::Error::other)?];
        let rest = pixels.split_at_mut_checked(start.len());
        let (begin, rest) = rest.ok_or_else(|| wrong("a frame is shorter than its beginning"))?;
        begin.copy_from_slice(start);
        self.input.read_exact(rest)?;
        self.last_pts = pts;
        let frame = RgbImage::from_raw(width, height, pixels).ok_or_else(|| wrong("a frame is too short"))?;
        Ok((frame, pts))
    }

    /// A time from its lower bits, those nearest to the last one; or a whole one.
    fn pts(&self, coded: u64) -> Option<i64> {
        let coded = i64::try_from(coded).ok()?;
        let range = 1 << self.headers.msb_pts_shift;
        if coded >= range {
            return Some(coded - range);
        }
        let least = self.last_pts.checked_sub((range - 1) / 2)?;
        least.checked_add(coded.wrapping_sub(least) & (range - 1))
    }
}

#[cfg(test)]
mod tests;
