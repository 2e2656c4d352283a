//! Clips, a server, and a client that speaks HTTP as plainly as possible.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::panic, reason = "helpers of tests")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use pusht_jobs::{CancelFlag, JobContext, Silent};
use rating::{RatingError, Ratings, Server, ServerSummary, Settings};
use serde_json::{Value, json};
use video_io::{Frame, VideoOptions, save_video};

/// A clip of a square that moves, in a color of its own, so that no two are equal.
pub fn clip(path: &Path, number: u8, frames: u32, size: u32) {
    let pictures: Vec<Frame> = (0..frames)
        .map(|t| {
            let side = size / 6;
            let at = t * 3 % (size - side);
            Frame::from_fn(size, size, |x, y| {
                let inside = (at..at + side).contains(&x) && (side..2 * side).contains(&y);
                let color = [number.wrapping_mul(20), 90, 220u8.wrapping_sub(number.wrapping_mul(9))];
                image::Rgb(if inside { color } else { [240, 240, 244] })
            })
        })
        .collect();
    save_video(path, &pictures, VideoOptions::default()).unwrap();
}

/// `count` clips, of all formats.
pub fn clips(folder: &Path, count: u8) {
    for i in 0..count {
        let name = match i % 4 {
            0 => format!("model-a/clip{i}.gif"),
            1 => format!("model-b/clip{i}"),
            _ => format!("model-b/clip{i}.mp4"),
        };
        clip(&folder.join(name), i, 6, 48);
    }
}

pub fn settings(video: &Path, db: &Path) -> Settings {
    Settings {
        video: video.into(),
        db: db.into(),
        address: "127.0.0.1:0".parse().unwrap(),
        token: None,
        seed: 1,
        fps: None,
    }
}

/// A server in a thread, stopped when dropped.
pub struct Running {
    pub address: SocketAddr,
    pub url: String,
    stop: CancelFlag,
    thread: Option<JoinHandle<ServerSummary>>,
}

impl Running {
    pub fn start(settings: &Settings) -> Self {
        let stop = CancelFlag::new();
        let mut ctx = JobContext::new(Box::new(Silent), stop.clone());
        let server = Server::open(settings, &mut ctx).unwrap();
        let url = server.url();
        let address = url.split('/').nth(2).unwrap().parse().unwrap();
        let thread = Some(std::thread::spawn(move || server.run(&mut ctx).unwrap()));
        Self {
            address,
            url,
            stop,
            thread,
        }
    }

    pub fn stop(mut self) -> ServerSummary {
        self.stop.cancel();
        self.thread.take().unwrap().join().unwrap()
    }

    pub fn client(&self) -> Client {
        Client::new(self.address)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A response as it came.
pub struct Response {
    pub status: u16,
    pub head: String,
    pub body: Vec<u8>,
}

impl Response {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn reason(&self) -> String {
        self.json()["reason"].as_str().unwrap().to_owned()
    }
}

/// One connection, kept open.
pub struct Client {
    address: SocketAddr,
    stream: Option<BufReader<TcpStream>>,
    pub session: String,
    count: u32,
}

impl Client {
    pub fn new(address: SocketAddr) -> Self {
        Self {
            address,
            stream: None,
            session: String::new(),
            count: 0,
        }
    }

    /// Sends bytes as they are and reads one response; `None` when the connection ends instead.
    pub fn raw(&mut self, bytes: &[u8]) -> Option<Response> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(self.address).ok()?;
            stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            stream.set_nodelay(true).unwrap();
            self.stream = Some(BufReader::new(stream));
        }
        let stream = self.stream.as_mut().unwrap();
        let response = stream.get_mut().write_all(bytes).ok().and_then(|()| read(stream));
        if response.as_ref().is_none_or(|r| r.head.contains("Connection: close")) {
            self.stream = None;
        }
        response
    }

    pub fn get(&mut self, path: &str) -> Response {
        let session = &self.session;
        let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Session: {session}\r\n\r\n");
        self.raw(request.as_bytes()).expect("an answer")
    }

    /// `None` when the connection breaks.
    pub fn try_post(&mut self, path: &str, value: &Value) -> Option<Response> {
        let (session, body) = (&self.session, value.to_string());
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Session: {session}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        self.raw(request.as_bytes())
    }

    pub fn post(&mut self, path: &str, value: &Value) -> Response {
        self.try_post(path, value).expect("an answer")
    }

    /// Begins under a name; returns the rater's progress.
    pub fn begin(&mut self, name: &str) -> Value {
        let response = self.post("/api/session", &json!({ "name": name }));
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
        let state = response.json();
        self.session = state["session"].as_str().unwrap().to_owned();
        state
    }

    /// A rating with a request of its own.
    pub fn rating(&mut self, clip: &Value, [adherence, responsibility, physics]: [i64; 3]) -> Value {
        self.count += 1;
        json!({
            "clip": clip, "adherence": adherence, "responsibility": responsibility, "physics": physics,
            "request": format!("{}-{}", self.session, self.count), "seconds": 1.5,
        })
    }

    pub fn rate(&mut self, clip: &Value, scores: [i64; 3]) -> Response {
        let rating = self.rating(clip, scores);
        self.post("/api/rating", &rating)
    }
}

fn read(stream: &mut BufReader<TcpStream>) -> Option<Response> {
    let mut head = String::new();
    loop {
        let before = head.len();
        if stream.read_line(&mut head).ok()? == 0 {
            return None;
        }
        if head[before..].trim().is_empty() {
            break;
        }
    }
    let value = |name: &str| {
        let line = head.lines().find(|l| l.to_ascii_lowercase().starts_with(name))?;
        Some(line.split_once(':')?.1.trim().to_owned())
    };
    let mut body = Vec::new();
    if value("transfer-encoding:").is_some() {
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).ok()?;
            let length = usize::from_str_radix(line.trim(), 16).ok()?;
            let mut chunk = vec![0; length + 2];
            stream.read_exact(&mut chunk).ok()?;
            body.extend_from_slice(&chunk[..length]);
            if length == 0 {
                break;
            }
        }
    } else {
        body = vec![0; value("content-length:")?.parse().ok()?];
        stream.read_exact(&mut body).ok()?;
    }
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some(Response { status, head, body })
}

/// The frames of a stream, with their times in µs, and the reason of its end.
pub fn reel(bytes: &[u8]) -> (Vec<(u32, Vec<u8>)>, String) {
    let mut frames = Vec::new();
    let mut rest = bytes;
    loop {
        let number = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let (length, time) = (number(0) as usize, number(4));
        let body = rest[8..8 + length].to_vec();
        rest = &rest[8 + length..];
        if time == u32::MAX {
            assert!(rest.is_empty());
            return (frames, String::from_utf8(body).unwrap());
        }
        frames.push((time, body));
    }
}

/// A folder of clips and a database for them.
pub struct Study {
    pub folder: tempfile::TempDir,
    pub settings: Settings,
}

impl Study {
    pub fn new(count: u8) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let video = folder.path().join("clips");
        clips(&video, count);
        let settings = settings(&video, &folder.path().join("ratings.db"));
        Self { folder, settings }
    }

    pub fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    pub fn stored(&self) -> usize {
        Ratings::read(&self.settings.db).unwrap().ratings.len()
    }

    pub fn refused(&self) -> RatingError {
        match Server::open(&self.settings, &mut JobContext::silent()) {
            Ok(_) => panic!("opened"),
            Err(error) => error,
        }
    }
}
