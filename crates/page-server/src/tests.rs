//! Deadlines and limits of the server, shortened for the tests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::response::IntoResponse;
use axum::routing::{get, post};
use futures_util::stream::repeat_with;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::oneshot;

use super::{Guard, Limits, serve};

const SHORT: Duration = Duration::from_millis(300);
/// Long enough for any machine.
const LONG: Duration = Duration::from_secs(30);

/// Limits that no test runs into by chance.
fn limits() -> Limits {
    Limits {
        request: LONG,
        idle: LONG,
        stalled: LONG,
        ..Limits::default()
    }
}

struct Running {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    fn start(limits: Limits) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let stopped = async move {
                let _ = stopped.await;
            };
            serve(listener, Guard::Local, limits, router(), stopped).unwrap();
        });
        Self {
            address,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream
    }

    /// Stops the server, which may take this long.
    fn stop(mut self, most: Duration) -> Duration {
        let start = Instant::now();
        self.stop.take().unwrap().send(()).unwrap();
        self.thread.take().unwrap().join().unwrap();
        assert!(start.elapsed() < most, "{:?}", start.elapsed());
        start.elapsed()
    }
}

fn router() -> Router {
    let pieces = || Ok::<_, std::io::Error>(Bytes::from_static(&[7; 1 << 16]));
    Router::new()
        .route("/", get(async || "hello"))
        .route("/echo", post(async |body: Bytes| body))
        .route(
            "/slow",
            get(async || {
                tokio::time::sleep(3 * SHORT).await;
                "done"
            }),
        )
        .route("/never", get(async || std::future::pending::<()>().await))
        .route("/panic", get(|| async { unwind() }))
        .route("/endless", get(async move || Body::from_stream(repeat_with(pieces))))
        .route("/upgrade", get(upgrade))
}

#[allow(clippy::panic, reason = "what happens then is tested")]
fn unwind() {
    panic!("a route");
}

/// Upgrades the connection and echoes every byte.
async fn upgrade(mut request: Request) -> impl IntoResponse {
    let upgraded = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let mut io = TokioIo::new(upgraded.await.unwrap());
        while let Ok(byte) = io.read_u8().await {
            io.write_u8(byte).await.unwrap();
        }
    });
    (
        StatusCode::SWITCHING_PROTOCOLS,
        [(CONNECTION, "upgrade"), (UPGRADE, "echo")],
    )
}

const HEAD: &str = "Host: localhost\r\n";

fn get_request(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\n{HEAD}\r\n")
}

/// Reads until `end` has arrived; returns everything read.
fn read_to(stream: &mut TcpStream, end: &str) -> String {
    let mut bytes = Vec::new();
    let mut byte = [0];
    while !bytes.ends_with(end.as_bytes()) {
        assert_eq!(
            stream.read(&mut byte).unwrap(),
            1,
            "{}",
            String::from_utf8_lossy(&bytes)
        );
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).unwrap()
}

fn ask(stream: &mut TcpStream, path: &str, end: &str) -> String {
    stream.write_all(get_request(path).as_bytes()).unwrap();
    read_to(stream, end)
}

/// Time until the other side closes the connection without a response.
fn closed(stream: &mut TcpStream) -> Duration {
    let start = Instant::now();
    let mut bytes = Vec::new();
    match stream.read_to_end(&mut bytes) {
        Ok(_) => assert_eq!(String::from_utf8_lossy(&bytes), ""),
        Err(e) => assert_eq!(e.kind(), std::io::ErrorKind::ConnectionReset),
    }
    start.elapsed()
}

#[test]
fn the_limits_are_those_of_the_documentation() {
    let page = include_str!("../../../docs/rating.md");
    let Limits {
        head,
        headers,
        body,
        connections,
        request,
        idle,
        ..
    } = Limits::default();
    for text in [
        format!("headers beyond {} KiB or {headers} lines", head >> 10),
        format!("bodies beyond {} KiB", body >> 10),
        format!("a request must be complete after {} s", request.as_secs()),
        format!("a connection without a request is closed after {} s", idle.as_secs()),
        format!("{connections} connections at most, then 503"),
    ] {
        assert!(page.contains(&text), "{text}");
    }
}

