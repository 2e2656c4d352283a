//! Requests that must be refused: too large, malformed, smuggled, from other sites.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests")]

mod common;

use std::io::{Read, Write};
use std::net::TcpStream;

use common::{Client, Running, Study};
use pusht_jobs::JobContext;
use rating::{RatingError, Ratings, Server, Settings};

#[test]
fn oversized_and_malformed_requests() {
    let study = Study::new(1);
    let running = Running::start(&study.settings);
    let mut ann = running.client();
    let clip = ann.begin("Ann")["clip"].clone();
    let long = "x".repeat(20_000);
    let many = (0..80).map(|i| format!("X-{i}: y\r\n")).collect::<String>();
    let head = "Host: localhost\r\n";
    for (request, status) in [
        (format!("GET /{long} HTTP/1.1\r\n{head}\r\n"), 431),
        (format!("GET / HTTP/1.1\r\n{head}X: {long}\r\n\r\n"), 431),
        (format!("GET / HTTP/1.1\r\n{head}{many}\r\n"), 431),
        (
            format!("POST /api/rating HTTP/1.1\r\n{head}Content-Length: 5000\r\n\r\n{long}"),
            413,
        ),
        (
            format!("POST /api/rating HTTP/1.1\r\n{head}Content-Length: 9999999999999999999\r\n\r\n"),
            413,
        ),
        // Beyond 64 bits.
        (
            format!("POST /api/rating HTTP/1.1\r\n{head}Content-Length: 99999999999999999999999\r\n\r\n"),
            400,
        ),
        (
            format!("POST /api/rating HTTP/1.1\r\n{head}Content-Length: -1\r\n\r\n"),
            400,
        ),
        (
            format!("POST /api/rating HTTP/1.1\r\n{head}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}"),
            400,
        ),
        (
            format!("POST /api/rating HTTP/1.1\r\n{head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            501,
        ),
        (
            format!("POST /api/session HTTP/1.1\r\n{head}Content-Length: 3\r\n\r\n{{}}}}"),
            400,
        ),
        (format!("POST /api/session HTTP/1.1\r\n{head}\r\n"), 400),
        ("\u{1}\u{2}\u{3} nonsense\r\n\r\n".into(), 400),
        (format!("DELETE /api/rating HTTP/1.1\r\n{head}\r\n"), 405),
        (format!("POST / HTTP/1.1\r\n{head}\r\n"), 405),
    ] {
        let shown = &request[..request.len().min(60)];
        let response = running
            .client()
            .raw(request.as_bytes())
            .unwrap_or_else(|| panic!("no answer to {shown:?}"));
        assert_eq!(response.status, status, "{shown:?}");
        assert!(response.reason().len() > 10);
    }
    let nested = format!("{{\"name\":{}{}}}", "[".repeat(1000), "]".repeat(1000));
    let request = format!(
        "POST /api/session HTTP/1.1\r\n{head}Content-Length: {}\r\n\r\n{nested}",
        nested.len()
    );
    assert_eq!(running.client().raw(request.as_bytes()).unwrap().status, 400);
    // Noise.
    let mut noise = 1u32;
    for length in 1..200 {
        let bytes: Vec<u8> = (0..length)
            .map(|_| {
                noise = noise.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (noise >> 24) as u8
            })
            .chain(*b"\r\n\r\n")
            .collect();
        let answer = running.client().raw(&bytes);
        assert!(answer.is_none_or(|a| a.status >= 400));
    }
    // A client that never finishes a request does not block others.
    let mut silent: Vec<_> = (0..30).map(|_| TcpStream::connect(running.address).unwrap()).collect();
    for stream in &mut silent {
        stream.write_all(b"POST /api/rating HTTP/1.1\r\nContent-Le").unwrap();
    }
    assert_eq!(ann.rate(&clip, [1, 1, 1]).status, 200);
    assert_eq!(running.stop().ratings, 1);
}

/// Request smuggling: two servers in a row that disagree on the end of a request take part of its body for another
/// request. This server takes nothing after a body of doubtful length for a request.
#[test]
fn smuggled_requests() {
    let study = Study::new(1);
    let running = Running::start(&study.settings);
    let begin = r#"{"name":"Smuggler"}"#;
    let hidden = format!(
        "POST /api/session HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\n\r\n{begin}",
        begin.len()
    );
    let whole = hidden.len();
    for (lengths, statuses) in [
        (
            format!("Content-Length: {whole}\r\nTransfer-Encoding: chunked"),
            &[501][..],
        ),
        (format!("Transfer-Encoding: chunked\r\nContent-Length: {whole}"), &[501]),
        ("Transfer-Encoding: chunked\r\nContent-Length: 5".into(), &[501]),
        ("Transfer-Encoding:\tchunked\r\nContent-Length: 5".into(), &[501]),
        ("Transfer-Encoding: identity, chunked".into(), &[501]),
        (
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked".into(),
            &[501],
        ),
        (
            "Transfer-Encoding: chunked, identity\r\nContent-Length: 5".into(),
            &[400, 501],
        ),
        ("Transfer-Encoding: xchunked\r\nContent-Length: 5".into(), &[400, 501]),
        ("Transfer-Encoding : chunked\r\nContent-Length: 5".into(), &[400]),
        (
            "X: y\r\n Transfer-Encoding: chunked\r\nContent-Length: 5".into(),
            &[400],
        ),
        (format!("Content-Length: 5\r\nContent-Length: {whole}"), &[400]),
        (format!("Content-Length: {whole}\r\nContent-Length: 5"), &[400]),
        (format!("Content-Length: 5, {whole}"), &[400]),
        ("Content-Length: +5".into(), &[400]),
        ("Content-Length: 0x5".into(), &[400]),
        ("Content-Length: 5 5".into(), &[400]),
        ("Content-Length:".into(), &[400]),
        ("Content-Length: 5000".into(), &[413]),
    ] {
        let request = format!("POST /api/leave HTTP/1.1\r\nHost: localhost\r\n{lengths}\r\n\r\n0\r\n\r\n{hidden}");
        let mut stream = TcpStream::connect(running.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answers = String::new();
        // To the end: the connection is closed.
        stream.read_to_string(&mut answers).unwrap();
        assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{lengths}: {answers}");
        let status = answers[9..12].parse::<u16>().unwrap();
        assert!(statuses.contains(&status), "{lengths}: {answers}");
    }
    // A valid body is not a request, whatever its content.
    let request = format!("POST /api/leave HTTP/1.1\r\nHost: localhost\r\nContent-Length: {whole}\r\n\r\n{hidden}");
    let mut client = running.client();
    assert_eq!(client.raw(request.as_bytes()).unwrap().status, 401);
    assert_eq!(client.get("/api/state").status, 401);
    running.stop();
    assert_eq!(Ratings::read(&study.settings.db).unwrap().raters, [""; 0]);
}

#[test]
fn strangers() {
    let study = Study::new(1);
    let running = Running::start(&study.settings);
    let get = |head: &str| format!("GET / HTTP/1.1\r\n{head}\r\n\r\n");
    for (head, status) in [
        ("Host: localhost:99", 200),
        ("Host: 127.0.0.1", 200),
        ("Host: [::1]:5", 200),
        ("Host: evil.example", 403),
        ("Host: localhost.evil.example:80", 403),
        ("Host: 127.0.0.1.evil.example", 403),
        ("X: y", 403),
        ("Host: localhost\r\nHost: evil.example", 400),
        ("Host: localhost\r\nOrigin: http://evil.example", 403),
    ] {
        assert_eq!(
            running.client().raw(get(head).as_bytes()).unwrap().status,
            status,
            "{head}"
        );
    }
    let absolute = "GET http://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n";
    assert_eq!(running.client().raw(absolute.as_bytes()).unwrap().status, 400);
    let begin = |origin: &str| {
        let head = format!("Host: localhost:8\r\nOrigin: {origin}\r\nContent-Length: 12");
        format!("POST /api/session HTTP/1.1\r\n{head}\r\n\r\n{{\"name\":\"a\"}}")
    };
    assert_eq!(
        running
            .client()
            .raw(begin("http://evil.example").as_bytes())
            .unwrap()
            .status,
        403
    );
    assert_eq!(running.client().raw(begin("null").as_bytes()).unwrap().status, 403);
    assert_eq!(
        running
            .client()
            .raw(begin("http://localhost:8").as_bytes())
            .unwrap()
            .status,
        200
    );
    let page = running.client().get("/");
    assert!(page.head.contains("Content-Security-Policy: default-src 'none'"));
    running.stop();

    // On an address that other machines can reach, a token is required; it is the same the next time.
    let open = Settings {
        address: "0.0.0.0:0".parse().unwrap(),
        ..study.settings.clone()
    };
    let running = Running::start(&open);
    let token = running.url.split_once("token=").unwrap().1.to_owned();
    assert_eq!(token.len(), 32);
    let mut client = Client::new(format!("127.0.0.1:{}", running.address.port()).parse().unwrap());
    for head in [
        "Host: x".to_owned(),
        format!("Host: x\r\nCookie: rate{}={}", running.address.port(), "0".repeat(32)),
    ] {
        assert_eq!(client.raw(get(&head).as_bytes()).unwrap().status, 403);
    }
    let enter = |token: &str| format!("GET /?token={token} HTTP/1.1\r\nHost: x\r\n\r\n");
    let wrong = if token.ends_with('0') { "1" } else { "0" };
    let wrong = enter(&format!("{}{wrong}", &token[..31]));
    assert_eq!(client.raw(wrong.as_bytes()).unwrap().status, 403);
    let welcome = client.raw(enter(&token).as_bytes()).unwrap();
    assert_eq!(welcome.status, 303);
    let cookie = welcome
        .head
        .lines()
        .find_map(|l| l.strip_prefix("Set-Cookie: "))
        .unwrap();
    assert!(cookie.contains("HttpOnly") && welcome.head.contains("Location: /\r\n"));
    let cookie = cookie.split(';').next().unwrap();
    let head = format!("Host: any.name\r\nCookie: other=1; {cookie}");
    assert_eq!(client.raw(get(&head).as_bytes()).unwrap().status, 200);
    running.stop();
    assert_eq!(Running::start(&open).url.split_once("token=").unwrap().1, token);

    let short = Settings {
        token: Some("guess".into()),
        ..study.settings.clone()
    };
    let error = Server::open(&short, &mut JobContext::silent()).err().unwrap();
    assert!(matches!(error, RatingError::Token { found: 5, .. }), "{error}");
}
