//! Invalid input is refused with a reason, nothing is lost, and the server continues.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use std::fs;
use std::path::Path;
use std::sync::{Arc, Mutex};

use common::{Running, Study, clip};
use pusht_jobs::{CancelFlag, JobContext, Progress};
use rating::{RatingError, Ratings, Server, Settings};
use serde_json::{Value, json};

/// Messages to the person who runs the server.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl Progress for Notes {
    fn begin(&mut self, _what: &str, _total: usize, _unit: &str) {}
    fn advance(&mut self, _done: usize, _note: &str) {}
    fn end(&mut self, _note: &str) {}
    fn say(&mut self, line: &str) {
        self.0.lock().unwrap().push(line.to_owned());
    }
}

#[test]
fn ratings_outside_their_scales() {
    let study = Study::new(2);
    let running = Running::start(&study.settings);
    let mut client = running.client();
    let clip = client.begin("Ann")["clip"].clone();
    for scores in [
        [-1, 0, 1],
        [3, 0, 1],
        [0, 2, 1],
        [0, -1, 1],
        [0, 0, 0],
        [0, 0, 6],
        [0, 0, i64::MAX],
    ] {
        let response = client.rate(&clip, scores);
        assert_eq!(response.status, 422, "{scores:?}");
        assert!(
            response.reason().contains("expected a whole number from"),
            "{}",
            response.reason()
        );
    }
    let good = client.rating(&clip, [1, 1, 1]);
    let strange = [
        json!(1.5),
        json!("2"),
        json!(null),
        json!(true),
        json!([1]),
        json!(1e300),
    ];
    for (key, value) in ["adherence", "responsibility", "physics"]
        .iter()
        .flat_map(|k| strange.iter().map(move |v| (k, v)))
    {
        let mut rating = good.clone();
        rating[*key] = value.clone();
        assert_eq!(client.post("/api/rating", &rating).status, 400, "{key} {value}");
        rating.as_object_mut().unwrap().remove(*key);
        assert_eq!(client.post("/api/rating", &rating).status, 400, "no {key}");
    }
    for request in [String::new(), "x".repeat(65), "ü".into()] {
        let mut rating = good.clone();
        rating["request"] = request.into();
        assert_eq!(client.post("/api/rating", &rating).status, 400);
    }
    for unknown in [json!("0123456789abcdef"), json!("../../etc/passwd"), json!("")] {
        assert_eq!(client.rate(&unknown, [1, 1, 1]).status, 404);
    }
    assert_eq!(study.stored(), 0);

    // The same request twice is stored once, another one of the same clip not at all.
    assert_eq!(client.post("/api/rating", &good).status, 200);
    assert_eq!(client.post("/api/rating", &good).status, 200);
    let again = client.rate(&clip, [2, 0, 5]);
    assert_eq!(
        (again.status, again.json()["code"].as_str()),
        (409, Some("already-rated"))
    );
    assert_eq!(study.stored(), 1);
    // A second undo changes nothing.
    assert_eq!(client.post("/api/undo", &json!({ "clip": clip })).status, 200);
    assert_eq!(client.post("/api/undo", &json!({ "clip": clip })).status, 409);
    assert_eq!(study.stored(), 0);
}

#[test]
fn two_people_of_one_name() {
    let study = Study::new(3);
    let running = Running::start(&study.settings);
    let (mut first, mut second) = (running.client(), running.client());
    let state = first.begin("Ann");
    let next = first.rate(&state["clip"], [1, 1, 1]).json()["clip"].clone();

    let refused = second.post("/api/session", &json!({ "name": "  ANN " }));
    assert_eq!(refused.status, 409);
    assert!(refused.reason().contains("another window"), "{}", refused.reason());
    let taken = second
        .post("/api/session", &json!({ "name": "ann", "take_over": true }))
        .json();
    assert_eq!((&taken["rated"], &taken["clip"]), (&json!(1), &next));
    second.session = taken["session"].as_str().unwrap().into();

    // The first window gets an error; its ratings are not stored.
    for response in [
        first.rate(&next, [0, 0, 1]),
        first.get("/api/state"),
        first.post("/api/undo", &json!({ "clip": next })),
    ] {
        assert_eq!(
            (response.status, response.json()["code"].as_str()),
            (401, Some("session-ended"))
        );
    }
    assert_eq!(
        first.get(&format!("/api/frames/{}", next.as_str().unwrap())).status,
        401
    );
    assert_eq!(second.rate(&next, [2, 1, 5]).status, 200);
    assert_eq!(study.stored(), 2);

    for name in ["", "   ", "\u{7}bell", &"x".repeat(61), &"x".repeat(3000)] {
        let response = running.client().post("/api/session", &json!({ "name": name }));
        assert_eq!(response.status, 422, "{name:?}");
    }
    assert_eq!(running.client().get("/api/state").status, 401);
    let raters = Ratings::read(&study.settings.db).unwrap().raters;
    assert_eq!(raters, ["Ann"]);
}

