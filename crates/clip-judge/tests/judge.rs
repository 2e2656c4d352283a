//! Endpoints on the loopback address: good ones, and what can go wrong with others.
#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use clip_judge::{ClipToJudge, JudgeJob, JudgeResults, JudgeSettings, OtherScores};
use pusht_jobs::{CancelFlag, JobContext, Silent};
use rating::{AuditScore, Scores};
use serde_json::{Value, json};
use test_support::{LoopbackReply, LoopbackRequest, LoopbackServer};
use traj_metrics::Bootstrap;
use video_io::{Frame, VideoOptions, save_video};

const KEY: &str = "sk-very-secret";

/// Clips `2.gif`, `3.gif`, … of so many frames; a request is known by "Frame 1 of N".
fn job(folder: &Path, url: &str, lengths: std::ops::Range<usize>) -> JudgeJob {
    let clips = lengths.map(|length| {
        let path = folder.join(format!("{length}.gif"));
        let shade = |k: usize| Frame::from_pixel(16, 16, image::Rgb([u8::try_from(20 * k).unwrap(); 3]));
        let frames: Vec<Frame> = (0..length).map(shade).collect();
        save_video(&path, &frames, VideoOptions { fps: 10, scale: 1 }).unwrap();
        ClipToJudge {
            name: format!("{length}.gif"),
            path,
        }
    });
    JudgeJob {
        clips: clips.collect(),
        fps: None,
        settings: JudgeSettings {
            key: Some(KEY.to_owned()),
            timeout: Duration::from_secs(60),
            pause: Duration::ZERO,
            parallel: 1,
            ..JudgeSettings::new(format!("{url}/v1"), "seer")
        },
        journal: folder.join("judge.jsonl"),
    }
}

fn run(job: &JudgeJob) -> JudgeResults {
    let mut ctx = JobContext::silent();
    let plan = job.plan(&mut ctx).unwrap();
    job.run(&plan, &mut ctx).unwrap()
}

/// Number of frames of the clip that is asked about.
fn length(request: &LoopbackRequest) -> usize {
    let text = String::from_utf8_lossy(&request.body);
    let (_, rest) = text.split_once("Frame 1 of ").unwrap();
    rest.split(',').next().unwrap().parse().unwrap()
}