#[test]
fn a_silent_connection_is_closed() {
    let running = Running::start(Limits {
        idle: SHORT,
        ..limits()
    });
    let mut fresh = running.connect();
    let mut used = running.connect();
    ask(&mut used, "/", "hello");
    let start = Instant::now();
    closed(&mut fresh);
    closed(&mut used);
    assert!(start.elapsed() < LONG / 2, "{:?}", start.elapsed());
    // A slow response does not count as silence of the client.
    assert!(ask(&mut running.connect(), "/slow", "done").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_request_that_trickles_in_is_cut_off() {
    let running = Running::start(Limits {
        request: SHORT,
        ..limits()
    });
    let trickle = |start: &str| {
        let mut stream = running.connect();
        stream.write_all(start.as_bytes()).unwrap();
        let begin = Instant::now();
        while stream.write_all(b"x").is_ok() {
            assert!(begin.elapsed() < LONG / 2);
            std::thread::sleep(SHORT / 10);
        }
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8(answer).unwrap()
    };
    assert_eq!(trickle("GET / HTTP/1.1\r\nHost: local"), "");
    let answer = trickle("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n");
    assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 408"), "{answer}");
    // The deadline applies to each request, and not between them.
    let mut stream = running.connect();
    for _ in 0..3 {
        ask(&mut stream, "/", "hello");
        std::thread::sleep(SHORT + SHORT / 2);
    }
    assert!(ask(&mut stream, "/slow", "done").starts_with("HTTP/1.1 200"));
}

#[test]
fn a_reader_who_takes_nothing_is_gone() {
    let running = Running::start(Limits {
        stalled: SHORT,
        connections: 1,
        ..limits()
    });
    let mut stuck = running.connect();
    ask(&mut stuck, "/endless", "\r\n\r\n");
    let start = Instant::now();
    // Its permit is free again.
    while !ask(&mut running.connect(), "/", "\r\n").starts_with("HTTP/1.1 200") {
        assert!(start.elapsed() < LONG / 2);
        std::thread::sleep(SHORT / 3);
    }
    assert!(start.elapsed() >= SHORT / 2);
}

#[test]
fn connections_beyond_the_limit_are_told_so() {
    let running = Running::start(Limits {
        connections: 3,
        refused: 2,
        ..limits()
    });
    let mut open: Vec<TcpStream> = (0..3).map(|_| running.connect()).collect();
    open.iter_mut().for_each(|stream| drop(ask(stream, "/", "hello")));
    for _ in 0..4 {
        let mut stream = running.connect();
        let answer = ask(&mut stream, "/", "}");
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(
            answer.contains("Connection: close") && answer.contains("too many windows"),
            "{answer}"
        );
        closed(&mut stream);
    }
    // Existing connections continue, and one that closes makes room.
    ask(&mut open[0], "/", "hello");
    open.truncate(1);
    let start = Instant::now();
    while !ask(&mut running.connect(), "/", "\r\n").starts_with("HTTP/1.1 200") {
        assert!(start.elapsed() < LONG / 2);
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn the_end_waits_for_answers_and_for_nothing_else() {
    let running = Running::start(limits());
    let (mut idle, mut half, mut slow) = (running.connect(), running.connect(), running.connect());
    ask(&mut idle, "/", "hello");
    half.write_all(b"GET / HTTP/1.1\r\nHo").unwrap();
    slow.write_all(get_request("/slow").as_bytes()).unwrap();
    std::thread::sleep(SHORT);
    running.stop(Limits::default().farewell);
    assert!(read_to(&mut slow, "done").contains("Connection: close"));
    for stream in [&mut idle, &mut half, &mut slow] {
        closed(stream);
    }

    // The wait is limited.
    let farewell = SHORT;
    let running = Running::start(Limits { farewell, ..limits() });
    let (mut never, mut endless) = (running.connect(), running.connect());
    never.write_all(get_request("/never").as_bytes()).unwrap();
    ask(&mut endless, "/endless", "\r\n\r\n");
    std::thread::sleep(SHORT);
    assert!(running.stop(LONG / 2) >= farewell);
    closed(&mut never);
}

#[test]
fn what_hyper_refuses_has_a_reason() {
    let running = Running::start(limits());
    for (request, status) in [
        (format!("GET / HTTP/1.1\r\n{HEAD}Two words: x\r\n\r\n"), 400),
        (
            format!("GET / HTTP/1.1\r\n{HEAD}X: {}\r\n\r\n", "x".repeat(20_000)),
            431,
        ),
        // The head is not complete.
        (format!("GET / HTTP/1.1\r\n{HEAD}X: {}", "x".repeat(20_000)), 431),
        (format!("GET / HTTP/1.1\r\n{HEAD}{}\r\n", "X: y\r\n".repeat(64)), 431),
    ] {
        let mut stream = running.connect();
        stream.write_all(request.as_bytes()).unwrap();
        let head = read_to(&mut stream, "\r\n\r\n");
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
        assert!(head.contains("x-frame-options: DENY"), "{head}");
        let body = read_to(&mut stream, "}");
        assert!(body.starts_with("{\"code\":\"request\",\"reason\":\""), "{body}");
        assert!(
            head.contains(&format!("Content-Length: {}\r\n", body.len())),
            "{head}{body}"
        );
        closed(&mut stream);
    }
    // The last header that is taken.
    let request = format!("GET / HTTP/1.1\r\n{HEAD}{}\r\n", "X: y\r\n".repeat(63));
    let mut stream = running.connect();
    stream.write_all(request.as_bytes()).unwrap();
    assert!(read_to(&mut stream, "hello").starts_with("HTTP/1.1 200"));
    // A body as large as allowed, which is awaited.
    let head = format!("POST /echo HTTP/1.1\r\n{HEAD}Expect: 100-continue\r\nContent-Length: 4096\r\n\r\n");
    stream.write_all(head.as_bytes()).unwrap();
    assert_eq!(read_to(&mut stream, "\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all("y".repeat(4096).as_bytes()).unwrap();
    read_to(&mut stream, &"y".repeat(4096));
}

#[test]
fn a_connection_that_leaves_http_keeps_its_place_and_has_its_own_time() {
    let running = Running::start(Limits {
        request: SHORT,
        idle: SHORT,
        connections: 1,
        ..limits()
    });
    let head = "Connection: upgrade\r\nUpgrade: echo\r\n";
    let mut stream = running.connect();
    let request = |more: &str| format!("GET /upgrade HTTP/1.1\r\n{HEAD}{head}{more}\r\n");
    stream.write_all(request("").as_bytes()).unwrap();
    assert!(read_to(&mut stream, "\r\n\r\n").starts_with("HTTP/1.1 101"));
    for text in ["a", "b"] {
        std::thread::sleep(2 * SHORT);
        stream.write_all(text.as_bytes()).unwrap();
        read_to(&mut stream, text);
    }
    let answer = ask(&mut running.connect(), "/", "}");
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
    drop(stream);
    // Other sites open no WebSockets here.
    let start = Instant::now();
    let answer = loop {
        let mut stream = running.connect();
        let foreign = request("Origin: http://evil.example\r\n");
        stream.write_all(foreign.as_bytes()).unwrap();
        let answer = read_to(&mut stream, "}");
        if !answer.starts_with("HTTP/1.1 503") {
            break answer;
        }
        assert!(start.elapsed() < LONG / 2);
    };
    assert!(answer.starts_with("HTTP/1.1 403"), "{answer}");
}

#[test]
fn one_route_that_panics_ends_its_own_connection() {
    let running = Running::start(limits());
    let mut stream = running.connect();
    stream.write_all(get_request("/panic").as_bytes()).unwrap();
    closed(&mut stream);
    ask(&mut running.connect(), "/", "hello");
    running.stop(Limits::default().farewell);
}

#[test]
fn asynchronous_callers_can_block_on_it() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    runtime
        .block_on(async { serve(listener, Guard::Local, Limits::default(), router(), async {}) })
        .unwrap();
}
