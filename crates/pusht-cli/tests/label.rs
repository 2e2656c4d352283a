//! `pusht label` and `pusht demos merge` on labels.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use corruptions::Clip;
use video_io::{VideoOptions, save_video};

fn pusht(folder: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pusht"));
    command.current_dir(folder).args(arguments).output().unwrap()
}

fn done(output: &Output) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "{}", text(&output.stderr));
    text(&output.stdout)
}

/// Three clips of 40 frames in `in`, and a file that is none.
fn clips(folder: &Path) {
    for seed in 0..3 {
        let clip = Clip::simulated(300 + seed, 96).unwrap();
        let path = folder.join(format!("in/{seed}.gif"));
        save_video(path, &clip.frames[..40], VideoOptions::default()).unwrap();
    }
    fs::write(folder.join("in/broken.mp4"), "no video").unwrap();
}

/// Names and contents of all files below a folder.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            found.extend(
                files(&path)
                    .into_iter()
                    .map(|(inner, bytes)| (format!("{name}/{inner}"), bytes)),
            );
        } else {
            found.push((name, fs::read(path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn parts_join_from_anywhere_to_what_one_process_writes() {
    let (here, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    clips(here.path());
    let whole = pusht(
        here.path(),
        &["label", "--video", "in", "--format", "zarr", "--out", "whole.zarr/"],
    );
    let text = done(&whole);
    assert!(
        text.contains("4 videos (1 failed)") && text.contains("failed: in/broken.mp4"),
        "{text}"
    );
    for part in ["1", "2"] {
        let (shard, out) = (format!("{part}/2"), format!("part-{part}.jsonl"));
        let text = done(&pusht(
            here.path(),
            &["label", "--video", "in", "--shard", &shard, "--out", &out],
        ));
        assert_eq!(text.trim_end(), format!("part {shard} of 4 videos in {out}"));
    }
    let parts = ["2", "1"].map(|part| here.path().join(format!("part-{part}.jsonl")));
    let [second, first] = parts.each_ref().map(|path| path.to_str().unwrap());
    let merge = ["demos", "merge", second, first, "--out", "set.zarr", "--json", "-"];
    let json: serde_json::Value = serde_json::from_str(&done(&pusht(elsewhere.path(), &merge))).unwrap();
    assert_eq!((&json["parts"], &json["labels"]["failed"]), (&2.into(), &1.into()));
    assert!(files(&elsewhere.path().join("set.zarr")) == files(&here.path().join("whole.zarr")));
    // The command that labels all of them finds nothing left to do.
    let merged = here.path().join("set.zarr");
    let name = merged.to_str().unwrap();
    done(&pusht(here.path(), &["demos", "merge", second, first, "--out", name]));
    let again = done(&pusht(
        here.path(),
        &["label", "--video", "in", "--format", "zarr", "--out", name],
    ));
    assert!(again.contains("4 videos (1 failed)"), "{again}");

    let twice = pusht(elsewhere.path(), &merge);
    assert_eq!(twice.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&twice.stderr).contains("exists already"));
}

#[test]
fn options_that_cannot_apply_are_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    clips(folder.path());
    let label = ["label", "--video", "in", "--out", "out"];
    for (more, option, status) in [
        (&["--device", "cpu"][..], "--device", 1),
        (&["--reduce", "mean"], "--reduce", 1),
        (&["--shard", "1/2", "--augment"], "--augment", 2),
        (&["--shard", "1/2", "--format", "zarr"], "--format", 2),
        (&["--idm", "learned"], "learned:FILE", 2),
    ] {
        let output = pusht(folder.path(), &[&label[..], more].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(status), "{said}");
        assert!(said.contains(option), "{said}");
    }
    assert!(!folder.path().join("out").exists());
}

#[test]
fn videos_without_a_trusted_action_make_the_command_fail() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.mp4"), "no video").unwrap();
    let output = pusht(folder.path(), &["label", "--video", "a.mp4", "--out", "set"]);
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stdout).contains("nothing to train on"));
    assert!(folder.path().join("set/label.json").exists());
}

#[cfg(unix)]
#[test]
fn names_that_are_not_text_are_refused_alone_or_by_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    clips(folder.path());
    let name = OsStr::from_bytes(b"in/b\xff.gif");
    fs::copy(folder.path().join("in/0.gif"), folder.path().join(name)).unwrap();
    let run = |out: &OsStr| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pusht"));
        command
            .current_dir(folder.path())
            .args(["label", "--video", "in/1.gif"])
            .arg(name);
        command.args(["--format", "zarr", "--out"]).arg(out).output().unwrap()
    };
    let text = done(&run(OsStr::new("set.zarr")));
    assert!(
        text.contains("2 videos (1 failed)") && text.contains("not UTF-8"),
        "{text}"
    );
    let refused = run(OsStr::from_bytes(b"set\xff.zarr"));
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        refused.status.code() == Some(2) && said.contains("is not UTF-8"),
        "{said}"
    );
}
