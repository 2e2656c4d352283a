//! Who may talk to the server.
//!
//! On a loopback address everyone on the machine may; but only under the machine's own names, so that no page from
//! elsewhere reaches the server by having its own name point here. Anywhere else a token is asked for, which the first
//! visit leaves in a cookie.

use std::net::SocketAddr;

use crate::RatingError;
use crate::http::{Method, Request, Response};

/// Shortest token of the user's own.
const LEAST_TOKEN: usize = 16;

pub(crate) enum Guard {
    Loopback,
    Token { token: String, cookie: String },
}

/// What becomes of a request.
pub(crate) enum Entry {
    Admitted,
    /// The token was right; what the browser is told next.
    Welcome(Response),
    Refused(Response),
}

impl Guard {
    /// For the address that is listened on; `own` makes a token.
    pub(crate) fn new(
        address: SocketAddr,
        token: Option<&str>,
        own: impl FnOnce() -> String,
    ) -> Result<Self, RatingError> {
        let token = match token {
            None if address.ip().is_loopback() => return Ok(Guard::Loopback),
            None => own(),
            Some(token) => {
                let plain = token.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
                if token.len() < LEAST_TOKEN || !plain {
                    return Err(RatingError::Token {
                        found: token.chars().count(),
                        least: LEAST_TOKEN,
                    });
                }
                token.to_owned()
            }
        };
        // Cookies do not distinguish ports.
        let cookie = format!("rate{}", address.port());
        Ok(Guard::Token { token, cookie })
    }

    pub(crate) fn url(&self, address: SocketAddr) -> String {
        match self {
            Guard::Loopback => format!("http://{address}/"),
            Guard::Token { token, .. } => format!("http://{address}/?token={token}"),
        }
    }

    pub(crate) fn check(&self, request: &Request) -> Entry {
        let host = request.header("host").unwrap_or_default();
        // Browsers say where a request comes from; nobody but the page itself has business here.
        if let Some(origin) = request.header("origin") {
            let from = origin.split_once("://").map_or(origin, |(_, host)| host);
            if request.method == Method::Post && from != host {
                return refused("requests from other sites are not answered");
            }
        }
        match self {
            Guard::Loopback => {
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
                let cookies = request.header("cookie").unwrap_or_default();
                let given = cookies.split(';').filter_map(|c| c.trim().split_once('='));
                if given.into_iter().any(|(name, value)| name == cookie && is_token(value)) {
                    return Entry::Admitted;
                }
                let mut query = request.query.split('&').filter_map(|q| q.strip_prefix("token="));
                if request.method == Method::Get && request.path == "/" && query.any(is_token) {
                    // Lax, so that the link also works from a mail; a month is longer than a study.
                    let value = format!("{cookie}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age=2592000");
                    return Entry::Welcome(Response::see_other("/").with("Set-Cookie", value));
                }
                refused(
                    "this page needs the link with the token, which whoever runs the study has; cookies must be allowed",
                )
            }
        }
    }
}

fn refused(reason: &str) -> Entry {
    Entry::Refused(Response::refusal(403, "forbidden", reason))
}

/// Equality in a time that does not tell how much is equal.
fn same(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |different, (a, b)| different | (a ^ b)) == 0
}
