//! How alike pictures are, pixel by pixel.

mod error;
mod psnr;
mod ssim;

pub use error::SimilarityError;
pub use psnr::psnr;
pub use ssim::{ssim, video_ssim};