#[test]
fn clips_that_change_while_they_are_rated() {
    let study = Study::new(4);
    let video = &study.settings.video;
    let running = Running::start(&study.settings);
    let mut client = running.client();
    // The first clip of this rater, found by removing the others.
    let clip_now = client.begin("Ann")["clip"].clone();
    let names = [
        "model-a/clip0.gif",
        "model-b/clip1",
        "model-b/clip2.mp4",
        "model-b/clip3.mp4",
    ];
    let aside = study.path("aside");
    let shown = names
        .into_iter()
        .find(|name| {
            fs::rename(video.join(name), &aside).unwrap();
            let gone = client.get("/api/state").json()["clip"] != clip_now;
            fs::rename(&aside, video.join(name)).unwrap();
            gone
        })
        .unwrap();
    let path = video.join(shown);
    let is_folder = path.is_dir();

    // Replaced: by other content of the same name.
    fs::rename(&path, &aside).unwrap();
    clip(&path, 77, 7, 48);
    let response = client.rate(&clip_now, [1, 1, 1]);
    assert_eq!(
        (response.status, response.json()["code"].as_str()),
        (409, Some("clip-changed"))
    );
    assert!(
        response.reason().contains("nothing was stored"),
        "{}",
        response.reason()
    );
    assert_eq!(
        client
            .get(&format!("/api/frames/{}", clip_now.as_str().unwrap()))
            .status,
        409
    );
    let state = client.get("/api/state").json();
    assert!(state["clip"] != clip_now && state["total"] == 4);
    assert_eq!(state["unavailable"], 1);
    assert_eq!(study.stored(), 0);
    // Gone.
    match is_folder {
        true => fs::remove_dir_all(&path).unwrap(),
        false => fs::remove_file(&path).unwrap(),
    }
    assert_eq!(client.rate(&clip_now, [1, 1, 1]).status, 409);
    // Back under another name: it is the same clip, and the new name is stored.
    let renamed = format!("renamed{}", &shown[shown.find('.').unwrap_or(shown.len())..]);
    fs::rename(&aside, video.join(&renamed)).unwrap();
    assert_eq!(client.rate(&clip_now, [1, 1, 1]).status, 200);
    let ratings = Ratings::read(&study.settings.db).unwrap();
    assert_eq!(ratings.clips[ratings.ratings[0].clip].name, renamed);
    running.stop();

    // A clip of another folder, or one replaced while no server ran.
    clip(&study.path("others/x.gif"), 50, 3, 48);
    let other = Settings {
        video: study.path("others"),
        ..study.settings.clone()
    };
    let error = Server::open(&other, &mut JobContext::silent()).err().unwrap();
    assert!(matches!(error, RatingError::OtherClips { clips: 4, .. }), "{error}");
    match is_folder {
        true => fs::remove_dir_all(video.join(&renamed)).unwrap(),
        false => fs::remove_file(video.join(&renamed)).unwrap(),
    }
    clip(&video.join(&renamed), 78, 7, 48);
    let error = study.refused();
    assert!(
        matches!(&error, RatingError::ClipReplaced { ratings: 1, .. }),
        "{error}"
    );
    assert_eq!(study.stored(), 1);
}

#[test]
fn files_that_are_no_database_of_this_version() {
    let study = Study::new(1);
    let db = &study.settings.db;
    let unchanged = |expected: &dyn Fn(&RatingError) -> bool| {
        let before = fs::read(db).unwrap();
        for error in [study.refused(), Ratings::read(db).unwrap_err()] {
            assert!(expected(&error), "{error}");
        }
        assert_eq!(fs::read(db).unwrap(), before);
    };
    assert!(matches!(Ratings::read(db), Err(RatingError::NoDatabase { .. })));
    fs::write(db, "clip,score\n").unwrap();
    unchanged(&|e| e.to_string().contains("a file of another kind"));
    fs::remove_file(db).unwrap();

    let sqlite = |sql: &str| rusqlite::Connection::open(db).unwrap().execute_batch(sql).unwrap();
    sqlite("CREATE TABLE songs (title TEXT)");
    unchanged(&|e| e.to_string().contains("a database of another program"));
    fs::remove_file(db).unwrap();

    Running::start(&study.settings).stop();
    sqlite("PRAGMA user_version = 2");
    unchanged(&|e| {
        matches!(
            e,
            RatingError::Version {
                found: 2,
                expected: 1,
                ..
            }
        )
    });
    sqlite("PRAGMA user_version = 1");
    Running::start(&study.settings).stop();

    // Damage.
    let mut bytes = fs::read(db).unwrap();
    let half = bytes.len() / 2;
    bytes[half..].fill(0xff);
    fs::write(db, &bytes).unwrap();
    assert!(!study.refused().to_string().is_empty());
    fs::remove_file(db).unwrap();
    fs::create_dir(db).unwrap();
    assert!(study.refused().to_string().contains("a folder"));
}

