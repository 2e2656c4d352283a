//! How much a server takes, and how long it waits.

use std::time::Duration;

/// How much a server takes, and how long it waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Bytes of a request line with its headers.
    pub head: usize,
    /// Lines of headers.
    pub headers: usize,
    /// Bytes of a request's body.
    pub body: usize,
    /// Connections that are answered at once. A browser opens up to six.
    pub connections: usize,
    /// Connections beyond those that are told so at once; further ones wait to be accepted, so that file handles are left
    /// for what the routes open.
    pub refused: usize,
    /// From the first byte of a request to its last.
    pub request: Duration,
    /// A connection without a request is closed after this.
    pub idle: Duration,
    /// A reader who takes nothing for so long is gone.
    pub stalled: Duration,
    /// How long a server that stops waits for the requests that it is answering.
    pub farewell: Duration,
    /// Threads for what blocks, such as a database; further requests wait for one.
    pub threads: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: 16 << 10,
            headers: 64,
            body: 4 << 10,
            connections: 256,
            refused: 256,
            request: Duration::from_secs(10),
            idle: Duration::from_secs(60),
            stalled: Duration::from_secs(30),
            farewell: Duration::from_secs(3),
            threads: 64,
        }
    }
}
