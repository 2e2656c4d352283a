//! Extractors of the page's requests: the rater's session, and JSON.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use page_server::Refusal;
use serde::de::DeserializeOwned;

use super::answer::refusal;
use crate::RatingError;

/// Name of the rater's session.
pub(crate) struct Session(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Session {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        let session = parts.headers.get("x-session").and_then(|s| s.to_str().ok());
        match session.filter(|s| !s.is_empty()) {
            Some(session) => Ok(Self(session.to_owned())),
            None => Err(refusal(&RatingError::SessionEnded)),
        }
    }
}

/// A body of JSON. The page's requests need no content type, unlike those of [`axum::Json`].
pub(crate) struct JsonBody<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for JsonBody<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &S) -> Result<Self, Refusal> {
        let unreadable = |reason: &dyn std::fmt::Display| {
            let reason = format!("the request cannot be read: {reason}; nothing was stored");
            Refusal::new(StatusCode::BAD_REQUEST, "request", reason)
        };
        let body = Bytes::from_request(request, state).await.map_err(|e| unreadable(&e))?;
        serde_json::from_slice(&body).map(Self).map_err(|e| unreadable(&e))
    }
}
