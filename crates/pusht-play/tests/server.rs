//! The server: windows that play and watch, and messages of all kinds.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::Duration;

use common::settings;
use pusht_data::SimulatedSet;
use pusht_jobs::{CancelFlag, JobContext, Silent};
use pusht_play::{PlayServer, PlaySettings, PlaySummary};
use serde_json::{Value, json};
use tungstenite::client::IntoClientRequest;
use tungstenite::{Message, WebSocket};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server in a thread, stopped when dropped.
struct Running {
    address: SocketAddr,
    url: String,
    stop: CancelFlag,
    thread: Option<JoinHandle<PlaySummary>>,
}

impl Running {
    fn start(settings: &PlaySettings) -> Self {
        let stop = CancelFlag::new();
        let (cancel, settings) = (stop.clone(), settings.clone());
        let (sender, url) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let mut ctx = JobContext::new(Box::new(Silent), cancel);
            let server = PlayServer::open(&settings, None).unwrap();
            sender.send(server.url()).unwrap();
            server.run(&mut ctx).unwrap()
        });
        let url = url.recv().unwrap();
        let address: SocketAddr = url.split('/').nth(2).unwrap().parse().unwrap();
        Self {
            address: (std::net::Ipv4Addr::LOCALHOST, address.port()).into(),
            url,
            stop,
            thread: Some(thread),
        }
    }

    fn window(&self, name: &str) -> Window {
        self.try_window(name, &[]).unwrap()
    }

    /// Opens a window with further headers; or the status with which it is refused.
    fn try_window(&self, name: &str, headers: &[(&'static str, &str)]) -> Result<Window, u16> {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        let url = format!("ws://localhost:{}/socket?window={name}", self.address.port());
        let mut request = url.into_client_request().unwrap();
        for &(name, value) in headers {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Window {
                socket,
                view: Value::Null,
            }),
            Err(tungstenite::HandshakeError::Failure(tungstenite::Error::Http(response))) => {
                Err(response.status().as_u16())
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// One request as it is; the response.
    fn raw(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut response = Vec::new();
        stream.read_to_end(&mut response).unwrap();
        String::from_utf8_lossy(&response).into_owned()
    }

    fn get(&self, path: &str, headers: &str) -> String {
        self.raw(&format!(
            "GET {path} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n\r\n"
        ))
    }

    fn stop(mut self) -> PlaySummary {
        self.stop.cancel();
        self.thread.take().unwrap().join().unwrap()
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

struct Window {
    socket: WebSocket<TcpStream>,
    /// What was shown last.
    view: Value,
}

impl Window {
    /// Reads a message: the text, if it is one.
    fn read(&mut self) -> Option<Value> {
        match self.socket.read().unwrap() {
            Message::Text(text) => Some(serde_json::from_str(&text).unwrap()),
            Message::Binary(bytes) => {
                let length = u32::from_le_bytes(bytes[..4].try_into().unwrap()) as usize;
                self.view = serde_json::from_slice(&bytes[4..4 + length]).unwrap();
                assert!(bytes[4 + length..].starts_with(b"\x89PNG"));
                None
            }
            _ => None,
        }
    }

    /// Reads up to the next text.
    fn text(&mut self) -> Value {
        loop {
            if let Some(text) = self.read() {
                return text;
            }
        }
    }

    /// Reads until the view is as it should be.
    fn until(&mut self, holds: impl Fn(&Value) -> bool) {
        while self.view.is_null() || !holds(&self.view) {
            self.read();
        }
    }

    fn ask(&mut self, request: &Value) {
        self.socket.send(Message::text(request.to_string())).unwrap();
    }

    fn does(&mut self, name: &str) {
        self.ask(&json!({ "do": name }));
    }

    fn seat(&mut self) -> bool {
        self.text()["seat"].as_bool().unwrap()
    }

    fn refusal(&mut self) -> String {
        self.text()["refused"].as_str().unwrap().to_owned()
    }

    /// Starts the clock with the pointer on the disc, and waits for some steps.
    fn play(&mut self, steps: u64) {
        self.until(|view| view["phase"] == "ready");
        let at = |view: &Value, i: usize| view["agent"][i].as_f64().unwrap();
        let (x, y) = (at(&self.view, 0), at(&self.view, 1));
        self.ask(&json!({ "do": "move", "x": x, "y": y, "down": true }));
        self.ask(&json!({ "do": "move", "x": x + 40.0, "y": y + 20.0, "down": false }));
        self.until(|view| view["steps"].as_u64().unwrap() >= steps);
    }
}

fn episodes(out: &Path) -> SimulatedSet {
    SimulatedSet::open(out.join("demonstrations.jsonl")).unwrap()
}

#[test]
fn an_episode_over_the_network() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&settings(folder.path()));
    let mut window = running.window("a");
    assert!(window.seat());
    window.play(3);
    window.does("pause");
    window.until(|view| view["phase"] == "ready");
    let steps = window.view["steps"].as_u64().unwrap();
    let agent = window.view["agent"].clone();
    window.does("save");
    window.until(|view| view["saved"] == 1);
    assert_eq!((&window.view["steps"], &window.view["seed"]), (&json!(0), &json!(4)));
    window.play(2);
    drop(window);
    let summary = running.stop();
    assert_eq!(summary.saved, 1);
    assert!(summary.unfinished_steps >= 2);
    let set = episodes(folder.path());
    let trajectory = &set.trajectories()[0];
    assert_eq!(trajectory.actions.len() as u64, steps);
    let mut env = trajectory.begin(&common::SIMULATION).unwrap();
    for &action in &trajectory.actions {
        env.step(action).unwrap();
    }
    assert_eq!(json!(env.state().agent), agent);

    // Another server goes on with the unfinished episode.
    let running = Running::start(&settings(folder.path()));
    let mut window = running.window("a");
    window.until(|view| view["steps"] == summary.unfinished_steps && view["phase"] == "ready");
}

#[test]
fn one_window_plays_and_the_others_watch() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&settings(folder.path()));
    let mut first = running.window("first");
    assert!(first.seat());
    first.play(2);
    let mut second = running.window("second");
    assert!(!second.seat());
    second.until(|view| view["steps"].as_u64().unwrap() > 2);
    second.does("restart");
    assert!(second.refusal().contains("played in another window"));
    second.ask(&json!({ "do": "move", "x": 1.0, "y": 1.0, "down": false }));
    assert!(second.refusal().contains("played in another window"));
    // The seat changes hands, and the clock stops.
    second.does("play-here");
    assert!(second.seat());
    assert!(!first.seat());
    second.until(|view| view["phase"] == "ready");
    first.does("undo");
    assert!(first.refusal().contains("played in another window"));
    // Loaded again, the same window has its seat back, before the server has heard of the end of the old connection.
    let mut again = running.window("second");
    assert!(again.seat());
    assert!(!second.seat());
    drop(again);
    drop(second);
    // Nobody plays: whoever comes next does. The one who watches is not asked.
    let mut third = running.window("third");
    while !third.seat() {
        drop(third);
        third = running.window("third");
    }
    third.play(3);
    // The clock stops when the window is closed.
    drop(third);
    first.until(|view| view["phase"] == "ready");
}

#[test]
fn messages_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&settings(folder.path()));
    let mut window = running.window("a");
    assert!(window.seat());
    for bad in [
        "",
        "hello",
        "{}",
        r#"{"do":"fly"}"#,
        r#"{"do":"move","x":NaN,"y":1,"down":false}"#,
        r#"{"do":"move","x":1e999,"y":1,"down":false}"#,
        r#"{"do":"slow","times":7}"#,
    ] {
        window.socket.send(Message::text(bad)).unwrap();
        assert!(window.refusal().contains("not understood"), "{bad}");
    }
    window.socket.send(Message::binary(vec![1, 2, 3])).unwrap();
    assert!(window.refusal().contains("expected text"));
    window.does("undo");
    assert!(window.refusal().contains("nothing to undo"));
    // None of this has ended anything.
    window.play(2);

    // Too long, whole and in parts: that connection is closed with a reason, and no other.
    let long = "x".repeat(5000);
    let mut other = running.window("b");
    other.socket.send(Message::text(long.clone())).unwrap();
    let closed = loop {
        match other.socket.read() {
            Ok(Message::Close(frame)) => break frame.unwrap(),
            Ok(_) => {}
            Err(e) => panic!("{e}"),
        }
    };
    assert_eq!(u16::from(closed.code), 1009);
    assert!(closed.reason.contains("4096"), "{closed}");
    // A frame that claims to be huge is not waited for.
    let mut other = running.window("c");
    let header = [0x81, 0xFF, 0, 0, 0, 1, 0, 0, 0, 0, 1, 2, 3, 4];
    other.socket.get_mut().write_all(&header).unwrap();
    while other.socket.read().is_ok() {}
    window.does("pause");
    window.until(|view| view["phase"] == "ready");
}

