//! Responses to the page: JSON, or an error.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use page_server::Refusal;
use serde::Serialize;

use super::Study;
use crate::RatingError;

/// Runs blocking work on a separate thread and responds with its result.
pub(crate) async fn answer<T: Serialize>(
    study: Arc<Study>,
    work: impl FnOnce(&Study) -> Result<T, RatingError> + Send + 'static,
) -> Result<Response, Refusal> {
    let value = work_on(study, move |study| {
        // Plain structs of strings and numbers always serialize.
        work(study).map(|value| serde_json::to_vec(&value).unwrap_or_default())
    });
    Ok(([(CONTENT_TYPE, "application/json")], value.await?).into_response())
}

/// Runs blocking work on a separate thread.
pub(crate) async fn work_on<T: Send + 'static>(
    study: Arc<Study>,
    work: impl FnOnce(&Study) -> Result<T, RatingError> + Send + 'static,
) -> Result<T, Refusal> {
    let working = study.clone();
    let done = tokio::task::spawn_blocking(move || work(&working)).await;
    done.unwrap_or_else(|e| {
        let source = std::io::Error::other(e);
        let path = "the server's own work".into();
        Err(RatingError::Io { path, source })
    })
    .map_err(|error| {
        let refusal = refusal(&error);
        if refusal.status() == StatusCode::INTERNAL_SERVER_ERROR {
            study.say(format!("error: {error}"));
        }
        refusal
    })
}

/// The error response for the page. Details such as paths are only reported to the person who runs the study.
pub(crate) fn refusal(error: &RatingError) -> Refusal {
    let (status, code) = match error {
        RatingError::OutsideScale { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "outside-scale"),
        RatingError::Name { .. } => (StatusCode::UNPROCESSABLE_ENTITY, "name"),
        RatingError::NameTaken { .. } => (StatusCode::CONFLICT, "name-taken"),
        RatingError::SessionEnded => (StatusCode::UNAUTHORIZED, "session-ended"),
        RatingError::UnknownClip => (StatusCode::NOT_FOUND, "unknown-clip"),
        RatingError::ClipChanged => (StatusCode::CONFLICT, "clip-changed"),
        RatingError::AlreadyRated => (StatusCode::CONFLICT, "already-rated"),
        RatingError::NothingToUndo => (StatusCode::CONFLICT, "nothing-to-undo"),
        RatingError::Stopping => (StatusCode::SERVICE_UNAVAILABLE, "stopping"),
        _ => {
            let reason = "the study's computer could not do this (a full disk, perhaps); nothing was stored; try again, \
                          or tell whoever runs the study";
            return Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "failed", reason);
        }
    };
    Refusal::new(status, code, error.to_string())
}
