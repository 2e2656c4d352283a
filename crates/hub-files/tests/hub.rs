//! Repositories from a server on the loopback address.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::time::Duration;

use hub_files::{FileGroup, Hub, HubError, HubFolder, HubLayout, HubName, HubSettings, RepoKind};
use pusht_jobs::{CancelFlag, JobContext, RecordedProgress};
use test_support::{FakeHub, FakeRepo, LoopbackReply, LoopbackRequest, LoopbackServer};

/// Weights of 3 MB, all bytes different from their neighbors.
fn weights() -> Vec<u8> {
    (0..3_000_000u32)
        .map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8)
        .collect()
}

fn repo() -> FakeRepo {
    FakeRepo::new("models", "owner/model")
        .with("config.json", "{\"a\": 1}")
        .with("model.safetensors", weights())
        .with("film.mp4", vec![1; 1000])
        .with("README.md", "# model")
}

fn layout() -> [HubLayout; 1] {
    [HubLayout::new("a model")
        .with(FileGroup::required(["config.json"]))
        .with(FileGroup::required(["*.safetensors", "*.bin"]))]
}

fn settings(server: &LoopbackServer, cache: &Path) -> HubSettings {
    HubSettings {
        endpoint: server.url(),
        timeout: Duration::from_secs(20),
        attempts: 3,
        pause: Duration::ZERO,
        ..HubSettings::with_cache(cache)
    }
}

fn locate_with(settings: HubSettings, name: &str) -> Result<HubFolder, HubError> {
    let name = HubName::parse(RepoKind::Model, name).unwrap();
    Hub::new(settings).locate(&name, &layout(), &mut JobContext::silent())
}

fn locate(server: &LoopbackServer, cache: &Path, name: &str) -> Result<HubFolder, String> {
    locate_with(settings(server, cache), name).map_err(|error| error.to_string())
}

/// Paths that were requested.
fn paths(server: &LoopbackServer) -> Vec<String> {
    server.requests().into_iter().map(|request| request.path).collect()
}

#[test]
fn the_needed_files_are_downloaded_once() {
    let (server, cache) = (FakeHub::start(repo()).unwrap(), tempfile::tempdir().unwrap());
    let found = locate(&server, cache.path(), "owner/model").unwrap();
    let folder = cache.path().join("models--owner--model");
    assert_eq!(found.path, folder.join("snapshots").join(FakeRepo::COMMIT));
    assert_eq!(found.name.to_string(), format!("hub:owner/model@{}", FakeRepo::COMMIT));
    assert_eq!(std::fs::read(found.path.join("model.safetensors")).unwrap(), weights());
    assert_eq!(
        std::fs::read_to_string(folder.join("refs/main")).unwrap(),
        FakeRepo::COMMIT
    );
    let mut inside: Vec<_> = std::fs::read_dir(&found.path)
        .unwrap()
        .map(|e| e.unwrap().file_name())
        .collect();
    inside.sort();
    assert_eq!(inside, ["config.json", "model.safetensors"]);
    let asked = paths(&server);
    assert_eq!(asked.len(), 4, "{asked:?}");
    assert_eq!(asked[0], "/api/models/owner/model/revision/main?blobs=true");
    assert_eq!(asked[3], "/cdn/model.safetensors", "weights are elsewhere");
    let again = locate(&server, cache.path(), "owner/model").unwrap();
    assert_eq!((again, paths(&server).len()), (found, 5));
    // Another revision with the same files.
    locate(&server, cache.path(), "owner/model@v3.0").unwrap();
    assert_eq!(paths(&server).len(), 6);
    assert!(folder.join("refs/v3.0").exists());
}

#[test]
fn one_file_can_be_named() {
    let (server, cache) = (FakeHub::start(repo()).unwrap(), tempfile::tempdir().unwrap());
    let found = locate(&server, cache.path(), "owner/model/film.mp4").unwrap();
    assert_eq!(std::fs::read(&found.path).unwrap(), vec![1; 1000]);
    assert!(!found.path.with_file_name("config.json").exists());
    let error = locate(&server, cache.path(), "owner/model/other.mp4").unwrap_err();
    assert!(
        error.contains("no such file or folder; it has README.md, config.json"),
        "{error}"
    );
}

