//! Many raters at once, and a killed server: no confirmed rating is lost.
#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod common;

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Barrier;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use common::{Client, Running, clip, clips, settings};
use pusht_jobs::JobContext;
use rating::{Ratings, Server};
use serde_json::Value;

const RATERS: usize = 20;
const CLIPS: u8 = 24;

#[test]
fn twenty_raters_at_once_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (video, db) = (folder.path().join("clips"), folder.path().join("ratings.db"));
    clips(&video, CLIPS);
    let running = Running::start(&settings(&video, &db));
    let together = Barrier::new(RATERS);
    let start = Instant::now();
    let mut times: Vec<Duration> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..RATERS)
            .map(|number| {
                let (mut client, together) = (running.client(), &together);
                scope.spawn(move || {
                    together.wait();
                    let mut state = client.begin(&format!("rater {number:02}"));
                    let mut times = Vec::new();
                    for i in 0.. {
                        let Some(clip) = state["clip"].as_str().map(str::to_owned) else {
                            break;
                        };
                        assert_eq!(client.get(&format!("/api/frames/{clip}")).status, 200);
                        let sent = Instant::now();
                        let response = client.rate(&clip.into(), scores(number, i));
                        times.push(sent.elapsed());
                        assert_eq!(response.status, 200);
                        state = response.json();
                    }
                    assert_eq!(state["rated"], CLIPS);
                    times
                })
            })
            .collect();
        threads.into_iter().flat_map(|t| t.join().unwrap()).collect()
    });
    let seconds = start.elapsed().as_secs_f64();
    let closing = running.stop();
    assert_eq!(
        (closing.ratings, closing.raters),
        (RATERS as u64 * u64::from(CLIPS), RATERS as u64)
    );
    let ratings = Ratings::read(&db).unwrap();
    for (number, name) in ratings.raters.iter().enumerate() {
        assert_eq!(*name, format!("rater {number:02}"));
        let of_rater = ratings.ratings.iter().filter(|r| r.rater == number);
        for (i, rating) in of_rater.enumerate() {
            let s = rating.scores;
            let found = [s.adherence, s.responsibility, s.physics].map(i64::from);
            assert_eq!(found, scores(number, i as i64), "in the order given");
        }
    }
    times.sort_unstable();
    let ms = |q: usize| times[(times.len() - 1) * q / 100].as_secs_f64() * 1e3;
    println!(
        "{} ratings by {RATERS} raters at once in {seconds:.2} s; a rating is confirmed after {:.1} ms (median), {:.1} ms (95 %), {:.1} ms (longest)",
        times.len(),
        ms(50),
        ms(95),
        ms(100)
    );
}

fn scores(number: usize, i: i64) -> [i64; 3] {
    let n = number as i64 + i;
    [n % 3, n % 2, 1 + n % 5]
}

/// Environment variable with the folder of the study, set only for the child process.
const CHILD: &str = "RATING_TEST_STUDY";

/// The server process that is killed.
fn serve(folder: &Path) {
    let mut ctx = JobContext::silent();
    let settings = settings(&folder.join("clips"), &folder.join("ratings.db"));
    let server = Server::open(&settings, &mut ctx).unwrap();
    std::fs::write(folder.join("url.writing"), server.url()).unwrap();
    std::fs::rename(folder.join("url.writing"), folder.join("url")).unwrap();
    server.run(&mut ctx).unwrap();
}

#[test]
fn killed_in_the_middle() {
    // `spawn` starts this test in a process of its own.
    if let Some(folder) = std::env::var_os(CHILD) {
        return serve(Path::new(&folder));
    }
    let folder = tempfile::tempdir().unwrap();
    for i in 0..120u8 {
        clip(&folder.path().join(format!("clips/{i:03}.gif")), i, 2, 16);
    }
    let (mut confirmed, mut unconfirmed) = (BTreeMap::new(), 0);
    const ROUNDS: usize = 8;
    for round in 0..ROUNDS {
        let (mut process, client) = spawn(folder.path(), None);
        let count = AtomicUsize::new(0);
        let parts: Vec<_> = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|number| {
                    let name = format!("round {round} rater {number}");
                    let count = &count;
                    scope.spawn(move || rate_until_death(Client::new(client), &name, count))
                })
                .collect();
            // In the middle of the work, a little later each time.
            let start = Instant::now();
            while count.load(Ordering::SeqCst) < 20 + 7 * round && start.elapsed() < Duration::from_secs(60) {
                std::thread::sleep(Duration::from_micros(200));
            }
            process.kill();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        for (part, pending) in parts {
            confirmed.extend(part);
            unconfirmed += usize::from(pending);
        }
        let ratings = Ratings::read(&folder.path().join("ratings.db")).unwrap();
        let stored: BTreeMap<_, _> = ratings
            .ratings
            .iter()
            .map(|r| {
                let seconds = r.seconds.unwrap().round() as i64;
                (
                    (ratings.raters[r.rater].clone(), seconds),
                    [r.scores.adherence, r.scores.responsibility, r.scores.physics].map(i64::from),
                )
            })
            .collect();
        for (key, scores) in &confirmed {
            assert_eq!(stored.get(key), Some(scores), "{key:?}");
        }
        assert!(stored.len() <= confirmed.len() + unconfirmed);
    }
    assert!(confirmed.len() >= 20 * ROUNDS, "{}", confirmed.len());
    println!(
        "{ROUNDS} times SIGKILL: {} confirmed ratings, 0 lost; {unconfirmed} requests under way had no answer",
        confirmed.len()
    );
}

