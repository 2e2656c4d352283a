//! Measures that earlier versions wrote are read under the names they had then.
#![allow(clippy::unwrap_used)]

use object_latent::ContactMeasures;

#[test]
fn contact_measures() {
    let measures: ContactMeasures =
        serde_json::from_str(r#"{"motion": 1.5, "untouched": 0.25, "rest": 0.5, "overlap": 0.0}"#).unwrap();
    assert_eq!(measures.motion_without_contact, 0.25);
}
