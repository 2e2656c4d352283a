//! Who may talk to a server.
//!
//! On a loopback address everyone on the machine may; but only under the machine's own names, so that no page from
//! elsewhere reaches the server by having its own name point here. Anywhere else a token is asked for, which the first
//! visit leaves in a cookie.

use std::net::SocketAddr;

use axum::http::header::{COOKIE, HOST, HeaderName, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Refusal;

/// Shortest token of the user's own.
const LEAST_TOKEN: usize = 16;

/// Who may talk to a server.
#[derive(Clone, Debug)]
pub(crate) enum Guard {
    /// Browsers of this machine that name it as such.
    Local,
    /// Whoever has the token.
    Token {
        /// The token.
        token: String,
        /// Name of the cookie that keeps it.
        cookie: String,
    },
}

/// What becomes of a request.
pub(super) enum Entry {
    Admitted,
    /// The token was right; what the browser is told next.
    Welcome(Response),
    Refused(Refusal),
}

/// A token that can be guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WeakToken {
    /// Characters given.
    pub found: usize,
    /// Least length.
    pub least: usize,
}

impl Guard {
    /// For a server called `name` (in its cookie) on `address`. Without a token, a loopback address is open to this
    /// machine, and any other is guarded by the token that `own` makes.
    pub(crate) fn new(
        name: &str,
        address: SocketAddr,
        token: Option<&str>,
        own: impl FnOnce() -> String,
    ) -> Result<Self, WeakToken> {
        let token = match token {
            None if address.ip().is_loopback() => return Ok(Guard::Local),
            None => own(),
            Some(token) => {
                let plain = token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
                if token.len() < LEAST_TOKEN || !plain {
                    return Err(WeakToken {
                        found: token.chars().count(),
                        least: LEAST_TOKEN,
                    });
                }
                token.to_owned()
            }
        };
        // Cookies do not distinguish ports.
        let cookie = format!("{name}{}", address.port());
        Ok(Guard::Token { token, cookie })
    }

    /// What to open in a browser.
    pub(crate) fn url(&self, address: SocketAddr) -> String {
        match self {
            Guard::Local => format!("http://{address}/"),
            Guard::Token { token, .. } => format!("http://{address}/?token={token}"),
        }
    }

    pub(super) fn check(&self, request: &Parts) -> Entry {
        let host = text(request, HOST);
        // Browsers say where a request comes from, also one for a WebSocket; nobody but the page itself has business
        // here.
        if request.headers.contains_key(ORIGIN) {
            let origin = text(request, ORIGIN);
            let from = origin.split_once("://").map_or(origin, |(_, host)| host);
            if from != host {
                return refused("requests from other sites are not answered");
            }
        }
        match self {
            Guard::Local => {
                let name = host
                    .rsplit_once(':')
                    .filter(|(_, p)| p.bytes().all(|b| b.is_ascii_digit()));
                let name = name.map_or(host, |(name, _)| name);
                match ["localhost", "127.0.0.1", "[::1]"].contains(&name) {
                    true => Entry::Admitted,
                    false => refused("this server answers to localhost; with --token it can be reached by other names"),
                }
            }
            Guard::Token { token, cookie } => {
                let is_token = |given: &str| same(given.as_bytes(), token.as_bytes());
                let given = text(request, COOKIE)
                    .split(';')
                    .filter_map(|c| c.trim().split_once('='));
                if given.into_iter().any(|(name, value)| name == cookie && is_token(value)) {
                    return Entry::Admitted;
                }
                let query = request.uri.query().unwrap_or_default();
                let mut given = query.split('&').filter_map(|q| q.strip_prefix("token="));
                if request.method == Method::GET && request.uri.path() == "/" && given.any(is_token) {
                    // Lax, so that the link also works from a mail; a month is longer than a study.
                    let value = format!("{cookie}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000");
                    let headers = [(LOCATION, "/".to_owned()), (SET_COOKIE, value)];
                    return Entry::Welcome((StatusCode::SEE_OTHER, headers).into_response());
                }
                refused(
                    "this page needs the link with the token, which whoever runs the study has; cookies must be allowed",
                )
            }
        }
    }
}

/// The value of a header; of several, the first.
fn text(request: &Parts, name: HeaderName) -> &str {
    let value = request.headers.get(name);
    value.and_then(|v| v.to_str().ok()).unwrap_or_default()
}

fn refused(reason: &'static str) -> Entry {
    Entry::Refused(Refusal::new(StatusCode::FORBIDDEN, "forbidden", reason))
}

/// Equality in a time that does not tell how much is equal.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}
