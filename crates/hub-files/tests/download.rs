//! Files of any address.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use hub_files::{DownloadLimits, HubSettings, download};
use pusht_jobs::JobContext;
use test_support::{LoopbackReply, LoopbackServer};

const LIMITS: DownloadLimits = DownloadLimits {
    most_bytes: 2_000_000,
    about_bytes: 1_000_000,
    advice: "take it by hand",
};

fn settings() -> HubSettings {
    HubSettings {
        attempts: 3,
        pause: Duration::ZERO,
        ..HubSettings::with_cache("/nowhere")
    }
}

fn get(url: &str, to: &Path) -> Result<(), String> {
    download(url, to, &LIMITS, &settings(), &mut JobContext::silent()).map_err(|error| error.to_string())
}

#[test]
fn a_download_continues_and_is_complete_or_absent() {
    let file: Vec<u8> = (0..1_500_000u32).map(|i| (i % 251) as u8).collect();
    let (content, number) = (file.clone(), std::sync::atomic::AtomicUsize::new(0));
    let server = LoopbackServer::start(move |request| {
        let reply = LoopbackReply::part(request, &content);
        match (
            request.path.as_str(),
            number.fetch_add(1, std::sync::atomic::Ordering::SeqCst),
        ) {
            ("/moved", _) => LoopbackReply::redirect(301, "/a.zip"),
            (_, 0..=3) => reply.cut_after(300_000),
            _ => reply,
        }
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (url, to) = (format!("{}/a.zip", server.url()), folder.path().join("a.zip"));
    let error = get(&url, &to).unwrap_err();
    assert!(
        error.contains("broke off") && error.ends_with("take it by hand"),
        "{error}"
    );
    assert!(!to.exists() && folder.path().join("a.zip.incomplete").exists());
    get(&url, &to).unwrap();
    assert_eq!(std::fs::read(&to).unwrap(), file);
    assert!(!folder.path().join("a.zip.incomplete").exists());
    // It is there: no request.
    let asked = server.requests().len();
    get(&url, &to).unwrap();
    assert_eq!(server.requests().len(), asked);
    get(&format!("{}/moved", server.url()), &folder.path().join("b.zip")).unwrap();
}

#[test]
fn what_cannot_be_had_leaves_nothing() {
    let server = LoopbackServer::start(|request| match request.path.as_str() {
        "/large" => LoopbackReply::body(vec![0; 2_000_001]),
        "/loop" => LoopbackReply::redirect(302, "/loop"),
        _ => LoopbackReply::status(404),
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("a.zip");
    for (url, expected) in [
        (format!("{}/large", server.url()), "longer than 2000000 bytes"),
        (
            format!("{}/none", server.url()),
            ": 404: there is no such file; check the address",
        ),
        (format!("{}/loop", server.url()), "cannot be reached"),
        ("ftp://127.0.0.1/a".to_owned(), "begins with https:// or http://"),
        ("http://127.0.0.1:1/a".to_owned(), "take it by hand"),
    ] {
        let error = get(&url, &to).unwrap_err();
        assert!(error.contains(expected), "{url}: {error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{url}");
    }
    let offline = HubSettings {
        offline: true,
        ..settings()
    };
    let error = download("https://127.0.0.1/a", &to, &LIMITS, &offline, &mut JobContext::silent())
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("HF_HUB_OFFLINE is set") && error.ends_with("take it by hand"),
        "{error}"
    );
}