fn completion(content: &str) -> LoopbackReply {
    let body = json!({
        "choices": [{"message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10},
    });
    LoopbackReply::body(body.to_string())
}

fn scores(adherence: u8, physics: u8) -> LoopbackReply {
    let content = json!({"reason": "As | seen.", "adherence": adherence, "responsibility": 1, "physics": physics});
    completion(&content.to_string())
}

fn refusal(status: u16, message: &str) -> LoopbackReply {
    let body = json!({"error": {"message": message}}).to_string();
    LoopbackReply::body(body).with_status(status)
}

/// Reasons of the clips without scores.
fn reasons(results: &JudgeResults) -> Vec<(&str, &str)> {
    let failed = results
        .clips
        .iter()
        .filter_map(|clip| Some((clip.name.as_str(), clip.error.as_deref()?)));
    failed.collect()
}

#[test]
fn every_clip_is_asked_about_once_and_compared() {
    let server = LoopbackServer::start(|request| match length(request) {
        2 => scores(0, 1),
        3 => scores(1, 3),
        _ => scores(2, 5),
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut asked = job(folder.path(), &server.url(), 2..5);
    asked.settings.frames = 3;
    // The same content under another name is not asked about again.
    let copy = folder.path().join("copy.gif");
    std::fs::copy(folder.path().join("3.gif"), &copy).unwrap();
    asked.clips.push(ClipToJudge {
        name: "copy.gif".to_owned(),
        path: copy,
    });
    let mut ctx = JobContext::silent();
    let plan = asked.plan(&mut ctx).unwrap();
    assert_eq!((plan.clips, plan.requests, plan.images, plan.answered), (4, 3, 8, 0));
    assert!(plan.bytes > 1000 && server.requests().is_empty());
    let text = plan.to_string();
    assert!(
        text.contains("judge seer at http://127.0.0.1:") && text.contains("3 requests with 8 images"),
        "{text}"
    );
    let results = asked.run(&plan, &mut ctx).unwrap();
    let requests = server.requests();
    assert_eq!((requests.len(), results.requests), (3, 3));
    assert_eq!(
        (results.usage.prompt_tokens, results.usage.completion_tokens),
        (300, 30)
    );
    for request in &requests {
        assert_eq!(request.path, "/v1/chat/completions");
        assert_eq!(request.header("authorization"), Some("Bearer sk-very-secret"));
        assert_eq!(request.header("content-type"), Some("application/json"));
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(body["model"], "seer");
        let content = body["messages"][1]["content"].as_array().unwrap();
        let images = content.iter().filter_map(|part| part["image_url"]["url"].as_str());
        let images: Vec<&str> = images.collect();
        assert_eq!(images.len(), length(request).min(3));
        assert!(images.iter().all(|url| url.starts_with("data:image/png;base64,iVBOR")));
        // Blind: no name of a file.
        assert!(!String::from_utf8_lossy(&request.body).contains(".gif"));
    }
    let answer = results.clips[0].answer.as_ref().unwrap();
    let expected = Scores {
        adherence: 0,
        responsibility: 1,
        physics: 1,
    };
    assert_eq!((answer.scores, answer.reason.as_str()), (expected, "As / seen."));
    assert_eq!(results.clips[3].answer, results.clips[1].answer);

    // Again: everything is known.
    let plan = asked.plan(&mut ctx).unwrap();
    assert_eq!((plan.requests, plan.answered), (0, 4));
    assert_eq!(run(&asked).clips, results.clips);
    assert_eq!(server.requests().len(), 3);
    // Of other frames it is another question.
    asked.settings.frames = 2;
    let plan = asked.plan(&mut ctx).unwrap();
    assert_eq!(
        (plan.requests, plan.answered),
        (2, 1),
        "all frames of the first clip were sent before"
    );
    // Several at the same time: the same results in the same order.
    asked.settings.parallel = 4;
    assert_eq!(run(&asked).clips, results.clips);
    assert_eq!(server.requests().len(), 5);

    let rules = |name: &str, physics: f64| {
        let score = AuditScore {
            adherence: 1.0,
            responsibility: 1.0,
            physics,
        };
        (name.to_owned(), score)
    };
    let others = vec![
        OtherScores {
            name: "rules".to_owned(),
            scores: [rules("2.gif", 1.0), rules("3.gif", 4.0), rules("4.gif", 5.0)].into(),
        },
        OtherScores {
            name: "people".to_owned(),
            scores: [rules("2", 1.5)].into(),
        },
    ];
    let report = results.report(others, Bootstrap::default()).unwrap();
    let physics = &report.comparisons[0][2];
    assert_eq!((physics.clips, physics.correlation.unwrap().value), (3, 1.0));
    let text = report.to_string();
    for part in [
        "seer at http://127.0.0.1:",
        "scored 4 of 4 clips",
        "| physics | rules | 3 | 3.00 | 3.33 | 1.00 ",
        "| 2.gif | 0 · 1 · 1 | 1 · 1 · 1 | 1 · 1 · 1.5 | As / seen. |",
        "| copy.gif | 1 · 1 · 3 | – | – |",
        "3 requests in this run",
    ] {
        assert!(text.contains(part), "{part:?} is not in: {text}");
    }
    assert!(!text.contains(KEY) && !serde_json::to_string(&report).unwrap().contains(KEY));
    assert!(!std::fs::read_to_string(&asked.journal).unwrap().contains(KEY));
}

#[test]
fn a_clip_without_a_usable_answer_does_not_stop_the_others() {
    let answers = [
        "It looks fine to me.",
        r#"{"reason": "", "adherence": "2", "responsibility": 1, "physics": 5}"#,
        r#"{"reason": "", "adherence": 2, "responsibility": 1, "physics": 7}"#,
        r#"{"reason": "", "adherence": 2, "responsibility": 0.5, "physics": 5}"#,
        "[]",
    ];
    let server = LoopbackServer::start(move |request| match length(request) {
        n @ 2..7 => completion(answers[n - 2]),
        7 => LoopbackReply::body("<html>proxy</html>"),
        8 => LoopbackReply::body(vec![b' '; (1 << 20) + 1]),
        9 => refusal(413, "too many images"),
        _ => scores(2, 5),
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut asked = job(folder.path(), &server.url(), 2..11);
    let broken = folder.path().join("broken.gif");
    std::fs::write(&broken, "no film").unwrap();
    asked.clips.push(ClipToJudge {
        name: "broken.gif".to_owned(),
        path: broken,
    });
    let results = run(&asked);
    assert_eq!(results.scores().into_keys().collect::<Vec<_>>(), ["10.gif"]);
    let expected = [
        ("2.gif", "found \"It looks fine to me.\""),
        ("3.gif", "adherence is \"2\"; expected a whole number from 0 to 2"),
        ("4.gif", "physics is 7; expected a whole number from 1 to 5"),
        ("5.gif", "responsibility is 0.5; expected a whole number from 0 to 1"),
        ("6.gif", "expected a JSON object"),
        ("7.gif", "expected a chat completion, found \"<html>proxy</html>\""),
        ("8.gif", "longer than 1048576 bytes"),
        (
            "9.gif",
            "the endpoint answers 413, it does not accept the request: too many images",
        ),
        ("broken.gif", ""),
    ];
    let found = reasons(&results);
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((clip, reason), (name, part)) in found.into_iter().zip(expected) {
        assert!(
            clip == name && reason.contains(part),
            "{clip}: {part:?} is not in: {reason}"
        );
    }
    // Answers that cannot be used are asked for twice: 2 to 7; the others once.
    assert_eq!(server.requests().len(), 6 * 2 + 3);
    let text = results.report(Vec::new(), Bootstrap::default()).unwrap().to_string();
    assert!(
        text.contains("scored 1 of 10 clips") && text.contains("No score: 4.gif: physics is 7"),
        "{text}"
    );
}

#[test]
fn busy_endpoints_are_asked_again() {
    let number = AtomicUsize::new(0);
    let server = LoopbackServer::start(move |_| match number.fetch_add(1, Ordering::SeqCst) {
        0 => refusal(429, "slow down").with_header("retry-after", "0"),
        1 => refusal(503, "overloaded"),
        2 => scores(2, 5).cut_after(20),
        _ => scores(2, 5),
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let results = run(&job(folder.path(), &server.url(), 2..4));
    assert_eq!(reasons(&results), []);
    assert_eq!((server.requests().len(), results.requests), (5, 5));
}

#[test]
fn an_endpoint_that_stays_busy_is_given_up() {
    let server = LoopbackServer::start(|_| refusal(500, "out of memory")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut asked = job(folder.path(), &server.url(), 2..8);
    asked.settings.attempts = 2;
    let results = run(&asked);
    // Three clips, two attempts each.
    assert_eq!(server.requests().len(), 6);
    let found = reasons(&results);
    assert_eq!(found.len(), 6);
    let busy = "the endpoint answers 500, busy or in trouble: out of memory, in each of 2 attempts";
    assert!(found[..3].iter().all(|(_, reason)| *reason == busy), "{found:?}");
    let rest = "not asked: 3 clips in a row got no answer";
    assert!(
        found[3..].iter().all(|(_, reason)| reason.starts_with(rest)),
        "{found:?}"
    );
    assert_eq!(results.without_scores().len(), 2);
}

#[test]
fn an_endpoint_that_never_answers_costs_the_time_limit() {
    let server = LoopbackServer::start(|request| match length(request) {
        3 => LoopbackReply::status(200).stalled(),
        _ => scores(2, 5),
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut asked = job(folder.path(), &server.url(), 2..5);
    // Long enough for the others on a busy machine.
    asked.settings.timeout = Duration::from_secs(6);
    asked.settings.attempts = 1;
    let results = run(&asked);
    let expected = "the endpoint gave no answer within 6 s";
    assert_eq!(reasons(&results), [("3.gif", expected)]);
}

#[test]
fn a_key_that_is_refused_ends_the_asking() {
    for (status, part) in [
        (401, "access refused: check the key: wrong key …"),
        (402, "payment required"),
        (404, "check the address, and the name of the model"),
        (308, "give that address"),
    ] {
        let server = LoopbackServer::start(move |_| {
            refusal(status, &format!("wrong key {KEY}")).with_header("location", "http://127.0.0.1:1/")
        })
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let asked = job(folder.path(), &server.url(), 2..5);
        let results = run(&asked);
        assert_eq!(server.requests().len(), 1, "{status}");
        let found = reasons(&results);
        assert!(found[0].1.contains(part) && !found[0].1.contains(KEY), "{found:?}");
        assert!(
            found[1..].iter().all(|(_, reason)| reason.starts_with("not asked: ")),
            "{found:?}"
        );
        assert_eq!(found.len(), 3);
    }
    let server = LoopbackServer::start(|_| refusal(401, "no key")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut asked = job(folder.path(), &server.url(), 2..3);
    asked.settings.key = None;
    assert!(
        reasons(&run(&asked))[0]
            .1
            .contains("it wants a key, and none was given")
    );
    assert_eq!(server.requests()[0].header("authorization"), None);
    // Nobody is there.
    asked.settings.url = "http://127.0.0.1:1/v1".to_owned();
    assert!(reasons(&run(&asked))[0].1.contains("cannot be reached"));
}

#[test]
fn what_an_endpoint_does_not_know_is_left_out() {
    let server = LoopbackServer::start(|request| {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        if body.get("response_format").is_some() {
            return refusal(400, "'response_format.type' must be 'text'");
        }
        if body.get("temperature").is_some() {
            return refusal(422, "Unsupported value: temperature");
        }
        scores(1, 2)
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let asked = job(folder.path(), &server.url(), 2..4);
    let results = run(&asked);
    assert_eq!(reasons(&results), []);
    assert_eq!(
        server.requests().len(),
        4,
        "the second clip is asked about in the words that were understood"
    );
    assert_eq!(asked.plan(&mut JobContext::silent()).unwrap().requests, 0);
    // Another reason is the clip's, and is not tried again.
    let server = LoopbackServer::start(|_| refusal(400, "image too small")).unwrap();
    let other = job(folder.path(), &server.url(), 2..3);
    assert!(
        reasons(&run(&other))[0]
            .1
            .ends_with("it does not accept the request: image too small")
    );
    assert_eq!(server.requests().len(), 1);
}

#[test]
fn an_interrupted_job_asks_nothing_twice() {
    let (flag, number) = (CancelFlag::new(), AtomicUsize::new(0));
    let raised = flag.clone();
    let server = LoopbackServer::start(move |_| {
        if number.fetch_add(1, Ordering::SeqCst) == 1 {
            raised.cancel();
        }
        scores(2, 5)
    })
    .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let asked = job(folder.path(), &server.url(), 2..7);
    let plan = asked.plan(&mut JobContext::silent()).unwrap();
    let mut ctx = JobContext::new(Box::new(Silent), flag);
    let error = asked.run(&plan, &mut ctx).unwrap_err();
    assert_eq!(error.to_string(), "cancelled");
    assert_eq!(server.requests().len(), 2, "the running request is waited for");
    // A process that was killed while it wrote: the last line is not whole.
    let mut journal = std::fs::read(&asked.journal).unwrap();
    journal.extend(b"{\"index\": 2, \"ques");
    std::fs::write(&asked.journal, journal).unwrap();
    let results = run(&asked);
    assert_eq!((server.requests().len(), results.answered_before), (5, 2));
    assert_eq!(results.scores().len(), 5);
}

#[test]
fn other_files_in_the_place_of_the_answers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let asked = job(folder.path(), "http://127.0.0.1:1", 2..3);
    let refused = |text: &str| {
        std::fs::write(&asked.journal, text).unwrap();
        let error = asked.plan(&mut JobContext::silent()).unwrap_err().to_string();
        assert_eq!(std::fs::read_to_string(&asked.journal).unwrap(), text);
        error
    };
    assert!(refused("My notes.\n").contains("not answers of a judge"));
    assert!(refused("{\"format\": \"pusht-verdicts\", \"version\": 1}\n").contains("pusht-verdicts"));
    let head = "{\"format\": \"pusht-judge\", \"version\": 1}\n";
    let line = |physics: i32| {
        let scores = json!({"adherence": 1, "responsibility": 1, "physics": physics});
        let answer = json!({"scores": scores, "reason": ""});
        json!({"index": 0, "question": "00", "clip": "a", "answer": answer}).to_string()
    };
    assert!(refused(&format!("{head}{}\n", line(9))).contains("physics is 9"));
    assert!(refused(&format!("{head}{}\n", line(-1))).contains("no answer"));
    std::fs::write(&asked.journal, format!("{head}{}\n", line(5))).unwrap();
    asked.plan(&mut JobContext::silent()).unwrap();
}
