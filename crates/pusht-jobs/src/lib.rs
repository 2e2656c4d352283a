#![doc = include_str!("../README.md")]

mod cancel;
mod context;
#[cfg(feature = "terminal")]
mod ctrl_c;
mod files;
mod hash;
mod inputs;
mod journal;
mod path_name;
mod progress;
#[cfg(feature = "settings")]
mod settings;
mod shard;
mod side_by_side;
mod stage;
mod stand_ins;
mod stop;
mod text;

pub use cancel::{CancelFlag, Cancelled};
pub use context::{JobContext, Task};
#[cfg(feature = "terminal")]
pub use ctrl_c::cancel_on_ctrl_c;
pub use files::{
    STAGING_PREFIX, StagedFile, StagedFolder, absent_is_fine, begins_with, claim_folder, plain_path, sync_folder,
    write_bytes, write_file, write_json,
};
pub use hash::{Hasher, files_at, hash_bytes, hash_file, hash_json, hash_path};
pub use inputs::{open_file, read_file, read_rest, read_text, refuse_special_files};
pub use journal::{Journal, JournalError, JournalScan, Place};
pub use path_name::path_name;
pub use progress::{Lines, Progress, RecordedProgress, Silent};
#[cfg(feature = "terminal")]
pub use progress::{Terminal, terminal_or_lines};
#[cfg(feature = "settings")]
pub use settings::{SettingLayers, SettingsError};
pub use shard::{Shard, ShardError};
pub use stage::{Done, Key, Origin, Runner, Selection, Stage, StageError, StageRecord};
pub use stand_ins::{LFS_POINTER, is_hidden, is_lfs_pointer};
pub use stop::{request_stop, stop_requested};
pub use text::counted;
