//! Numbers and packets of NUT.

use std::io::{self, Read};

/// Most bytes of a header; FFmpeg's have less than 1 kB.
const LONGEST_HEADER: u64 = 1 << 16;

/// Start code and length of a packet.
pub(crate) fn packet(input: &mut impl Read) -> io::Result<(u64, u64)> {
    let code = u64::from_be_bytes(bytes(input)?);
    let length = number(input)?;
    if length > 4096 {
        bytes::<4>(input)?; // Checksum.
    }
    Ok((code, length))
}

pub(crate) fn header(input: &mut impl Read, expected: u64) -> io::Result<Vec<u8>> {
    match packet(input)? {
        (code, length) if code == expected => read(input, length),
        _ => Err(wrong("a header is missing")),
    }
}

pub(crate) fn read(input: &mut impl Read, length: u64) -> io::Result<Vec<u8>> {
    if length > LONGEST_HEADER {
        return Err(wrong("a header is too long"));
    }
    let mut bytes = vec![0; length.try_into().map_err(io::Error::other)?];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

pub(crate) fn bytes<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}

/// A number in groups of seven bits, the highest first.
pub(crate) fn number(input: &mut impl Read) -> io::Result<u64> {
    let mut value = 0_u64;
    loop {
        let [byte] = bytes(input)?;
        if value >> 57 != 0 {
            return Err(wrong("a number is too large"));
        }
        value = value << 7 | u64::from(byte & 127);
        if byte & 128 == 0 {
            return Ok(value);
        }
    }
}

/// A number with a sign: 0, 1, -1, 2, ….
pub(crate) fn signed(input: &mut impl Read) -> io::Result<i64> {
    let value = number(input)?;
    let half = i64::try_from(value / 2).map_err(io::Error::other)?;
    Ok(if value % 2 == 1 { half + 1 } else { -half })
}

pub(crate) fn wrong(reason: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
