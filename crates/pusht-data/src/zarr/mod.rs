//! The replay buffer of the Diffusion Policy code (zarr, version 2 or 3): all episodes concatenated, with their end rows.
//!
//! | array | shape | dtype | meaning |
//! |---|---|---|---|
//! | `data/action` | n, 2 | number | target of the agent, px |
//! | `data/state` | n, 5 | number | agent x, y, block x, y, angle, before the action (may be missing) |
//! | `data/img` | n, h, w, 3 | number, 0…255 | image before the action (may be missing) |
//! | `meta/episode_ends` | episodes | whole number | exclusive end rows |
//!
//! Numbers are float32, float64 or any integer type; chunks may have any shape and, with the feature `zarr-codecs`, be in shards,
//! in order F, or compressed with gzip, zlib or lz4. Blosc is decoded by the C library, because blocks whose element count is not a multiple of 8
//! are stored unshuffled although their header states otherwise, which other decoders miss.

mod chunk;
mod frames;
mod inflate;
mod metadata;
mod numbers;
mod replay_buffer;
mod rows;
mod write;

pub use replay_buffer::ReplayBuffer;
pub use write::write_replay_buffer;
