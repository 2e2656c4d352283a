//! Folders that are not recordings.
#![allow(clippy::unwrap_used)]

#[test]
fn folders_that_are_no_recordings_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refusal = |path: &std::path::Path| env_parity::compare(path).unwrap_err().to_string();
    assert!(refusal(&folder.path().join("missing")).contains("is not a folder"));
    assert!(refusal(folder.path()).contains("none of the recordings"));
    std::fs::write(folder.path().join("coverage.npz"), b"no zip file").unwrap();
    assert!(refusal(folder.path()).contains("coverage.npz"));
    // A folder of stable-worldmodel's PushT.
    std::fs::write(folder.path().join("resets.npz"), b"no zip file").unwrap();
    assert!(refusal(folder.path()).contains("resets.npz"));
}
