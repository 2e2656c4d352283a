//! What a file is that no built-in reader reads.

/// A file that no built-in reader reads.
#[derive(Clone, Debug)]
pub(crate) struct Foreign {
    /// What it holds, as part of a sentence: "WebM (VP9)".
    pub(crate) holds: String,
    /// How its pictures are coded, as far as is known.
    pub(crate) codec: String,
    /// FFmpeg's name of the format.
    pub(crate) demuxer: &'static str,
}

/// Codecs by the names that Matroska and WebM give them.
const MATROSKA: [(&[u8], &str); 11] = [
    (b"V_VP8", "VP8"),
    (b"V_VP9", "VP9"),
    (b"V_AV1", "AV1"),
    (b"V_MPEG4/ISO/AVC", "H.264"),
    (b"V_MPEGH/ISO/HEVC", "H.265"),
    (b"V_MPEG4/ISO/", "MPEG-4 part 2"),
    (b"V_MPEG2", "MPEG-2"),
    (b"V_MJPEG", "Motion JPEG"),
    (b"V_FFV1", "FFV1"),
    (b"V_THEORA", "Theora"),
    (b"V_UNCOMPRESSED", "uncompressed pictures"),
];

/// Codecs by the names that AVI gives them, in capitals.
const AVI: [(&[u8; 4], &str); 12] = [
    (b"FMP4", "MPEG-4 part 2"),
    (b"MP4V", "MPEG-4 part 2"),
    (b"XVID", "MPEG-4 part 2"),
    (b"DIVX", "MPEG-4 part 2"),
    (b"DX50", "MPEG-4 part 2"),
    (b"MJPG", "Motion JPEG"),
    (b"H264", "H.264"),
    (b"X264", "H.264"),
    (b"AVC1", "H.264"),
    (b"HEVC", "H.265"),
    (b"FFV1", "FFV1"),
    (b"\0\0\0\0", "uncompressed pictures"),
];

impl Foreign {
    /// Describes a file of a format by its first bytes.
    pub(crate) fn of(format: &str, demuxer: &'static str, start: &[u8]) -> Self {
        let format = match demuxer {
            "matroska" if find(&start[..start.len().min(64)], b"webm").is_some() => "WebM",
            "matroska" => "Matroska",
            _ => format,
        };
        let codec = match demuxer {
            "matroska" => matroska(start),
            "avi" => find(start, b"vids").and_then(|at| avi(start.get(at + 4..at + 8)?)),
            _ => None,
        };
        Self {
            holds: codec.map_or_else(|| format.to_owned(), |codec| format!("{format} ({codec})")),
            codec: codec.unwrap_or(format).to_owned(),
            demuxer,
        }
    }

    /// An MP4 or MOV file that holds this.
    pub(crate) fn mp4(holds: &str) -> Self {
        Self {
            holds: holds.to_owned(),
            codec: holds.to_owned(),
            demuxer: "mov",
        }
    }
}

fn matroska(start: &[u8]) -> Option<&'static str> {
    if let Some(at) = find(start, b"V_MS/VFW/FOURCC") {
        // The name stands in the header of AVI.
        let after = &start[at..start.len().min(at + 128)];
        return AVI
            .iter()
            .find(|(name, _)| name[0] > 0 && find(after, *name).is_some())
            .map(|(_, codec)| *codec);
    }
    MATROSKA
        .iter()
        .find(|(name, _)| find(start, name).is_some())
        .map(|(_, codec)| *codec)
}

fn avi(name: &[u8]) -> Option<&'static str> {
    let name = name.to_ascii_uppercase();
    AVI.iter().find(|(known, _)| name == *known).map(|(_, codec)| *codec)
}

fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}
