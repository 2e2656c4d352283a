//! Error responses: a status, a code for the page, and a human-readable reason.

use std::borrow::Cow;

use axum::body::Body;
use axum::http::header::{CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

/// An error response.
#[derive(Debug)]
pub struct Refusal {
    status: StatusCode,
    code: &'static str,
    reason: Cow<'static, str>,
    closing: bool,
}

#[derive(Serialize)]
struct Text<'a> {
    code: &'a str,
    reason: &'a str,
}

impl Refusal {
    /// A response with a status, a code for the page, and a reason for people.
    pub fn new(status: StatusCode, code: &'static str, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code,
            reason: reason.into(),
            closing: false,
        }
    }

    /// Closes the connection after the response, as further bytes on it may not be a request.
    #[must_use]
    pub fn closing(mut self) -> Self {
        self.closing = true;
        self
    }

    /// The body as JSON.
    pub(crate) fn text(&self) -> Vec<u8> {
        let text = Text {
            code: self.code,
            reason: &self.reason,
        };
        // A struct of strings always serializes.
        serde_json::to_vec(&text).unwrap_or_default()
    }

    /// Its status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.text()));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.closing {
            headers.insert(CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}