#[test]
fn windows_that_do_not_read_or_do_not_stop_talking() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&settings(folder.path()));
    let mut window = running.window("a");
    // Takes nothing, while far more is shown than the network holds.
    let silent = running.window("silent");
    for round in 0..1000 {
        let times = [1, 2, 4][round % 3];
        window.ask(&json!({ "do": "slow", "times": times }));
        window.until(|view| view["slow"] == times);
    }
    // Talks without end, and reads nothing meanwhile.
    for step in 0..20_000 {
        window.ask(&json!({ "do": "move", "x": f64::from(step % 500), "y": 10.0, "down": false }));
    }
    window.does("restart");
    window.ask(&json!({ "do": "slow", "times": 1 }));
    window.until(|view| view["slow"] == 1);
    window.does("next");
    window.until(|view| view["seed"] == 4);
    drop(silent);
}

#[test]
fn requests_that_cannot_be() {
    let folder = tempfile::tempdir().unwrap();
    let running = Running::start(&settings(folder.path()));
    let page = running.get("/", "Host: localhost");
    assert!(
        page.starts_with("HTTP/1.1 200") && page.contains("<title>Play PushT</title>"),
        "{page}"
    );
    assert!(page.contains("script-src 'sha256-") && !page.contains("unsafe-inline"));
    for (path, headers, status) in [
        ("/nowhere", "Host: localhost", 404),
        ("/socket", "Host: localhost", 400),
        ("/", "Host: example.org", 403),
        ("/", "Host: localhost\r\nOrigin: http://example.org", 403),
    ] {
        let response = running.get(path, headers);
        assert!(
            response.starts_with(&format!("HTTP/1.1 {status}")),
            "{path} {headers}: {response}"
        );
    }
    let post = running.raw("POST / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    assert!(post.starts_with("HTTP/1.1 405"), "{post}");
    // A page of another site cannot open the WebSocket.
    let foreign = running.try_window("a", &[("origin", "http://example.org")]);
    assert_eq!(foreign.err(), Some(403));
    assert_eq!(running.try_window("a/b", &[]).err(), Some(400));
    assert_eq!(running.try_window(&"a".repeat(65), &[]).err(), Some(400));
    let windows: Vec<_> = (0..16).map(|_| running.window("")).collect();
    assert_eq!(running.try_window("", &[]).err(), Some(503));
    drop(windows);
    while running.try_window("", &[]).is_err() {}

    let taken = PlaySettings {
        address: running.address,
        ..settings(&folder.path().join("other"))
    };
    let error = PlayServer::open(&taken, None).unwrap_err().to_string();
    assert!(
        error.contains("another program listens there") && error.contains("--port"),
        "{error}"
    );
    assert!(!folder.path().join("other").exists());
}

#[test]
fn other_machines_need_the_token_which_stays_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let open = PlaySettings {
        address: "0.0.0.0:0".parse().unwrap(),
        ..settings(folder.path())
    };
    let running = Running::start(&open);
    let token = running.url.split_once("token=").unwrap().1.to_owned();
    assert_eq!(token.len(), 32);
    assert_eq!(running.try_window("a", &[]).err(), Some(403));
    assert!(running.get("/", "Host: localhost").starts_with("HTTP/1.1 403"));
    let welcome = running.get(&format!("/?token={token}"), "Host: there");
    assert!(welcome.starts_with("HTTP/1.1 303"), "{welcome}");
    let cookie = format!("play{}={token}", running.address.port());
    assert!(welcome.contains(&cookie), "{welcome}");
    assert!(running.try_window("a", &[("cookie", &cookie)]).unwrap().seat());
    running.stop();
    let again = Running::start(&open);
    assert!(again.url.ends_with(&token));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = folder
            .path()
            .join("server.key")
            .metadata()
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    let weak = PlaySettings {
        token: Some("short".to_owned()),
        ..settings(&folder.path().join("other"))
    };
    let error = PlayServer::open(&weak, None).unwrap_err().to_string();
    assert!(error.contains("5 characters"), "{error}");
}