#[test]
fn a_broken_transfer_continues_where_it_broke_off() {
    let cut = |request: &LoopbackRequest, number: usize, reply: LoopbackReply| match number {
        0 | 1 if request.path == "/cdn/model.safetensors" => reply.cut_after(1_400_000),
        _ => reply,
    };
    let (server, cache) = (FakeHub::start_with(repo(), cut).unwrap(), tempfile::tempdir().unwrap());
    let found = locate(&server, cache.path(), "owner/model").unwrap();
    assert_eq!(std::fs::read(found.path.join("model.safetensors")).unwrap(), weights());
    let requests = server.requests();
    let first: Vec<usize> = requests
        .iter()
        .filter(|r| r.path.starts_with("/cdn/"))
        .map(LoopbackRequest::first_byte)
        .collect();
    // The client may drop what was in flight when the connection ended, but never what it had.
    assert_eq!((first.len(), first[0]), (3, 0));
    assert!(
        first[1] > 0 && first[1] <= 1_400_000 && first[2] > first[1] && first[2] <= 2_800_000,
        "{first:?}"
    );
}

#[test]
fn what_an_earlier_process_received_is_kept_and_counted() {
    let cut = |request: &LoopbackRequest, _: usize, reply: LoopbackReply| {
        if request.path.starts_with("/cdn/") {
            reply.cut_after(1000)
        } else {
            reply
        }
    };
    let cache = tempfile::tempdir().unwrap();
    let before = {
        let server = FakeHub::start_with(repo(), cut).unwrap();
        let error = locate(&server, cache.path(), "owner/model").unwrap_err();
        assert!(
            error.contains("broke off") && error.contains("the same command continues"),
            "{error}"
        );
        assert_eq!(
            paths(&server).iter().filter(|path| path.starts_with("/cdn/")).count(),
            3,
            "three attempts"
        );
        let blobs = std::fs::read_dir(cache.path().join("models--owner--model/blobs")).unwrap();
        let partial = blobs
            .map(|e| e.unwrap())
            .find(|e| e.file_name().to_string_lossy().ends_with(".incomplete"));
        partial.unwrap().metadata().unwrap().len()
    };
    assert!(before > 0 && before <= 3000, "{before}");
    let server = FakeHub::start(repo()).unwrap();
    let (progress, name) = (
        RecordedProgress::default(),
        HubName::parse(RepoKind::Model, "owner/model").unwrap(),
    );
    let mut ctx = JobContext::new(Box::new(progress.clone()), CancelFlag::new());
    let found = Hub::new(settings(&server, cache.path()))
        .locate(&name, &layout(), &mut ctx)
        .unwrap();
    assert_eq!(std::fs::read(found.path.join("model.safetensors")).unwrap(), weights());
    let asked = server.requests();
    let weights = asked.iter().find(|request| request.path.starts_with("/cdn/")).unwrap();
    assert_eq!(weights.first_byte() as u64, before);
    let steps = progress.steps();
    assert!(
        steps.last() == Some(&(3, 3)) && steps.windows(2).all(|pair| pair[0].0 <= pair[1].0),
        "{:?}",
        steps.last()
    );
}

