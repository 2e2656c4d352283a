//! An MP4 file around coded pictures: one video track of 64 × 48 px at 10 Hz.

/// How pictures are coded.
#[derive(Clone, Copy)]
pub(crate) enum Coding {
    H264,
    Av1,
}

const SIZE: [u16; 2] = [64, 48];
/// Ticks per second and per picture.
const TIMESCALE: u32 = 1000;
const DURATION: u32 = 100;
/// Transformation matrix that changes nothing, in the format's fixed-point numbers.
const UPRIGHT: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// A whole file. `configuration` is the body of the box `avcC` or `av1C`.
pub(crate) fn one_track(coding: Coding, configuration: &[u8], samples: &[&[u8]]) -> Vec<u8> {
    let count = samples.len() as u32;
    let duration = count * DURATION;
    let start = boxed(b"ftyp", &[b"isom", &[0, 0, 2, 0], b"isomiso2mp41"]);
    let media = boxed(b"mdat", samples);
    let matrix = numbers(&UPRIGHT);
    let header = [
        numbers(&[0, 0, 0, TIMESCALE, duration, 0x1_0000, 0x0100_0000, 0, 0]),
        matrix.clone(),
    ]
    .concat();
    let mvhd = boxed(b"mvhd", &[&header, &numbers(&[0, 0, 0, 0, 0, 0, 2])]);
    let [width, height] = SIZE.map(u32::from);
    let track = numbers(&[7, 0, 0, 1, 0, duration, 0, 0, 0, 0]);
    let tkhd = boxed(b"tkhd", &[&track, &matrix, &numbers(&[width << 16, height << 16])]);
    let mdhd = boxed(b"mdhd", &[&numbers(&[0, 0, 0, TIMESCALE, duration, 0x55C4_0000])]);
    let hdlr = boxed(b"hdlr", &[&numbers(&[0, 0]), b"vide", &numbers(&[0, 0, 0]), b"video\0"]);
    let vmhd = boxed(b"vmhd", &[&numbers(&[1, 0, 0])]);
    let url = boxed(b"url ", &[&numbers(&[1])]);
    let dinf = boxed(b"dinf", &[&boxed(b"dref", &[&numbers(&[0, 1]), &url])]);
    let stsd = boxed(b"stsd", &[&numbers(&[0, 1]), &entry(coding, configuration)]);
    let stts = boxed(b"stts", &[&numbers(&[0, 1, count, DURATION])]);
    let stsc = boxed(b"stsc", &[&numbers(&[0, 1, 1, count.max(1), 1])]);
    let sizes: Vec<u32> = samples.iter().map(|s| s.len() as u32).collect();
    let stsz = boxed(b"stsz", &[&numbers(&[0, 0, count]), &numbers(&sizes)]);
    let stco = boxed(b"stco", &[&numbers(&[0, 1, start.len() as u32 + 8])]);
    let stbl = boxed(b"stbl", &[&stsd, &stts, &stsc, &stsz, &stco]);
    let minf = boxed(b"minf", &[&vmhd, &dinf, &stbl]);
    let mdia = boxed(b"mdia", &[&mdhd, &hdlr, &minf]);
    let moov = boxed(b"moov", &[&mvhd, &boxed(b"trak", &[&tkhd, &mdia])]);
    [start, media, moov].concat()
}

/// The sample entry.
fn entry(coding: Coding, configuration: &[u8]) -> Vec<u8> {
    let (kind, inner) = match coding {
        Coding::H264 => (b"avc1", b"avcC"),
        Coding::Av1 => (b"av01", b"av1C"),
    };
    let inner = boxed(inner, &[configuration]);
    let [width, height] = SIZE.map(u16::to_be_bytes);
    let resolution = numbers(&[0x48_0000, 0x48_0000, 0]);
    boxed(
        kind,
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 16],
            &width,
            &height,
            &resolution,
            &[0, 1],
            &[0; 32],
            &[0, 24, 0xFF, 0xFF],
            &inner,
        ],
    )
}

/// Big-endian numbers.
fn numbers(values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| v.to_be_bytes()).collect()
}

fn boxed(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    [&(body.len() as u32 + 8).to_be_bytes(), kind.as_slice(), &body].concat()
}
