//! Reads and checks complete requests.

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;

use super::pace::Pace;
use super::{Limits, Refusal};

/// Checks a request and reads its body within the limits and by the deadline of `pace`.
pub(crate) async fn whole(request: Request<Incoming>, limits: &Limits, pace: &Pace) -> Result<Request<Body>, Refusal> {
    let (head, body) = request.into_parts();
    check(&head, limits)?;
    match to_bytes(Body::new(body), limits.body).await {
        Ok(bytes) => Ok(Request::from_parts(head, Body::from(bytes))),
        Err(_) if pace.is_late() => {
            let reason = format!(
                "this request was not whole after {:?}; nothing was stored",
                limits.request
            );
            Err(refused(StatusCode::REQUEST_TIMEOUT, reason))
        }
        Err(e) => {
            let reason = format!("the body of this request did not arrive: {e}; nothing was stored");
            Err(refused(StatusCode::BAD_REQUEST, reason))
        }
    }
}

/// Checks the head of a request. Hyper has checked its size, and refused contradictory and invalid lengths. Bodies
/// without Content-Length are refused, as they allow request smuggling past proxies and are not needed here.
fn check(head: &Parts, limits: &Limits) -> Result<(), Refusal> {
    if head.headers.contains_key(TRANSFER_ENCODING) {
        let reason = "bodies must be sent with Content-Length";
        return Err(refused(StatusCode::NOT_IMPLEMENTED, reason.to_owned()));
    }
    if head.uri.authority().is_some() || head.headers.get_all(HOST).iter().count() > 1 {
        let reason = "a request of this server names a path and one host; proxies are asked otherwise";
        return Err(refused(StatusCode::BAD_REQUEST, reason.to_owned()));
    }
    let length = head.headers.get(CONTENT_LENGTH).and_then(|l| l.to_str().ok());
    match length {
        Some(text) if text.parse().is_ok_and(|length: usize| length > limits.body) => {
            let most = limits.body;
            let reason = format!("a body of {text} bytes; expected at most {most}; nothing was stored");
            Err(refused(StatusCode::PAYLOAD_TOO_LARGE, reason))
        }
        _ => Ok(()),
    }
}

fn refused(status: StatusCode, reason: String) -> Refusal {
    Refusal::new(status, "request", reason).closing()
}
