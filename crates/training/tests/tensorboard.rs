//! The framing of event files; `read_events.py`, run on the folder of a run with the pip package tensorboard, checks the
//! rest.

#![allow(clippy::unwrap_used)]

use training::EventWriter;

#[test]
fn records_are_framed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut writer = EventWriter::create(folder, 0).unwrap();
    for step in 0..5 {
        writer.scalar("loss/train", step * 10, 1.0 / (step + 1) as f64).unwrap();
    }
    writer.flush().unwrap();
    // A second file of the same run replaces what the first recorded from its first step on.
    let mut resumed = EventWriter::create(folder, 30).unwrap();
    resumed.scalar("loss/train", 30, 7.0).unwrap();
    resumed.flush().unwrap();

    let mut records = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        let mut at = 0;
        while at < bytes.len() {
            let length = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap()) as usize;
            at += 8 + 4 + length + 4;
            records += 1;
        }
        assert_eq!(at, bytes.len());
    }
    assert_eq!(records, 2 + 5 + 2 + 1);
}
