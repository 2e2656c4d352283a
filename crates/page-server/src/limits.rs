//! Limits of a server: sizes, counts and timeouts.

use std::time::Duration;

/// Limits of a server: sizes, counts and timeouts.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Maximum size of a request line with its headers, bytes.
    pub head: usize,
    /// Maximum number of header lines.
    pub headers: usize,
    /// Maximum size of a request's body, bytes.
    pub body: usize,
    /// Connections served at the same time. A browser opens up to six.
    pub connections: usize,
    /// Further connections that get an error response immediately; others wait to be accepted, so that file handles
    /// remain for the routes.
    pub refused: usize,
    /// Maximum time from the first byte of a request to its last.
    pub request: Duration,
    /// Time after which a connection without a request is closed.
    pub idle: Duration,
    /// Time after which a client that receives nothing is disconnected.
    pub stalled: Duration,
    /// Time that a stopping server waits for the requests that it is answering.
    pub farewell: Duration,
    /// Threads for blocking work, such as the database; further requests wait for one.
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
