//! A whole study over HTTP, without a browser: blind order, frames, ratings, undo, break, resumption, export, report.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeSet;

use common::{Running, clips, reel, settings};
use pusht_jobs::JobContext;
use rating::{AuditScore, AuditScores, Ratings, Server};
use serde_json::{Value, json};
use traj_metrics::Bootstrap;
use video_io::read_frames;

#[test]
fn a_whole_study() {
    let folder = tempfile::tempdir().unwrap();
    let (video, db) = (folder.path().join("clips"), folder.path().join("study/ratings.db"));
    clips(&video, 8);
    let running = Running::start(&settings(&video, &db));

    let mut orders = Vec::new();
    for (name, skill) in [("Ann", 0), ("Bob", 1)] {
        let mut client = running.client();
        let mut state = client.begin(name);
        assert_eq!((&state["rated"], &state["total"]), (&json!(0), &json!(8)));
        let mut order = Vec::new();
        for i in 0..8 {
            let next = state["next"].clone();
            let clip = state["clip"].clone();
            let response = client.rate(&clip, [i % 3, i % 2, 1 + (i + skill) % 5]);
            assert_eq!(response.status, 200);
            state = response.json();
            assert_eq!(state["clip"], next, "what was announced comes");
            assert_eq!((&state["rated"], &state["last"]), (&json!(i + 1), &clip));
            order.push(clip);
        }
        assert_eq!(state["clip"], Value::Null);
        orders.push(order);
    }
    assert_ne!(orders[0], orders[1], "every rater has another order");
    let keys = |order: &Vec<Value>| {
        order
            .iter()
            .map(|k| k.as_str().unwrap().to_owned())
            .collect::<BTreeSet<_>>()
    };
    assert_eq!(keys(&orders[0]), keys(&orders[1]));
    assert_eq!(keys(&orders[0]).len(), 8);

    // Undo returns to the clip with its answers; it comes first, and others follow.
    let mut client = running.client();
    let taken = client
        .post("/api/session", &json!({ "name": " ann ", "take_over": true }))
        .json();
    assert_eq!(taken["name"], "Ann", "names are one whatever their case and spaces");
    client.session = taken["session"].as_str().unwrap().into();
    for (clip, rated) in [(&orders[0][7], 7), (&orders[0][6], 6)] {
        let state = client.post("/api/undo", &json!({ "clip": clip })).json();
        assert_eq!((&state["clip"], &state["rated"]), (clip, &json!(rated)));
        assert_eq!(state["answers"]["adherence"], rated % 3);
    }
    let state = client.rate(&orders[0][6], [2, 1, 5]).json();
    assert_eq!(state["clip"], orders[0][7]);
    // A break.
    assert_eq!(client.post("/api/leave", &json!({})).status, 200);
    assert_eq!(client.get("/api/state").status, 401);

    let closing = running.stop();
    assert_eq!((closing.ratings, closing.raters), (15, 2));
    assert!(!db.with_extension("db-wal").exists(), "closed properly");

    // Resume on another day.
    let running = Running::start(&settings(&video, &db));
    let mut client = running.client();
    let state = client.begin("Ann");
    assert_eq!((&state["clip"], &state["rated"]), (&orders[0][7], &json!(7)));
    client.rate(&orders[0][7], [0, 0, 1]);
    running.stop();

    let ratings = Ratings::read(&db).unwrap();
    assert_eq!(
        (ratings.clips.len(), ratings.raters.len(), ratings.ratings.len()),
        (8, 2, 16)
    );
    let rated = |r: &rating::Rating| r.rated.len() == 24 && r.rated.as_bytes()[10] == b'T' && r.rated.ends_with('Z');
    assert!(ratings.ratings.iter().all(rated), "{}", ratings.ratings[0].rated);
    let mut csv = Vec::new();
    ratings.write_csv(&mut csv).unwrap();
    assert_eq!(String::from_utf8(csv).unwrap().lines().count(), 17);

    // An audit with Ann's scores.
    let ann = ratings.raters.iter().position(|r| r == "Ann").unwrap();
    let of_ann = ratings.ratings.iter().filter(|r| r.rater == ann);
    let audit: AuditScores = of_ann
        .map(|r| {
            let score = AuditScore {
                adherence: r.scores.adherence.into(),
                responsibility: r.scores.responsibility.into(),
                physics: r.scores.physics.into(),
            };
            (ratings.clips[r.clip].name.clone(), score)
        })
        .collect();
    let report = ratings.report(Some(&audit), Bootstrap::default()).unwrap();
    assert_eq!((report.audited, report.clips.len(), report.raters.len()), (8, 8, 2));
    for scale in &report.scales {
        assert_eq!(scale.counts.iter().sum::<usize>(), 16);
        let [low, high] = scale.mean.interval.unwrap();
        assert!(low <= scale.mean.value && scale.mean.value <= high);
        assert!(scale.alpha.unwrap().value <= 1.0 && scale.audit_correlation.is_some());
    }
    let back: rating::RatingReport = serde_json::from_str(&serde_json::to_string(&report).unwrap()).unwrap();
    assert_eq!(back, report);
    assert!(report.to_string().contains("| physics (1 to 5) |"));
}

