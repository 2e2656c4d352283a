//! SSIM against scikit-image.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

use image::RgbImage;
use image_similarity::{SimilarityError, ssim, video_ssim};

#[derive(serde::Deserialize)]
struct Pictures {
    width: u32,
    height: u32,
    a: Vec<u8>,
    b: Vec<u8>,
    ssim: f64,
}

#[test]
fn ssim_as_in_scikit_image() {
    let p: Pictures = serde_json::from_str(include_str!("fixtures/ssim.json")).unwrap();
    let a = RgbImage::from_raw(p.width, p.height, p.a).unwrap();
    let b = RgbImage::from_raw(p.width, p.height, p.b).unwrap();
    let found = ssim(&a, &b).unwrap();
    assert!((found - p.ssim).abs() < 1e-12, "{found} against {}", p.ssim);
    assert_eq!(ssim(&a, &b), ssim(&b, &a));
    assert!((ssim(&a, &a).unwrap() - 1.0).abs() < 1e-12);
    let video = video_ssim(&[a.clone(), b.clone()], &[a.clone(), a.clone()]).unwrap();
    assert!(video[0] > 0.999 && (video[1] - found).abs() < 1e-12);

    let other = RgbImage::new(20, 26);
    assert!(matches!(ssim(&a, &other), Err(SimilarityError::Sizes { .. })));
    let small = RgbImage::new(10, 40);
    assert!(matches!(ssim(&small, &small), Err(SimilarityError::Small { .. })));
    assert!(matches!(video_ssim(&[a], &[]), Err(SimilarityError::Lengths { .. })));
}