#[test]
fn no_file_outside_of_the_folder_is_served() {
    let study = Study::new(1);
    let video = &study.settings.video;
    fs::write(study.path("secret.txt"), "the secret").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::symlink;
        clip(&study.path("outside/clip.gif"), 40, 3, 48);
        clip(&study.path("outside/frames"), 41, 3, 48);
        symlink(study.path("outside/clip.gif"), video.join("link.gif")).unwrap();
        symlink(study.path("outside"), video.join("linked-folder")).unwrap();
        fs::create_dir(video.join("stills")).unwrap();
        symlink(
            study.path("outside/frames/frame_000000.png"),
            video.join("stills/0.png"),
        )
        .unwrap();
    }
    let notes = Notes::default();
    let mut ctx = JobContext::new(Box::new(notes.clone()), CancelFlag::new());
    let server = Server::open(&study.settings, &mut ctx).unwrap();
    assert_eq!(server.clips(), 1);
    drop(server);
    #[cfg(unix)]
    assert_eq!(
        notes
            .0
            .lock()
            .unwrap()
            .iter()
            .filter(|n| n.contains("leads out of the folder"))
            .count(),
        2
    );

    let running = Running::start(&study.settings);
    let mut client = running.client();
    let state = client.begin("Ann");
    for path in [
        "/../secret.txt",
        "/../../../../etc/passwd",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/..\\secret.txt",
        "/api/frames/../../secret.txt",
        "/api/frames/%2e%2e%2fsecret.txt",
        "/api/frames/model-a/clip0.gif",
        "/api/frames//etc/passwd",
        "/model-a/clip0.gif",
        "/ratings.db",
        "/rate.css/../../ratings.db",
        "//etc/passwd",
        "/api/frames/",
        "/.",
        "/rate.js%00.css",
        "/page/index.html",
        "/?token=../x/../y/z",
    ] {
        let response = client.get(path);
        let page = path.starts_with("/?");
        assert_eq!(response.status, if page { 200 } else { 404 }, "{path}");
        assert!(
            !String::from_utf8_lossy(&response.body).contains("the secret"),
            "{path}"
        );
    }
    // A clip that becomes a link out is no longer that clip, even where the content is the same.
    #[cfg(unix)]
    {
        let path = video.join("model-a/clip0.gif");
        fs::rename(&path, study.path("outside/moved.gif")).unwrap();
        std::os::unix::fs::symlink(study.path("outside/moved.gif"), &path).unwrap();
        let frames = format!("/api/frames/{}", state["clip"].as_str().unwrap());
        assert_eq!(client.get(&frames).status, 409);
    }
}

#[test]
fn folders_and_addresses_that_cannot_be() {
    let study = Study::new(1);
    let error = |settings: &Settings| {
        Server::open(settings, &mut JobContext::silent())
            .err()
            .unwrap()
            .to_string()
    };
    let folder = |path: &Path| {
        error(&Settings {
            video: path.into(),
            ..study.settings.clone()
        })
    };

    fs::create_dir(study.path("empty")).unwrap();
    let empty = folder(&study.path("empty"));
    assert!(
        empty.contains("MP4 (H.264, AV1) or GIF files, folders of PNG files"),
        "{empty}"
    );
    assert!(folder(&study.path("missing")).contains("missing"));
    fs::write(study.path("file"), "").unwrap();
    assert!(folder(&study.path("file")).contains("expected a folder"));
    // A folder with only damaged clips is refused like an empty one.
    fs::create_dir(study.path("damaged")).unwrap();
    fs::write(study.path("damaged/a.mp4"), "\0\0\0\x18ftypisom").unwrap();
    fs::write(study.path("damaged/b.gif"), "GIF89a").unwrap();
    assert!(folder(&study.path("damaged")).contains("2 left out"));
    assert!(!study.settings.db.exists(), "nothing was made");

    let running = Running::start(&study.settings);
    let taken = error(&Settings {
        address: running.address,
        ..study.settings.clone()
    });
    assert!(
        taken.contains("another program listens there") && taken.contains("--port"),
        "{taken}"
    );
    let foreign = error(&Settings {
        address: "203.0.113.7:0".parse().unwrap(),
        ..study.settings.clone()
    });
    assert!(foreign.contains("does not have that address"), "{foreign}");
}

#[test]
fn clips_that_break_off_and_copies() {
    let study = Study::new(3);
    let video = &study.settings.video;
    let whole = fs::read(video.join("model-b/clip2.mp4")).unwrap();
    fs::write(video.join("copy.mp4"), &whole).unwrap();
    clip(&video.join("long.gif"), 60, 40, 48);
    let gif = fs::read(video.join("long.gif")).unwrap();
    fs::write(video.join("cut.gif"), &gif[..gif.len() / 2]).unwrap();
    fs::remove_file(video.join("long.gif")).unwrap();
    let running = Running::start(&study.settings);
    let mut client = running.client();
    let mut state = client.begin("Ann");
    assert_eq!(state["total"], 4, "the copy is rated once");
    let mut ends = Vec::new();
    while state["clip"] != Value::Null {
        let clip = state["clip"].clone();
        let response = client.get(&format!("/api/frames/{}", clip.as_str().unwrap()));
        let (frames, end) = common::reel(&response.body);
        assert!(!frames.is_empty());
        ends.push(end);
        state = client.rate(&clip, [0, 0, 1]).json();
    }
    ends.sort();
    assert_eq!(ends[..3], ["", "", ""]);
    assert!(ends[3].contains("cannot be decoded any further"), "{ends:?}");
}
