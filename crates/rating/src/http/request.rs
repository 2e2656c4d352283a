//! From what comes in to a whole request of a form that is taken.

use axum::body::{Body, to_bytes};
use axum::http::header::{CONTENT_LENGTH, HOST, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use hyper::body::Incoming;

use super::pace::Pace;
use super::{Limits, Refusal};

/// Reads the body of a request that is no larger and no other than expected, as fast as `pace` asks for.
pub(super) async fn whole(request: Request<Incoming>, limits: &Limits, pace: &Pace) -> Result<Request<Body>, Refusal> {
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

/// Hyper has taken care of the size of the head, and of lengths that contradict each other or are none. A length stated
/// in another form than as a number is how requests are smuggled past proxies, and nothing here needs it.
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