#[cfg(unix)]
#[test]
fn a_full_disk() {
    let folder = tempfile::tempdir().unwrap();
    for i in 0..40u8 {
        clip(&folder.path().join(format!("clips/{i:03}.gif")), i, 2, 16);
    }
    let (process, address) = spawn(folder.path(), Some(200));
    let mut client = Client::new(address);
    let mut state = client.begin("Ann");
    let mut confirmed = 0;
    let refused = loop {
        let response = client.rate(&state["clip"].clone(), scores(confirmed, 0));
        if response.status != 200 {
            break response;
        }
        confirmed += 1;
        state = response.json();
    };
    assert_eq!(refused.status, 500);
    assert!(
        refused.reason().contains("a full disk, perhaps"),
        "{}",
        refused.reason()
    );
    assert!(confirmed > 0);
    // The page is still served, and confirmed ratings are there.
    assert_eq!(client.get("/api/state").json()["rated"], confirmed);
    drop(process);
    let db = folder.path().join("ratings.db");
    assert_eq!(Ratings::read(&db).unwrap().ratings.len(), confirmed);
    // With free space it continues.
    let (_process, address) = spawn(folder.path(), None);
    let mut client = Client::new(address);
    let taken = client.post("/api/session", &serde_json::json!({ "name": "Ann", "take_over": true }));
    client.session = taken.json()["session"].as_str().unwrap().into();
    assert_eq!(client.rate(&state["clip"], [1, 1, 1]).status, 200);
    assert_eq!(Ratings::read(&db).unwrap().ratings.len(), confirmed + 1);
}

/// A server in a process of its own, which ends with this one.
struct Process(Child);

impl Process {
    /// SIGKILL.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The server of the study in `folder`; `most` limits the size of its files, kilobytes.
fn spawn(folder: &Path, most: Option<u32>) -> (Process, std::net::SocketAddr) {
    let _ = std::fs::remove_file(folder.join("url"));
    let program = std::env::current_exe().unwrap();
    let mut command = match most {
        None => Command::new(program),
        Some(most) => {
            let mut command = Command::new("sh");
            // In blocks of 512 bytes. Without the signal, writing fails as it does on a full disk.
            let limit = format!("trap '' XFSZ; ulimit -f {}; exec \"$0\" \"$@\"", 2 * most);
            command.args(["-c", &limit]).arg(program);
            command
        }
    };
    command
        .args(["--exact", "killed_in_the_middle", "--nocapture"])
        .env(CHILD, folder);
    let process = Process(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
    let start = Instant::now();
    loop {
        if let Ok(url) = std::fs::read_to_string(folder.join("url")) {
            return (process, url.split('/').nth(2).unwrap().parse().unwrap());
        }
        assert!(start.elapsed() < Duration::from_secs(60), "the server did not start");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Confirmed ratings by rater and number (sent as the seconds), and whether a request had no response.
fn rate_until_death(mut client: Client, name: &str, count: &AtomicUsize) -> (BTreeMap<(String, i64), [i64; 3]>, bool) {
    let mut confirmed = BTreeMap::new();
    let begun = client.try_post("/api/session", &serde_json::json!({ "name": name }));
    let Some(mut state) = begun.map(|b| b.json()) else {
        return (confirmed, false);
    };
    client.session = state["session"].as_str().unwrap().into();
    for i in 0.. {
        let clip = state["clip"].clone();
        if clip == Value::Null {
            break;
        }
        let mut rating = client.rating(&clip, scores(name.len(), i));
        rating["seconds"] = i.into();
        let Some(response) = client.try_post("/api/rating", &rating) else {
            return (confirmed, true);
        };
        assert_eq!(response.status, 200);
        confirmed.insert((name.to_owned(), i), scores(name.len(), i));
        count.fetch_add(1, Ordering::SeqCst);
        state = response.json();
    }
    (confirmed, false)
}
