//! An HTTP server on the loopback address whose answers a test chooses.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub struct LoopbackRequest {
    /// Path and query.
    pub path: String,
    /// The body, if the request states its length.
    pub body: Vec<u8>,
    headers: Vec<(String, String)>,
}

impl LoopbackRequest {
    /// Value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// First byte that is asked for: 0, or that of `Range: bytes=N-`.
    pub fn first_byte(&self) -> usize {
        let range = self
            .header("range")
            .and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        range.and_then(|first| first.parse().ok()).unwrap_or(0)
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct LoopbackReply {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    cut: Option<usize>,
    stalled: bool,
}

impl LoopbackReply {
    /// An answer of this status without a body.
    pub fn status(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Vec::new(),
            cut: None,
            stalled: false,
        }
    }

    /// An answer with a body.
    pub fn body(body: impl Into<Vec<u8>>) -> Self {
        Self {
            body: body.into(),
            ..Self::status(200)
        }
    }

    /// Sets the status.
    #[must_use]
    pub fn with_status(self, status: u16) -> Self {
        Self { status, ..self }
    }

    /// A redirect.
    pub fn redirect(status: u16, to: &str) -> Self {
        Self::status(status).with_header("location", to)
    }

    /// The part of a file that the request asks for.
    pub fn part(request: &LoopbackRequest, file: &[u8]) -> Self {
        let (first, size) = (request.first_byte(), file.len());
        if request.header("range").is_none() {
            return Self::body(file);
        }
        if first >= size {
            return Self::status(416).with_header("content-range", &format!("bytes */{size}"));
        }
        let range = format!("bytes {first}-{}/{size}", size - 1);
        Self {
            status: 206,
            ..Self::body(&file[first..]).with_header("content-range", &range)
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Breaks off after so many bytes of the body.
    #[must_use]
    pub fn cut_after(self, bytes: usize) -> Self {
        Self {
            cut: Some(bytes),
            ..self
        }
    }

    /// Sends nothing, or with [`Self::cut_after`] nothing more, and keeps the connection open.
    #[must_use]
    pub fn stalled(self) -> Self {
        Self { stalled: true, ..self }
    }
}

/// A running server; it stops when it is dropped.
pub struct LoopbackServer {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<LoopbackRequest>>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl LoopbackServer {
    /// Starts a server on a free port that answers as `answer` says. Each connection carries one request.
    ///
    /// # Errors
    /// No port that can be listened on.
    pub fn start(answer: impl Fn(&LoopbackRequest) -> LoopbackReply + Send + Sync + 'static) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let mut server = Self {
            address: listener.local_addr()?,
            requests: Arc::default(),
            stop: Arc::default(),
            thread: None,
        };
        let (requests, stop, answer) = (server.requests.clone(), server.stop.clone(), Arc::new(answer));
        let thread = std::thread::spawn(move || {
            let mut connections = Vec::new();
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    break;
                }
                let Ok(stream) = stream else { continue };
                let (requests, stop, answer) = (requests.clone(), stop.clone(), answer.clone());
                connections.push(std::thread::spawn(move || {
                    // A client that leaves is none of the server's business.
                    let _ = serve(stream, &requests, &stop, answer.as_ref());
                }));
            }
            for connection in connections {
                let _ = connection.join();
            }
        });
        server.thread = Some(thread);
        Ok(server)
    }

    /// Its address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The requests until now.
    pub fn requests(&self) -> Vec<LoopbackRequest> {
        locked(&self.requests).clone()
    }
}

impl Drop for LoopbackServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the listener.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn locked<T>(shared: &Mutex<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(
    mut stream: TcpStream,
    requests: &Mutex<Vec<LoopbackRequest>>,
    stop: &AtomicBool,
    answer: &dyn Fn(&LoopbackRequest) -> LoopbackReply,
) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let Some(request) = read(&stream)? else {
        return Ok(());
    };
    locked(requests).push(request.clone());
    let reply = answer(&request);
    let wait = || {
        while !stop.load(Ordering::SeqCst) {
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    if reply.stalled && reply.cut.is_none() {
        wait();
        return Ok(());
    }
    let mut head = format!(
        "HTTP/1.1 {} -\r\nconnection: close\r\ncontent-length: {}\r\n",
        reply.status,
        reply.body.len()
    );
    for (name, value) in &reply.headers {
        head += &format!("{name}: {value}\r\n");
    }
    stream.write_all(format!("{head}\r\n").as_bytes())?;
    let end = reply.cut.unwrap_or(reply.body.len()).min(reply.body.len());
    stream.write_all(&reply.body[..end])?;
    stream.flush()?;
    if reply.stalled {
        wait();
    }
    Ok(())
}

/// Reads a request.
fn read(stream: &TcpStream) -> io::Result<Option<LoopbackRequest>> {
    let mut lines = BufReader::new(stream.take(1 << 26));
    let mut line = String::new();
    lines.read_line(&mut line)?;
    let Some(path) = line.split(' ').nth(1).map(str::to_owned) else {
        return Ok(None);
    };
    let mut headers = Vec::new();
    loop {
        line.clear();
        if lines.read_line(&mut line)? == 0 || line.trim_end().is_empty() {
            let mut request = LoopbackRequest {
                path,
                body: Vec::new(),
                headers,
            };
            let length = request.header("content-length").and_then(|length| length.parse().ok());
            (&mut lines).take(length.unwrap_or(0)).read_to_end(&mut request.body)?;
            return Ok(Some(request));
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
    }
}
