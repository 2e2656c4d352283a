//! The list of readers.

use crate::{datasets, play, rating_page, records, videos};
#[cfg(feature = "learning")]
use crate::{policy, weights};

/// A reader of untrusted bytes.
#[derive(Clone, Copy, Debug)]
pub struct FuzzTarget {
    name: &'static str,
    run: fn(&[u8]),
}

impl FuzzTarget {
    /// A whole or fragmented MP4 file: its index, then all frames.
    pub const MP4: Self = Self::new("mp4", videos::mp4);
    /// Coded pictures of H.264, packed files: the body of the `avcC` box, then one sample each.
    pub const H264: Self = Self::new("h264", videos::h264);
    /// Coded pictures of AV1, packed files: the body of the `av1C` box, then one sample each.
    pub const AV1: Self = Self::new("av1", videos::av1);
    /// A GIF file.
    pub const GIF: Self = Self::new("gif", videos::gif);
    /// A folder of PNG files, packed.
    pub const PNG: Self = Self::new("png", videos::png);
    /// A zarr replay buffer, packed files.
    pub const ZARR: Self = Self::new("zarr", datasets::zarr);
    /// The file `info.json` of a LeRobot dataset.
    pub const LEROBOT_INFO: Self = Self::new("lerobot_info", datasets::lerobot_info);
    /// Files of a LeRobot dataset, packed, in place of those of a complete one: the parquet tables.
    pub const LEROBOT_TABLES: Self = Self::new("lerobot_tables", datasets::lerobot_tables);
    /// JSON and JSON-lines files of ours: demonstrations, labels, rollouts, `generation.json`, scores, `report.json`; and
    /// the database of ratings.
    pub const RECORDS: Self = Self::new("records", records::records);
    /// Bytes that a client sends to the rating page. `SESSION` and `CLIP` stand for a valid session and clip.
    pub const RATING_PAGE: Self = Self::new("rating_page", rating_page::rating_page);
    /// Commands of a window of the page to play on, one a line, or the file of an unfinished episode.
    pub const PLAY: Self = Self::new("play", play::play);
    /// A safetensors file: published weights, and models of ours.
    #[cfg(feature = "learning")]
    pub const SAFETENSORS: Self = Self::new("safetensors", weights::safetensors);
    /// A file of LoRA adapters with its metadata.
    #[cfg(feature = "learning")]
    pub const ADAPTER: Self = Self::new("adapter", weights::adapter);
    /// A PyTorch file: as it is, or packed entries of a zip archive.
    #[cfg(feature = "learning")]
    pub const PICKLE: Self = Self::new("pickle", weights::pickle);
    /// The folder of a diffusion policy of LeRobot, packed files.
    #[cfg(feature = "learning")]
    pub const LEROBOT_POLICY: Self = Self::new("lerobot_policy", policy::lerobot_policy);

    /// All readers.
    pub const ALL: &[Self] = &[
        Self::MP4,
        Self::H264,
        Self::AV1,
        Self::GIF,
        Self::PNG,
        Self::ZARR,
        Self::LEROBOT_INFO,
        Self::LEROBOT_TABLES,
        Self::RECORDS,
        Self::RATING_PAGE,
        Self::PLAY,
        #[cfg(feature = "learning")]
        Self::SAFETENSORS,
        #[cfg(feature = "learning")]
        Self::ADAPTER,
        #[cfg(feature = "learning")]
        Self::PICKLE,
        #[cfg(feature = "learning")]
        Self::LEROBOT_POLICY,
    ];

    const fn new(name: &'static str, run: fn(&[u8])) -> Self {
        Self { name, run }
    }

    /// Name of the target, and of the folder with its corpus.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Reads an input as the program does. Errors of the reader are expected and ignored.
    ///
    /// # Panics
    /// A fault of the reader; or the temporary folder cannot be written.
    pub fn run(self, input: &[u8]) {
        (self.run)(input);
    }
}
