//! What is quoted of the messages of `ffmpeg`.

use super::{damage, quoted};

#[test]
fn lines_are_cleaned_and_bounded() {
    let said = "[hevc @ 0x55c6ca534040] a\n    Last message repeated 2 times\nb\u{1b}[0m\n\n[in#0 @ 0x1] Terminating thread\nc\nd\n";
    assert_eq!(quoted(said), "[hevc] a; b[0m; c");
    assert_eq!(quoted(""), "");
    assert_eq!(quoted("[mov,mp4 @ 0x1] [x @ 0x2] moov"), "[mov,mp4] [x] moov");
    assert_eq!(quoted(&"ä".repeat(5000)).chars().count(), 200);
}

#[test]
fn errors_of_sound_are_no_damage() {
    let said = "[mp3float @ 0x1] Header missing\n[h264 @ 0x2] mmco: unref short failure\n";
    assert_eq!(damage(said), None);
    let cut = damage("[aac @ 0x1] x\n[matroska,webm @ 0x2] File ended prematurely\n");
    assert_eq!(cut.as_deref(), Some("[matroska,webm] File ended prematurely"));
}
