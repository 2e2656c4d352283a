//! Responses into a socket.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use serde::Serialize;

/// What every response says. The page loads nothing from elsewhere, runs nothing that was written into it, and is shown
/// in no other page; nothing is kept by the browser.
const ALWAYS: &str = "Cache-Control: no-store\r\n\
    Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
    img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n\
    Cross-Origin-Opener-Policy: same-origin\r\n\
    Cross-Origin-Resource-Policy: same-origin\r\n\
    Permissions-Policy: camera=(), geolocation=(), microphone=()\r\n\
    Referrer-Policy: no-referrer\r\n\
    X-Content-Type-Options: nosniff\r\n\
    X-Frame-Options: DENY\r\n";

/// What is sent.
pub(crate) enum Body {
    /// At once.
    Whole(Cow<'static, [u8]>),
    /// Piece after piece, as they are made.
    Stream(Box<dyn Iterator<Item = Arc<[u8]>>>),
}

/// A whole response.
pub(crate) struct Response {
    pub status: u16,
    content_type: &'static str,
    /// `Set-Cookie` or `Location`, say.
    more: Vec<(&'static str, String)>,
    body: Body,
}

/// Why something was refused, as the page gets it.
#[derive(Serialize)]
struct Refusal<'a> {
    /// For the page.
    code: &'a str,
    /// For people.
    reason: &'a str,
}

impl Response {
    pub(crate) fn new(content_type: &'static str, body: Body) -> Self {
        Self {
            status: 200,
            content_type,
            more: Vec::new(),
            body,
        }
    }

    pub(crate) fn json(status: u16, value: &impl Serialize) -> Self {
        // Plain structs of strings and numbers always serialise.
        let bytes = serde_json::to_vec(value).unwrap_or_default();
        let mut response = Self::new("application/json", Body::Whole(bytes.into()));
        response.status = status;
        response
    }

    pub(crate) fn refusal(status: u16, code: &str, reason: &str) -> Self {
        Self::json(status, &Refusal { code, reason })
    }

    pub(crate) fn see_other(place: &str) -> Self {
        let mut response = Self::new("text/plain; charset=utf-8", Body::Whole(Cow::Borrowed(b"")));
        response.status = 303;
        response.with("Location", place.to_owned())
    }

    pub(crate) fn with(mut self, name: &'static str, value: String) -> Self {
        self.more.push((name, value));
        self
    }

    /// Writes it; `keep_alive` says whether the connection stays open.
    pub(crate) fn write(self, out: &mut impl Write, keep_alive: bool) -> io::Result<()> {
        let Self {
            status,
            content_type,
            more,
            body,
        } = self;
        let mut head = format!("HTTP/1.1 {status} {}\r\n{ALWAYS}", name(status));
        let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&Timestamp::now());
        if let Ok(date) = date {
            head.push_str(&format!("Date: {date}\r\n"));
        }
        head.push_str(&format!("Content-Type: {content_type}\r\n"));
        for (name, value) in more {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !keep_alive {
            head.push_str("Connection: close\r\n");
        }
        match body {
            Body::Whole(bytes) => {
                head.push_str(&format!("Content-Length: {}\r\n\r\n", bytes.len()));
                out.write_all(&[head.as_bytes(), &bytes].concat())?;
            }
            Body::Stream(pieces) => {
                head.push_str("Transfer-Encoding: chunked\r\n\r\n");
                out.write_all(head.as_bytes())?;
                for piece in pieces {
                    let length = format!("{:x}\r\n", piece.len());
                    out.write_all(&[length.as_bytes(), &piece, b"\r\n"].concat())?;
                }
                out.write_all(b"0\r\n\r\n")?;
            }
        }
        out.flush()
    }
}

fn name(status: u16) -> &'static str {
    match status {
        200 => "OK",
        303 => "See Other",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        409 => "Conflict",
        413 => "Content Too Large",
        422 => "Unprocessable Content",
        431 => "Request Header Fields Too Large",
        501 => "Not Implemented",
        503 => "Service Unavailable",
        _ => "Internal Server Error",
    }
}
