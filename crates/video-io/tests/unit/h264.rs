//! Tests of `src/read/mp4/h264.rs`.

use super::*;
use openh264::OpenH264API;
use openh264::encoder::{Encoder, EncoderConfig, VuiConfig};
use openh264::formats::YUVBuffer;

/// Parameter sets of a stream with these tags.
fn sets(tags: VuiConfig) -> Vec<Vec<u8>> {
    let config = EncoderConfig::new().vui(tags);
    let mut encoder = Encoder::with_api_config(OpenH264API::from_source(), config).unwrap();
    let stream = encoder.encode(&YUVBuffer::new(64, 48)).unwrap();
    let layers = (0..stream.num_layers()).filter_map(|layer| stream.layer(layer));
    let units: Vec<Vec<u8>> = layers
        .flat_map(|layer| (0..layer.nal_count()).filter_map(move |unit| layer.nal_unit(unit).map(<[u8]>::to_vec)))
        .map(|unit| unit[unit.iter().position(|&byte| byte == 1).unwrap() + 1..].to_vec())
        .collect();
    units
        .into_iter()
        .filter(|unit| matches!(kind(unit), Some(7 | 8)))
        .collect()
}

#[test]
fn color_tags_that_are_only_in_the_stream_hold() {
    let containers = [
        Tags::default(),
        Tags {
            matrix: Some(Matrix::Bt601),
            full_range: Some(false),
        },
    ];
    for container in containers {
        for (tags, matrix, full_range) in [
            (VuiConfig::srgb(), Matrix::Bt709, true),
            (VuiConfig::bt709(), Matrix::Bt709, false),
            (VuiConfig::bt2020(), Matrix::Bt2020, false),
        ] {
            let h264 = H264::new(&sets(tags), 4, container, Orientation::default()).unwrap();
            assert_eq!(h264.color, Color { matrix, full_range });
        }
    }
}
