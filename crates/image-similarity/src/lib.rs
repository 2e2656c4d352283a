#![doc = include_str!("../README.md")]

mod error;
mod psnr;
mod ssim;

pub use error::SimilarityError;
pub use psnr::psnr;
pub use ssim::{ssim, video_ssim};
