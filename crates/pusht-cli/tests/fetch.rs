//! `pusht demos fetch`, from a server on the loopback address.
#![allow(clippy::unwrap_used)]

mod common;

use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use common::{ends_with, json, pusht, record, succeeds};
use test_support::{LoopbackReply, LoopbackServer};
use zip::write::SimpleFileOptions;

/// A zip archive of a folder's files, below `prefix`, with further entries.
fn zipped(folder: &Path, prefix: &str, more: &[(&str, &str)]) -> Vec<u8> {
    fn add(writer: &mut zip::ZipWriter<std::io::Cursor<Vec<u8>>>, folder: &Path, prefix: &str) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = format!("{prefix}/{}", path.file_name().unwrap().to_string_lossy());
            if path.is_dir() {
                add(writer, &path, &name);
            } else {
                writer.start_file(name, SimpleFileOptions::default()).unwrap();
                writer.write_all(&std::fs::read(path).unwrap()).unwrap();
            }
        }
    }
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    add(&mut writer, folder, prefix);
    for (name, content) in more {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content.as_bytes()).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A folder with a small replay buffer, `set.zarr`.
fn replay_buffer(folder: &Path) {
    record(folder);
    succeeds(folder, &["demos", "convert", "--from", "set.jsonl", "--to", "set.zarr"]);
    // The card of a converted set is the converter's own.
    let card = std::fs::read_to_string(folder.join("set.zarr/README.md")).unwrap();
    assert!(
        card.starts_with("---\nlicense: \"mit\"\n") && card.contains("| frames | 60 |"),
        "{card}"
    );
}

#[test]
fn an_archive_is_downloaded_checked_and_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    replay_buffer(folder);
    let archive = zipped(
        &folder.join("set.zarr"),
        "pusht/set.zarr",
        &[("__MACOSX/pusht/._set.zarr", "x")],
    );
    let (size, number) = (archive.len(), AtomicUsize::new(0));
    let server = LoopbackServer::start(move |request| {
        let reply = LoopbackReply::part(request, &archive);
        match (request.path.as_str(), number.fetch_add(1, Ordering::SeqCst)) {
            ("/old.zip", _) => LoopbackReply::redirect(301, "/pusht.zip"),
            // Breaks off once, in the first download.
            (_, 1) => reply.cut_after(size / 2),
            _ => reply,
        }
    })
    .unwrap();
    let (old, new) = (
        format!("{}/old.zip", server.url()),
        format!("{}/pusht.zip", server.url()),
    );
    let fetched = json(
        folder,
        &["demos", "fetch", "--out", "human", "--from", &old, "--any-set"],
    );
    assert_eq!(
        (fetched["episodes"].as_u64(), fetched["frames"].as_u64()),
        (Some(3), Some(60))
    );
    assert!(
        server.requests().iter().any(|request| request.first_byte() > 0),
        "the broken transfer was continued"
    );
    let mut inside: Vec<_> = std::fs::read_dir(folder.join("human"))
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    inside.sort();
    assert_eq!(inside, ["README.md", "set.zarr"]);
    assert!(!folder.join("human.zip").exists() && !folder.join("human.zip.incomplete").exists());
    succeeds(folder, &["score", "actions", "--data", "human/set.zarr"]);
    let again = json(
        folder,
        &["demos", "fetch", "--out", "human", "--from", &old, "--any-set"],
    );
    assert_eq!(
        (again["already_there"].as_bool(), &again["content_sha256"]),
        (Some(true), &fetched["content_sha256"])
    );

    // Another dataset than the public one is refused, and nothing of it stays.
    let text = ends_with(1, folder, &["demos", "fetch", "--out", "other", "--from", &new]);
    assert!(text.contains("expected the demonstrations of Diffusion Policy, 206 episodes and 25650 frames, found 3 episodes, 60 frames"), "{text}");
    let left: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        !left
            .iter()
            .any(|name| name.starts_with("other") || name.starts_with(".writing")),
        "{left:?}"
    );
    let text = ends_with(1, folder, &["demos", "fetch", "--out", "human", "--from", &new]);
    assert!(
        text.contains("human/set.zarr: expected the demonstrations of Diffusion Policy"),
        "{text}"
    );
}

#[test]
fn what_is_no_such_archive_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    replay_buffer(folder);
    let set = folder.join("set.zarr");
    std::fs::write(
        folder.join("evil.zip"),
        zipped(&set, "pusht/set.zarr", &[("../evil.txt", "x")]),
    )
    .unwrap();
    for name in ["both/a.zarr", "both/b.zarr"] {
        succeeds(folder, &["demos", "convert", "--from", "set.jsonl", "--to", name]);
    }
    std::fs::write(folder.join("two.zip"), zipped(&folder.join("both"), "x", &[])).unwrap();
    std::fs::create_dir(folder.join("empty")).unwrap();
    std::fs::write(
        folder.join("none.zip"),
        zipped(&folder.join("empty"), "x", &[("a.txt", "x")]),
    )
    .unwrap();
    std::fs::write(folder.join("page.zip"), "<html>moved</html>").unwrap();
    let whole = zipped(&set, "pusht/set.zarr", &[]);
    std::fs::write(folder.join("cut.zip"), &whole[..whole.len() / 2]).unwrap();
    for (from, expected) in [
        (
            "evil.zip",
            "leaves the folder into which the archive is unpacked; nothing was unpacked",
        ),
        ("two.zip", "2 datasets; expected one"),
        ("none.zip", "there is no zarr replay buffer in the archive"),
        ("page.zip", "is no complete zip archive"),
        ("cut.zip", "is no complete zip archive"),
        ("gone.zip", "no such file; expected a zip archive or an address"),
    ] {
        let text = ends_with(
            1,
            folder,
            &["demos", "fetch", "--out", "human", "--from", from, "--any-set"],
        );
        assert!(text.contains(expected), "{from}: {text}");
        assert!(!folder.join("human").exists() && !folder.join("evil.txt").exists());
        assert!(
            from == "gone.zip" || folder.join(from).exists(),
            "the user's file is kept"
        );
    }
    let server = LoopbackServer::start(|_| LoopbackReply::status(404)).unwrap();
    let url = format!("{}/pusht.zip", server.url());
    let text = ends_with(1, folder, &["demos", "fetch", "--out", "human", "--from", &url]);
    assert!(text.contains("404: there is no such file; check the address"), "{text}");
    // Without a network.
    drop(server);
    let text = ends_with(1, folder, &["demos", "fetch", "--out", "human", "--from", &url]);
    assert!(
        text.contains("cannot be reached") && text.contains("give the file: --from FILE"),
        "{text}"
    );
    // A folder of something else.
    std::fs::create_dir(folder.join("mine")).unwrap();
    let output = pusht(folder, &["demos", "fetch", "--out", "mine", "--from", "cut.zip"]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("holds no dataset; choose another --out"));
}