#[test]
fn a_server_that_cannot_continue_sends_all_of_it() {
    let whole = |request: &LoopbackRequest, number: usize, reply: LoopbackReply| match number {
        0 if request.path.starts_with("/cdn/") => reply.cut_after(2_000_000),
        _ if request.path.starts_with("/cdn/") => LoopbackReply::body(weights()),
        _ => reply,
    };
    let (server, cache) = (
        FakeHub::start_with(repo(), whole).unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let found = locate(&server, cache.path(), "owner/model").unwrap();
    assert_eq!(std::fs::read(found.path.join("model.safetensors")).unwrap(), weights());
    // One that answers another part than was asked for, or refuses: from the beginning again.
    for wrong in [
        LoopbackReply::status(416),
        LoopbackReply::body("x").with_header("content-range", "bytes 5-5/9"),
    ] {
        let odd = move |request: &LoopbackRequest, number: usize, reply: LoopbackReply| match number {
            0 if request.path.starts_with("/cdn/") => reply.cut_after(1_500_000),
            1 if request.path.starts_with("/cdn/") && request.first_byte() > 0 => wrong.clone(),
            _ => reply,
        };
        let (server, cache) = (FakeHub::start_with(repo(), odd).unwrap(), tempfile::tempdir().unwrap());
        let result = locate(&server, cache.path(), "owner/model");
        if let Ok(found) = result {
            assert_eq!(std::fs::read(found.path.join("model.safetensors")).unwrap(), weights());
        } else {
            assert!(
                result.unwrap_err().contains("announced"),
                "a whole file of another size is refused"
            );
        }
    }
}

#[test]
fn a_file_that_is_not_the_announced_one_is_removed() {
    let mut other = weights();
    other[1_234_567] ^= 1;
    for (path, content) in [("/cdn/model.safetensors", other), ("/resolve/", b"{\"a\": 2}".to_vec())] {
        let change = move |request: &LoopbackRequest, _: usize, reply: LoopbackReply| {
            if request.path.contains(path) && !(path == "/resolve/" && request.path.contains("safetensors")) {
                LoopbackReply::part(request, &content)
            } else {
                reply
            }
        };
        let (server, cache) = (
            FakeHub::start_with(repo(), change).unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let error = locate(&server, cache.path(), "owner/model").unwrap_err();
        assert!(
            error.contains("its hash is") && error.contains("the download was removed"),
            "{error}"
        );
        let blobs = std::fs::read_dir(cache.path().join("models--owner--model/blobs")).unwrap();
        let names: Vec<_> = blobs.map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        assert!(names.iter().all(|name| !name.ends_with(".incomplete")), "{names:?}");
    }
    // A proxy's page in place of the file has another size.
    let page = |request: &LoopbackRequest, _: usize, reply: LoopbackReply| {
        if request.path.starts_with("/cdn/") {
            LoopbackReply::body("<html>log in</html>")
        } else {
            reply
        }
    };
    let (server, cache) = (FakeHub::start_with(repo(), page).unwrap(), tempfile::tempdir().unwrap());
    let error = locate(&server, cache.path(), "owner/model").unwrap_err();
    assert!(
        error.contains("has 19 bytes") && error.contains("announced 3000000"),
        "{error}"
    );
}

#[test]
fn damage_that_was_received_earlier_does_not_last() {
    let (server, cache) = (FakeHub::start(repo()).unwrap(), tempfile::tempdir().unwrap());
    let found = locate(&server, cache.path(), "owner/model").unwrap();
    let blob = std::fs::canonicalize(found.path.join("model.safetensors")).unwrap();
    let mut partial = blob.clone().into_os_string();
    partial.push(".incomplete");
    std::fs::remove_file(&blob).unwrap();
    std::fs::write(&partial, vec![0; 1000]).unwrap();
    assert!(
        locate(&server, cache.path(), "owner/model")
            .unwrap_err()
            .contains("its hash is")
    );
    let found = locate(&server, cache.path(), "owner/model").unwrap();
    assert_eq!(std::fs::read(found.path.join("model.safetensors")).unwrap(), weights());
    // A file of the cache that was cut off is downloaded again, and what is longer than the file is not kept.
    std::fs::write(&blob, "short").unwrap();
    std::fs::write(&partial, vec![0; 3_000_001]).unwrap();
    let found = locate(&server, cache.path(), "owner/model").unwrap();
    assert_eq!(std::fs::read(found.path.join("model.safetensors")).unwrap(), weights());
}

#[test]
fn refusals_say_what_to_do() {
    let answers = [
        (
            401,
            "RepoNotFound",
            "there is no public repository owner/model; check owner and name, or set HF_TOKEN",
        ),
        (401, "GatedRepo", "asks for terms to be accepted"),
        (403, "GatedRepo", "asks for terms to be accepted"),
        (403, "", "access to owner/model is refused; set HF_TOKEN"),
        (404, "RepoNotFound", "there is no public repository owner/model"),
        (404, "RevisionNotFound", "owner/model has no revision \"main\""),
        (
            404,
            "EntryNotFound",
            "owner/model has no such file at revision \"main\"",
        ),
        (429, "", "too many requests; try again later, or set HF_TOKEN"),
        (500, "", "the server has a problem"),
        (503, "", "the server has a problem"),
        (418, "", "check HF_ENDPOINT"),
    ];
    for (status, code, expected) in answers {
        for path in ["/api/", "/resolve/"] {
            let refuse = move |request: &LoopbackRequest, _: usize, reply: LoopbackReply| {
                if request.path.contains(path) {
                    LoopbackReply::status(status).with_header("x-error-code", code)
                } else {
                    reply
                }
            };
            let (server, cache) = (
                FakeHub::start_with(repo(), refuse).unwrap(),
                tempfile::tempdir().unwrap(),
            );
            let error = locate(&server, cache.path(), "owner/model").unwrap_err();
            assert!(
                error.contains(&format!(": {status}: ")) && error.contains(expected),
                "{status} {code}: {error}"
            );
            let repeated = status == 429 || status >= 500;
            let count = paths(&server).iter().filter(|asked| asked.contains(path)).count();
            assert_eq!(count, if repeated { 3 } else { 1 }, "{status}");
        }
    }
    let (server, cache) = (FakeHub::start(repo()).unwrap(), tempfile::tempdir().unwrap());
    let error = locate(&server, cache.path(), "owner/model@v9").unwrap_err();
    assert!(error.contains("no revision \"v9\""), "{error}");
    let error = locate(&server, cache.path(), "other/model").unwrap_err();
    assert!(error.contains("no public repository other/model"), "{error}");
}

#[test]
fn a_busy_server_is_asked_again() {
    let busy = |_: &LoopbackRequest, number: usize, reply: LoopbackReply| match number {
        0 => LoopbackReply::status(429).with_header("retry-after", "0"),
        1 => LoopbackReply::status(503),
        _ => reply,
    };
    let (server, cache) = (FakeHub::start_with(repo(), busy).unwrap(), tempfile::tempdir().unwrap());
    // Two refusals at the Hub and two where its redirect leads, for one file.
    let settings = HubSettings {
        attempts: 5,
        ..settings(&server, cache.path())
    };
    locate_with(settings, "owner/model").unwrap();
}

#[test]
fn a_server_that_does_not_answer_is_left() {
    for (path, cut) in [("/api/", None), ("/cdn/", None), ("/cdn/", Some(1000))] {
        let stall = move |request: &LoopbackRequest, _: usize, reply: LoopbackReply| match cut {
            _ if !request.path.contains(path) => reply,
            None => reply.stalled(),
            Some(bytes) => reply.cut_after(bytes).stalled(),
        };
        let (server, cache) = (
            FakeHub::start_with(repo(), stall).unwrap(),
            tempfile::tempdir().unwrap(),
        );
        let settings = HubSettings {
            timeout: Duration::from_millis(200),
            attempts: 2,
            ..settings(&server, cache.path())
        };
        let error = locate_with(settings, "owner/model").unwrap_err();
        assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
        let text = error.to_string();
        for part in [
            "HTTPS_PROXY",
            "HF_HUB_OFFLINE=1",
            "hf download owner/model --local-dir DIR",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}

#[test]
fn without_a_network_the_cache_is_used() {
    let cache = tempfile::tempdir().unwrap();
    let server = FakeHub::start(repo()).unwrap();
    let found = locate(&server, cache.path(), "owner/model").unwrap();
    let mut offline = settings(&server, cache.path());
    offline.offline = true;
    let asked = paths(&server).len();
    let commit = format!("owner/model@{}", FakeRepo::COMMIT);
    for name in ["owner/model", &commit] {
        assert_eq!(locate_with(offline.clone(), name).unwrap(), found);
    }
    for (name, reason) in [
        ("owner/model@v3.0", "not in the cache"),
        ("owner/other", "not in the cache"),
        ("owner/model/film.mp4", "no such file or folder"),
    ] {
        let error = locate_with(offline.clone(), name).unwrap_err().to_string();
        assert!(
            error.contains(reason) && error.contains("HF_HUB_OFFLINE is set") && error.contains("hf download"),
            "{error}"
        );
    }
    assert_eq!(paths(&server).len(), asked, "nothing was requested");
    // The server is gone: the cache again, and the error of the network for what is not in it.
    let gone = settings(&server, cache.path());
    drop(server);
    assert_eq!(locate_with(gone.clone(), "owner/model").unwrap(), found);
    let error = locate_with(gone.clone(), "owner/model@v3.0").unwrap_err();
    assert!(matches!(error, HubError::Unreachable { .. }), "{error}");
    // A needed file is missing.
    std::fs::remove_file(found.path.join("config.json")).unwrap();
    let error = locate_with(offline, "owner/model").unwrap_err().to_string();
    assert!(error.contains("a model has config.json"), "{error}");
    assert!(matches!(
        locate_with(gone, "owner/model").unwrap_err(),
        HubError::Unreachable { .. }
    ));
}

#[test]
fn the_token_goes_to_the_hub_only() {
    let cdn = LoopbackServer::start(|request| LoopbackReply::part(request, &weights())).unwrap();
    let elsewhere = format!("{}/weights", cdn.url());
    let away = move |request: &LoopbackRequest, _: usize, reply: LoopbackReply| {
        if request.path.ends_with("model.safetensors") {
            LoopbackReply::redirect(302, &elsewhere)
        } else {
            reply
        }
    };
    let (server, cache) = (FakeHub::start_with(repo(), away).unwrap(), tempfile::tempdir().unwrap());
    let settings = HubSettings {
        token: Some("hf_secret".to_owned()),
        ..settings(&server, cache.path())
    };
    locate_with(settings, "owner/model").unwrap();
    for request in server.requests() {
        assert_eq!(
            request.header("authorization"),
            Some("Bearer hf_secret"),
            "{}",
            request.path
        );
    }
    let elsewhere = cdn.requests();
    assert_eq!(elsewhere.len(), 1);
    assert_eq!(elsewhere[0].header("authorization"), None);
}

#[test]
fn a_repository_cannot_leave_the_cache() {
    for name in ["../../../evil.json", "/evil.json", "a/../../evil.json"] {
        let repo = FakeRepo::new("models", "owner/model")
            .with("config.json", "{}")
            .with(name, "evil");
        let (server, cache) = (FakeHub::start(repo).unwrap(), tempfile::tempdir().unwrap());
        let error = locate(&server, cache.path(), "owner/model").unwrap_err();
        assert!(error.contains("leaves its folder; nothing was downloaded"), "{error}");
        assert_eq!(std::fs::read_dir(cache.path()).unwrap().count(), 0);
    }
}

#[test]
fn two_at_once_download_each_file_once() {
    let (server, cache) = (FakeHub::start(repo()).unwrap(), tempfile::tempdir().unwrap());
    let found: Vec<HubFolder> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| locate(&server, cache.path(), "owner/model")))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap().unwrap()).collect()
    });
    assert!(found.iter().all(|folder| *folder == found[0]));
    assert_eq!(
        std::fs::read(found[0].path.join("model.safetensors")).unwrap(),
        weights()
    );
    assert_eq!(
        paths(&server).iter().filter(|path| path.starts_with("/cdn/")).count(),
        1
    );
}

