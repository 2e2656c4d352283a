//! Requests from a socket.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::Response;

/// Bytes of request line and headers.
const MOST_HEAD: usize = 16 << 10;
const MOST_HEADERS: usize = 64;
/// Bytes of a body: a rating has 200.
const MOST_BODY: usize = 4 << 10;
/// A connection without a request is closed after this.
const IDLE: Duration = Duration::from_secs(60);
/// From the first byte of a request to its last.
const DEADLINE: Duration = Duration::from_secs(10);

/// What a request wants done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Method {
    Get,
    Post,
    /// Head, put, or anything else that nothing here answers.
    Other,
}

/// A whole request.
#[derive(Debug)]
pub(crate) struct Request {
    pub method: Method,
    /// As sent, without what follows `?`; nothing is decoded.
    pub path: String,
    pub query: String,
    /// Names in lower case.
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub keep_alive: bool,
}

impl Request {
    /// The value of a header, given in lower case; of several, the first.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }
}

/// Why there is no request.
pub(crate) enum NoRequest {
    /// The other side is gone, or silent.
    Closed,
    /// What came is refused; the connection is of no further use.
    Refused(Response),
}

impl From<io::Error> for NoRequest {
    fn from(_: io::Error) -> Self {
        NoRequest::Closed
    }
}

/// A socket and what was read from it too much.
pub(crate) struct Wire {
    pub stream: TcpStream,
    buffer: Vec<u8>,
}

impl Wire {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    /// The next request.
    pub(crate) fn request(&mut self) -> Result<Request, NoRequest> {
        let mut until = None;
        let (mut request, length, expects) = loop {
            if !self.buffer.is_empty() {
                if let Some(head) = self.head()? {
                    break head;
                }
                if self.buffer.len() >= MOST_HEAD {
                    let reason = format!("the headers of this request are longer than {MOST_HEAD} bytes");
                    return Err(refused(431, &reason));
                }
            }
            match until {
                None if !self.buffer.is_empty() => until = Some(Instant::now() + DEADLINE),
                _ => {}
            }
            self.more(until.unwrap_or_else(|| Instant::now() + IDLE))?;
        };
        let until = until.unwrap_or_else(|| Instant::now() + DEADLINE);
        if expects && self.buffer.len() < length {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
        }
        while self.buffer.len() < length {
            self.more(until)?;
        }
        request.body = self.buffer.drain(..length).collect();
        Ok(request)
    }

    /// Reads some bytes, at least one.
    fn more(&mut self, until: Instant) -> Result<(), NoRequest> {
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(NoRequest::Closed);
        }
        self.stream.set_read_timeout(Some(left))?;
        let mut bytes = [0; 4 << 10];
        match self.stream.read(&mut bytes)? {
            0 => Err(NoRequest::Closed),
            n => {
                self.buffer.extend_from_slice(&bytes[..n]);
                Ok(())
            }
        }
    }

    /// Takes request line and headers out of the buffer once they are complete: with them come the length of the body,
    /// and whether the other side waits to be told to send it.
    fn head(&mut self) -> Result<Option<(Request, usize, bool)>, NoRequest> {
        let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
        let mut parsed = httparse::Request::new(&mut headers);
        let end = match parsed.parse(&self.buffer) {
            Ok(httparse::Status::Complete(end)) => end,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(httparse::Error::TooManyHeaders) => {
                return Err(refused(431, &format!("more than {MOST_HEADERS} headers")));
            }
            Err(e) => return Err(refused(400, &format!("not a request of HTTP/1.1: {e}"))),
        };
        if end > MOST_HEAD {
            return Err(refused(431, &format!("the headers are longer than {MOST_HEAD} bytes")));
        }
        let method = match parsed.method {
            Some("GET") => Method::Get,
            Some("POST") => Method::Post,
            _ => Method::Other,
        };
        let target = parsed.path.unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut request = Request {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: Vec::new(),
            body: Vec::new(),
            keep_alive: parsed.version == Some(1),
        };
        for header in parsed.headers.iter() {
            let value = String::from_utf8_lossy(header.value).into_owned();
            request.headers.push((header.name.to_ascii_lowercase(), value));
        }
        if let Some(connection) = request.header("connection") {
            let connection = connection.to_ascii_lowercase();
            request.keep_alive = match request.keep_alive {
                true => !connection.contains("close"),
                false => connection.contains("keep-alive"),
            };
        }
        let length = length(&request)?;
        let expects = request.header("expect").is_some();
        self.buffer.drain(..end);
        Ok(Some((request, length, expects)))
    }
}

/// Length of the body. Two statements about it, or one in another form, are how requests are smuggled past proxies.
fn length(request: &Request) -> Result<usize, NoRequest> {
    if request.header("transfer-encoding").is_some() {
        return Err(refused(501, "bodies must be sent with Content-Length"));
    }
    let stated: Vec<&String> = request
        .headers
        .iter()
        .filter(|(n, _)| n == "content-length")
        .map(|(_, v)| v)
        .collect();
    let text = match stated.as_slice() {
        [] => return Ok(0),
        [one] => one,
        _ => return Err(refused(400, "Content-Length is stated twice")),
    };
    if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refused(400, "Content-Length is not a number"));
    }
    match text.parse::<usize>() {
        Ok(length) if length <= MOST_BODY => Ok(length),
        _ => Err(refused(
            413,
            &format!("a body of {text} bytes; expected at most {MOST_BODY}; nothing was stored"),
        )),
    }
}

fn refused(status: u16, reason: &str) -> NoRequest {
    NoRequest::Refused(Response::refusal(status, "request", reason))
}
