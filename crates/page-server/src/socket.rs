//! A socket with deadlines, which adds a reason to hyper's own error responses, and closes so that the last response
//! arrives.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};

use super::headers::say_always;
use super::pace::Pace;
use super::{Limits, Refusal};

/// Time and bytes for which a socket that was closed on this side still reads.
const LINGER: Duration = Duration::from_millis(500);
const LINGER_BYTES: usize = 256 << 10;

/// The socket of one connection.
pub(crate) struct Socket {
    stream: TcpStream,
    pace: Pace,
    limits: Limits,
    /// Fires when the other side has sent nothing for too long.
    silence: Pin<Box<Sleep>>,
    /// Fires when the other side has received nothing for too long; set while there is data to send.
    stalled: Option<Pin<Box<Sleep>>>,
    /// Remaining bytes of an error response.
    refusal: Vec<u8>,
    linger: Option<(Pin<Box<Sleep>>, usize)>,
    /// Permit of the limit on connections.
    _place: OwnedSemaphorePermit,
}

impl Socket {
    pub(crate) fn new(stream: TcpStream, pace: Pace, limits: Limits, place: OwnedSemaphorePermit) -> Self {
        Self {
            stream,
            pace,
            limits,
            silence: Box::pin(sleep(limits.idle)),
            stalled: None,
            refusal: Vec::new(),
            linger: None,
            _place: place,
        }
    }

    fn write(&mut self, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if let Poll::Ready(written) = Pin::new(&mut self.stream).poll_write(cx, bytes) {
            self.stalled = None;
            return Poll::Ready(written);
        }
        let stalled = self.stalled.get_or_insert_with(|| Box::pin(sleep(self.limits.stalled)));
        ready!(stalled.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }

    fn write_refusal(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.refusal.is_empty() {
            let refusal = std::mem::take(&mut self.refusal);
            let written = self.write(cx, &refusal);
            self.refusal = refusal;
            let written = ready!(written)?;
            self.refusal.drain(..written);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut self.stream).poll_read(cx, buf) {
            if buf.filled().len() > before {
                self.pace.received();
            }
            return Poll::Ready(read);
        }
        let Some(deadline) = self.pace.deadline() else {
            return Poll::Pending;
        };
        if self.silence.deadline() != deadline {
            self.silence.as_mut().reset(deadline);
        }
        ready!(self.silence.as_mut().poll(cx));
        Poll::Ready(Err(ErrorKind::TimedOut.into()))
    }
}

/// Never vectored: `writev` into a socket that is gone raises SIGPIPE, which ends a program that has not ignored it.
impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.write_refusal(cx))?;
        match bare_refusal(bytes) {
            Some(status) => {
                self.refusal = explained(status, &self.limits);
                Poll::Ready(Ok(bytes.len()))
            }
            None => self.write(cx, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_refusal(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Closing a socket with unread bytes may destroy the response in transit, so bytes that still arrive are read and
    /// discarded.
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.write_refusal(cx))?;
        let this = &mut *self;
        if this.linger.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
        }
        let (end, bytes) = this.linger.get_or_insert_with(|| (Box::pin(sleep(LINGER)), 0));
        let mut waste = [0; 4 << 10];
        while *bytes < LINGER_BYTES {
            let mut buffer = ReadBuf::new(&mut waste);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => *bytes += buffer.filled().len(),
                Poll::Ready(_) => break,
                Poll::Pending => {
                    ready!(end.as_mut().poll(cx));
                    break;
                }
            }
        }
        Poll::Ready(Ok(()))
    }
}

/// The status of hyper's own response to a request that it cannot parse: a head without a body, sent alone. All error
/// responses of this crate have a body.
fn bare_refusal(bytes: &[u8]) -> Option<StatusCode> {
    let text = bytes.strip_prefix(b"HTTP/1.1 ")?;
    let status = StatusCode::from_bytes(text.get(..3)?).ok()?;
    if !status.is_client_error() {
        return None;
    }
    let head = std::str::from_utf8(text).ok()?.strip_suffix("\r\n\r\n")?;
    let bare = head.lines().any(|l| l.eq_ignore_ascii_case("content-length: 0"));
    bare.then_some(status)
}

/// The error response of this crate for such a status.
fn explained(status: StatusCode, limits: &Limits) -> Vec<u8> {
    let reason = match status {
        StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE | StatusCode::URI_TOO_LONG => format!(
            "the head of this request has more than {} bytes or more than {} lines",
            limits.head, limits.headers
        ),
        _ => "not a request of HTTP/1.1, or the length of its body is not stated as one number".to_owned(),
    };
    let refusal = Refusal::new(status, "request", reason);
    let mut headers = HeaderMap::new();
    say_always(&mut headers);
    let text = refusal.text();
    let mut bytes = format!(
        "HTTP/1.1 {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n",
        refusal.status(),
        text.len()
    )
    .into_bytes();
    for (name, value) in &headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(b"\r\n");
    bytes.extend(text);
    bytes
}
