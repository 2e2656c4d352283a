//! Undoes the compression of a chunk, never beyond the size that its array states: a file of a megabyte may unpack to
//! gigabytes.

/// A general compressor whose data has no other structure than bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compressor {
    #[cfg(feature = "zarr-codecs")]
    Gzip,
    #[cfg(feature = "zarr-codecs")]
    Zlib,
    /// A length of four bytes, then a block of LZ4, as numcodecs writes it.
    #[cfg(feature = "zarr-codecs")]
    Lz4,
    #[cfg(feature = "zarr-codecs")]
    Zstd,
}

impl Compressor {
    /// The compressor of this name, in version 2 or 3 of zarr.
    #[cfg(feature = "zarr-codecs")]
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name.trim_start_matches("numcodecs.") {
            "gzip" => Self::Gzip,
            "zlib" => Self::Zlib,
            "lz4" => Self::Lz4,
            "zstd" => Self::Zstd,
            _ => return None,
        })
    }

    #[cfg(not(feature = "zarr-codecs"))]
    pub(super) fn of(_: &str) -> Option<Self> {
        None
    }

    /// Unpacks `bytes` to at most `limit` bytes.
    ///
    /// # Errors
    /// Damaged data, or more than `limit` bytes.
    #[cfg(feature = "zarr-codecs")]
    pub(super) fn inflate(self, bytes: &[u8], limit: usize) -> Result<Vec<u8>, String> {
        use std::io::Read;

        let stream: Box<dyn Read + '_> = match self {
            Self::Gzip => Box::new(flate2::read::MultiGzDecoder::new(bytes)),
            Self::Zlib => Box::new(flate2::read::ZlibDecoder::new(bytes)),
            Self::Zstd => Box::new(zstd::stream::read::Decoder::with_buffer(bytes).map_err(|e| e.to_string())?),
            Self::Lz4 => return lz4(bytes, limit),
        };
        let mut out = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
        stream.take(most).read_to_end(&mut out).map_err(|e| e.to_string())?;
        if out.len() > limit {
            return Err(too_long(limit));
        }
        Ok(out)
    }

    #[cfg(not(feature = "zarr-codecs"))]
    pub(super) fn inflate(self, _: &[u8], _: usize) -> Result<Vec<u8>, String> {
        match self {}
    }
}

#[cfg(feature = "zarr-codecs")]
fn lz4(bytes: &[u8], limit: usize) -> Result<Vec<u8>, String> {
    let (length, block) = bytes.split_first_chunk().ok_or("it is cut off")?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|e| e.to_string())?;
    if length > limit {
        return Err(too_long(limit));
    }
    lz4_flex::block::decompress(block, length).map_err(|e| e.to_string())
}

/// Checks the length that a blosc buffer states in its header, before it is decoded.
pub(super) fn check_blosc(bytes: &[u8], limit: usize) -> Result<(), String> {
    let length = bytes.get(4..8).and_then(|b| <[u8; 4]>::try_from(b).ok());
    let length = u32::from_le_bytes(length.ok_or("it is cut off")?);
    match usize::try_from(length) {
        Ok(length) if length <= limit => Ok(()),
        _ => Err(too_long(limit)),
    }
}

fn too_long(limit: usize) -> String {
    format!("it unpacks to more than the {limit} bytes that the array's metadata states")
}