#[test]
fn pictures_are_those_of_the_clip_and_say_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let (video, db) = (folder.path().join("clips"), folder.path().join("ratings.db"));
    clips(&video, 4);
    common::clip(&video.join("large.mp4"), 9, 5, 480);
    let running = Running::start(&settings(&video, &db));
    let mut client = running.client();
    let mut state = client.begin("Ann");
    let mut sizes = Vec::new();
    for _ in 0..5 {
        let clip = state["clip"].clone();
        let response = client.get(&format!("/api/frames/{}", clip.as_str().unwrap()));
        assert_eq!(response.status, 200);
        let (frames, end) = reel(&response.body);
        assert_eq!(end, "");
        let times: Vec<u32> = frames.iter().map(|f| f.0).collect();
        assert!(
            times.iter().enumerate().all(|(i, &t)| t as usize == i * 100_000),
            "{times:?}"
        );
        sizes.push(frames.len());
        let pictures: Vec<_> = frames
            .iter()
            .map(|f| image::load_from_memory(&f.1).unwrap().into_rgb8())
            .collect();
        let same = [
            "model-a/clip0.gif",
            "model-b/clip1",
            "model-b/clip2.mp4",
            "model-b/clip3.mp4",
        ]
        .iter()
        .any(|name| read_frames(video.join(name)).unwrap() == pictures);
        assert!(same || pictures[0].width() == 480, "small ones are exact");
        assert!(!response.body.windows(5).any(|w| w == b"model"));
        state = client.rate(&clip, [1, 1, 3]).json();
    }
    sizes.sort_unstable();
    assert_eq!(sizes, [5, 6, 6, 6, 6]);
}

#[test]
fn two_servers_share_a_database() {
    let folder = tempfile::tempdir().unwrap();
    let (video, db) = (folder.path().join("clips"), folder.path().join("ratings.db"));
    clips(&video, 4);
    let (one, two) = (
        Running::start(&settings(&video, &db)),
        Running::start(&settings(&video, &db)),
    );
    let (mut ann, mut bob) = (one.client(), two.client());
    let (mut a, mut b) = (ann.begin("Ann"), bob.begin("Bob"));
    for _ in 0..4 {
        a = ann.rate(&a["clip"], [0, 0, 1]).json();
        b = bob.rate(&b["clip"], [2, 1, 5]).json();
    }
    assert_eq!((&a["rated"], &b["rated"]), (&json!(4), &json!(4)));
    // One name is one session across both.
    let taken = two.client().post("/api/session", &json!({ "name": "Ann" }));
    assert_eq!((taken.status, taken.json()["code"].as_str()), (409, Some("name-taken")));
    assert_eq!(one.stop().ratings, 8);
    assert_eq!(two.stop().ratings, 8);
}

#[test]
fn generated_clips_are_rated_once_under_the_names_of_an_audit() {
    let folder = tempfile::tempdir().unwrap();
    let (made, db) = (folder.path().join("made"), folder.path().join("ratings.db"));
    for number in 0..2 {
        common::clip(&made.join(format!("frames/{number:04}")), number, 6, 48);
        common::clip(&made.join(format!("videos/{number:04}.mp4")), number, 6, 48);
    }
    let overview = video_io::png_bytes(&video_io::Frame::new(8, 8)).unwrap();
    std::fs::write(made.join("overview.png"), overview).unwrap();
    std::fs::write(made.join("generation.json"), "{}").unwrap();
    let server = Server::open(&settings(&made, &db), &mut JobContext::silent()).unwrap();
    assert_eq!(server.clips(), 2);
    drop(server);
    let names: Vec<String> = (Ratings::read(&db).unwrap().clips.into_iter())
        .map(|clip| clip.name)
        .collect();
    assert_eq!(names, ["0000", "0001"]);
    // One folder among others is named below it.
    let server = Server::open(
        &settings(folder.path(), &folder.path().join("other.db")),
        &mut JobContext::silent(),
    );
    assert_eq!(server.unwrap().clips(), 2);
}