#[test]
fn a_cancelled_download_stops_and_continues() {
    let stall = |request: &LoopbackRequest, number: usize, reply: LoopbackReply| match number {
        0 if request.path.starts_with("/cdn/") => reply.cut_after(1_000_000),
        _ => reply,
    };
    let (server, cache) = (
        FakeHub::start_with(repo(), stall).unwrap(),
        tempfile::tempdir().unwrap(),
    );
    let settings = HubSettings {
        // The pause before the second attempt, in which the job is cancelled.
        pause: Duration::from_secs(3600),
        ..settings(&server, cache.path())
    };
    let cancel = CancelFlag::new();
    let result = std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let name = HubName::parse(RepoKind::Model, "owner/model").unwrap();
            let mut ctx = JobContext::new(Box::new(pusht_jobs::Silent), cancel.clone());
            Hub::new(settings).locate(&name, &layout(), &mut ctx)
        });
        while !paths(&server).iter().any(|path| path.starts_with("/cdn/")) {
            std::thread::sleep(Duration::from_millis(5));
        }
        cancel.cancel();
        run.join().unwrap()
    });
    assert!(matches!(result, Err(HubError::Cancelled(_))), "{result:?}");
    locate(&server, cache.path(), "owner/model").unwrap();
}

#[test]
fn datasets_have_addresses_of_their_own() {
    let repo = FakeRepo::new("datasets", "owner/set")
        .with("meta/info.json", "{}")
        .with("a b/ü.parquet", "x");
    let (server, cache) = (FakeHub::start(repo).unwrap(), tempfile::tempdir().unwrap());
    let layouts = [HubLayout::new("a set").with(FileGroup::required(["meta/info.json"]))];
    let name = HubName::parse(RepoKind::Dataset, "owner/set").unwrap();
    let found = Hub::new(settings(&server, cache.path()))
        .locate(&name, &layouts, &mut JobContext::silent())
        .unwrap();
    assert!(
        found.path.starts_with(cache.path().join("datasets--owner--set")) && found.path.join("meta/info.json").exists()
    );
    let asked = paths(&server);
    assert_eq!(asked[0], "/api/datasets/owner/set/revision/main?blobs=true");
    assert_eq!(
        asked[1],
        format!("/datasets/owner/set/resolve/{}/meta/info.json", FakeRepo::COMMIT)
    );
}
