#![doc = include_str!("../README.md")]

#[cfg(feature = "network")]
mod address;
mod archive;
mod cache;
mod card;
mod card_text;
#[cfg(feature = "network")]
mod checksum;
#[cfg(feature = "network")]
mod download;
mod error;
#[cfg(feature = "network")]
mod fetch;
mod glob;
#[cfg(feature = "network")]
mod http;
mod hub;
mod layout;
#[cfg(feature = "network")]
mod listing;
mod name;
mod paths;
mod selection;
mod settings;
#[cfg(feature = "network")]
mod transfer;

pub use archive::{ArchiveError, UnpackLimits, unpack_zip};
pub use card::{Card, CardLicense};
#[cfg(feature = "network")]
pub use download::{DownloadLimits, download};
pub use error::HubError;
pub use hub::{Hub, HubFolder};
pub use layout::{FileGroup, HubLayout};
pub use name::{HubName, HubNameError, RepoKind};
pub use settings::HubSettings;
