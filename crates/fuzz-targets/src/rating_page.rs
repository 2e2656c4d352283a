//! The rating page: bytes that a client sends.

use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::OnceLock;
use std::time::Duration;

use pusht_jobs::JobContext;
use rating::{Server, Settings};
use video_io::{Frame, VideoOptions, save_video};

use crate::scratch::Scratch;

/// Longest wait for the server; its own limit for a request is 10 s.
const PATIENCE: Duration = Duration::from_secs(9);

/// A server in a thread that runs as long as the process.
struct Page {
    address: SocketAddr,
    session: String,
    clip: String,
    _folder: Scratch,
}

pub(crate) fn rating_page(input: &[u8]) {
    static PAGE: OnceLock<Page> = OnceLock::new();
    let page = PAGE.get_or_init(Page::open);
    let input = replaced(input, b"SESSION", page.session.as_bytes());
    let input = replaced(&input, b"CLIP", page.clip.as_bytes());
    let _ = page.ask(&input);
    // Whatever was sent, the server still answers.
    let (status, _) = page.post("/api/session", "", r#"{"name":"a","take_over":true}"#);
    assert_eq!(status, "200");
}

impl Page {
    #[expect(clippy::expect_used, reason = "without a server there is nothing to test")]
    fn open() -> Self {
        let folder = Scratch::new();
        let clips = folder.path().join("clips");
        for (name, color) in [("a", [200, 30, 30]), ("b", [30, 200, 30])] {
            let frames = vec![Frame::from_pixel(16, 16, image_color(color)); 2];
            save_video(clips.join(name), &frames, VideoOptions::default()).expect("a clip can be written");
        }
        let mut settings = Settings::new(clips, folder.path().join("ratings.db"));
        settings.address.set_port(0);
        let mut ctx = JobContext::silent();
        let server = Server::open(&settings, &mut ctx).expect("a server can be started");
        let url = server.url();
        let address = url.split('/').nth(2).and_then(|a| a.parse().ok());
        std::thread::spawn(move || server.run(&mut ctx));
        let mut page = Self {
            address: address.expect("the link names the address"),
            session: String::new(),
            clip: String::new(),
            _folder: folder,
        };
        let (_, begun) = page.post("/api/session", "", r#"{"name":"b"}"#);
        let begun: serde_json::Value = serde_json::from_str(&begun).expect("a session begins");
        let text = |key: &str| begun[key].as_str().expect("a session has it").to_owned();
        (page.session, page.clip) = (text("session"), text("clip"));
        page
    }

    /// Sends bytes on a connection of its own and returns everything that the server sends until it closes.
    fn ask(&self, bytes: &[u8]) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.address)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut answer = Vec::new();
        // The server may close before it has everything; what it said is still there.
        let _ = stream.write_all(bytes).and_then(|()| stream.shutdown(Shutdown::Write));
        stream.read_to_end(&mut answer)?;
        Ok(answer)
    }

    /// Status and body of a request.
    #[expect(clippy::expect_used, reason = "this is the check")]
    fn post(&self, path: &str, session: &str, body: &str) -> (String, String) {
        let length = body.len();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nX-Session: {session}\r\nContent-Length: {length}\r\n\
             Connection: close\r\n\r\n{body}"
        );
        let answer = self.ask(request.as_bytes()).expect("the server answers");
        let answer = String::from_utf8_lossy(&answer);
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_default();
        let status = head.split(' ').nth(1).unwrap_or_default();
        (status.to_owned(), body.to_owned())
    }
}

fn image_color<P: From<[u8; 3]>>(color: [u8; 3]) -> P {
    color.into()
}

/// The input with every `from` replaced.
fn replaced(input: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::with_capacity(input.len()), input);
    while let Some(at) = rest.windows(from.len()).position(|bytes| bytes == from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
