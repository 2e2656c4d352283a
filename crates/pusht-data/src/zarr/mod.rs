//! The replay buffer of the Diffusion Policy code (zarr v2): all episodes concatenated, with their end rows.
//!
//! | array | shape | dtype | meaning |
//! |---|---|---|---|
//! | `data/action` | n, 2 | float | target of the agent, px |
//! | `data/state` | n, 5 | float | agent x, y, block x, y, angle, before the action (may be missing) |
//! | `data/img` | n, h, w, 3 | float32 or uint8, 0…255 | image before the action (may be missing) |
//! | `meta/episode_ends` | episodes | int64 | exclusive end rows |
//!
//! Chunks hold whole rows. Blosc is decoded by the C library, because blocks whose element count is not a multiple of 8
//! are stored unshuffled although their header states otherwise, which other decoders miss.

mod frames;
mod replay_buffer;
mod rows;
mod write;

pub use replay_buffer::ReplayBuffer;
pub use write::write_replay_buffer;
