//! What ends a running read. In a process of its own: a stop cannot be withdrawn.

#![allow(clippy::unwrap_used, reason = "a test")]

use video_io::{Frame, VideoOptions, VideoReader, content_hash, save_video};

#[test]
fn a_stop_ends_a_running_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gif");
    let frames = vec![Frame::new(8, 8); 3];
    save_video(&path, &frames, VideoOptions::default()).unwrap();
    let mut reader = VideoReader::open(&path).unwrap();
    assert!(reader.next_frame().unwrap().is_some() && content_hash(&path).is_ok());
    pusht_jobs::request_stop();
    let error = reader.next_frame().unwrap_err().to_string();
    assert!(error.ends_with("cancelled"), "{error}");
    assert_eq!(content_hash(&path).unwrap_err().to_string(), "cancelled");
    assert_eq!(pusht_jobs::hash_file(&path).unwrap_err().to_string(), "cancelled");
    assert_eq!(pusht_jobs::read_file(&path).unwrap_err().to_string(), "cancelled");
}
