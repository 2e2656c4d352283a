//! HTTP API for the page. Every error has a human-readable reason and a code for the page.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Path, RawQuery, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use futures_util::stream::unfold;
use page_server::Refusal;
use serde::Deserialize;

use super::answer::{answer, refusal, work_on};
use super::extract::{JsonBody, Session};
use super::page;
use super::{Rated, Study};
use crate::{RatingError, Scale, Scores};

#[derive(Deserialize)]
struct Begin {
    name: String,
    #[serde(default)]
    take_over: bool,
}

#[derive(Deserialize)]
struct Rate {
    clip: String,
    adherence: i64,
    responsibility: i64,
    physics: i64,
    request: String,
    seconds: Option<f64>,
}

#[derive(Deserialize)]
struct Undo {
    clip: String,
}

/// The page's routes.
pub(crate) fn router(study: Arc<Study>) -> Router {
    Router::new()
        .route("/api/session", post(begin))
        .route("/api/state", get(state))
        .route("/api/rating", post(rate))
        .route("/api/undo", post(undo))
        .route("/api/leave", post(leave))
        .route("/api/frames/{clip}", get(frames))
        .merge(page::routes())
        .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "unknown", "there is no such page"))
        .method_not_allowed_fallback(async || {
            let reason = "this page takes GET and POST where the program says so";
            Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", reason)
        })
        .with_state(study)
}

type Answer = Result<Response, Refusal>;

async fn begin(State(study): State<Arc<Study>>, JsonBody(asked): JsonBody<Begin>) -> Answer {
    answer(study, move |study| study.begin(&asked.name, asked.take_over)).await
}

async fn state(State(study): State<Arc<Study>>, Session(session): Session) -> Answer {
    answer(study, move |study| study.stand(&session)).await
}

async fn rate(State(study): State<Arc<Study>>, Session(session): Session, JsonBody(rate): JsonBody<Rate>) -> Answer {
    let rated = checked(rate)?;
    answer(study, move |study| study.rate(&session, rated)).await
}

async fn undo(State(study): State<Arc<Study>>, Session(session): Session, JsonBody(asked): JsonBody<Undo>) -> Answer {
    answer(study, move |study| study.undo(&session, &asked.clip)).await
}

async fn leave(State(study): State<Arc<Study>>, Session(session): Session) -> Answer {
    answer(study, move |study| study.leave(&session)).await
}

/// The frames of a clip, as they are decoded.
async fn frames(
    State(study): State<Arc<Study>>,
    Session(session): Session,
    Path(clip): Path<String>,
    RawQuery(query): RawQuery,
) -> Answer {
    let ahead = query.as_deref() == Some("ahead");
    let reel = work_on(study, move |study| study.reel(&session, &clip, ahead)).await?;
    let records = unfold((reel, 0), async |(reel, index)| {
        let record = reel.record(index).await?;
        Some((Ok::<Bytes, std::convert::Infallible>(record), (reel, index + 1)))
    });
    Ok(([(CONTENT_TYPE, "application/octet-stream")], Body::from_stream(records)).into_response())
}

fn checked(rate: Rate) -> Result<Rated, Refusal> {
    let named = (1..=64).contains(&rate.request.len()) && rate.request.is_ascii();
    if !named {
        let reason = "request: expected a name of 1 to 64 ASCII characters; nothing was stored";
        return Err(Refusal::new(StatusCode::BAD_REQUEST, "request", reason));
    }
    let scores = || -> Result<Scores, RatingError> {
        Ok(Scores {
            adherence: Scale::Adherence.check(rate.adherence)?,
            responsibility: Scale::Responsibility.check(rate.responsibility)?,
            physics: Scale::Physics.check(rate.physics)?,
        })
    };
    Ok(Rated {
        scores: scores().map_err(|e| refusal(&e))?,
        clip: rate.clip,
        request: rate.request,
        // A day on one clip means that a window was left open.
        seconds: rate.seconds.filter(|s| (0.0..86_400.0).contains(s)),
    })
}
