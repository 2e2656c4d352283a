//! `pusht rate`.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use video_io::{Frame, VideoOptions, save_video};

fn pusht(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pusht"));
    command.current_dir(folder).args(arguments);
    command
}

#[test]
fn a_study_is_served_and_evaluated() {
    let folder = tempfile::tempdir().unwrap();
    save_video(
        folder.path().join("clips/a.gif"),
        &vec![Frame::from_pixel(32, 32, image::Rgb([200, 10, 10])); 3],
        VideoOptions::default(),
    )
    .unwrap();
    let mut server = pusht(
        folder.path(),
        &["rate", "--video", "clips", "--db", "r.db", "--port", "0"],
    )
    .stdout(Stdio::piped())
    .stderr(Stdio::null())
    .spawn()
    .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(line.starts_with("1 clip to rate at http://127.0.0.1:"), "{line}");

    let evaluate = ["rate", "--db", "r.db", "--export", "all.csv", "--report", "report"];
    let output = pusht(folder.path(), &evaluate).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success() && text.contains("0 ratings in all.csv"),
        "{text}"
    );
    for file in [
        "all.csv",
        "report/ratings.csv",
        "report/report.json",
        "report/report.md",
    ] {
        assert!(folder.path().join(file).exists(), "{file}");
    }
}

#[test]
fn what_cannot_be_done_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, said, status) in [
        (&["--db", "r.db"][..], "--video", 2),
        (&["--db", "r.db", "--export", "a.csv", "--port", "80"], "--port", 2),
        (
            &["--db", "r.db", "--export", "a.csv", "--audit", "s.json"],
            "--report",
            2,
        ),
        (&["--db", "r.db", "--export", "a.csv", "--seed", "1"], "--seed", 1),
        (&["--db", "r.db", "--report", "report"], "pusht rate --video", 1),
    ] {
        let output = pusht(folder.path(), &["rate"]).args(arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{error}");
        assert!(error.contains(said), "{error}");
    }
}
