//! Access control of the server.
//!
//! On a loopback address everyone on the machine has access, but only under the machine's own host names. This prevents
//! DNS rebinding: a foreign page cannot reach the server by resolving its name to this machine. On any other address a
//! token is required, which the first visit stores in a cookie.

use std::net::SocketAddr;

use axum::http::header::{COOKIE, HOST, HeaderName, LOCATION, ORIGIN, SET_COOKIE};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::Refusal;

/// Minimum length of a token set by the user, characters.
const LEAST_TOKEN: usize = 16;

/// Access control of a server.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Guard {
    /// Browsers of this machine, under its loopback names.
    Local,
    /// Requests with the token.
    Token {
        /// The token.
        token: String,
        /// Name of the cookie that stores it.
        cookie: String,
    },
}

/// Result of the check of a request.
pub(crate) enum Entry {
    Admitted,
    /// The token is correct; the response sets the cookie.
    Welcome(Response),
    Refused(Refusal),
}

/// Error for a token that is too weak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token of {found} characters; expected at least {least} of A–Z, a–z, 0–9, - and _, or none, to have one made"
)]
#[non_exhaustive]
pub struct WeakToken {
    /// Length of the token, characters.
    pub found: usize,
    /// Minimum length, characters.
    pub least: usize,
}

impl Guard {
    /// The guard of a server called `name` (in its cookie) on `address`. Without a token, a loopback address is open to
    /// this machine, and any other is guarded by a token from `own`.
    ///
    /// # Errors
    /// A token that is short, or not of A–Z, a–z, 0–9, - and _.
    pub fn new(
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

    /// The address to open in a browser.
    pub fn url(&self, address: SocketAddr) -> String {
        match self {
            Guard::Local => format!("http://{address}/"),
            Guard::Token { token, .. } => format!("http://{address}/?token={token}"),
        }
    }

    pub(crate) fn check(&self, request: &Parts) -> Entry {
        let host = text(request, HOST);
        // Browsers send the origin of a request, also for a WebSocket; only the page itself is allowed.
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
                    // Lax, so that the link also works from an e-mail; nobody uses a link for more than a month.
                    let value = format!("{cookie}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000");
                    let headers = [(LOCATION, "/".to_owned()), (SET_COOKIE, value)];
                    return Entry::Welcome((StatusCode::SEE_OTHER, headers).into_response());
                }
                refused(
                    "this page needs the link with the token, which whoever runs the server has; cookies must be allowed",
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

/// Constant-time comparison.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}
