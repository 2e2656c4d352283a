//! Requests to answers. Every refusal has a reason for people and a code for the page.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::guard::{Entry, Guard};
use super::page;
use super::study::{Rated, Study};
use crate::http::{Body, Method, Request, Response};
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

/// Answers one request.
pub(crate) fn answer(study: &Study, guard: &Guard, request: &Request) -> Response {
    match guard.check(request) {
        Entry::Admitted => {}
        Entry::Welcome(response) | Entry::Refused(response) => return response,
    }
    route(study, request).unwrap_or_else(|refusal| match refusal {
        Refusal::Response(response) => response,
        Refusal::Error(error) => refused(study, &error),
    })
}

/// Why there is no other answer.
enum Refusal {
    Response(Response),
    Error(RatingError),
}

impl From<Response> for Refusal {
    fn from(response: Response) -> Self {
        Refusal::Response(response)
    }
}

impl From<RatingError> for Refusal {
    fn from(error: RatingError) -> Self {
        Refusal::Error(error)
    }
}

fn route(study: &Study, request: &Request) -> Result<Response, Refusal> {
    let clip = request.path.strip_prefix("/api/frames/");
    match (request.method, request.path.as_str()) {
        (Method::Post, "/api/session") => {
            let Begin { name, take_over } = body(request)?;
            Ok(Response::json(200, &study.begin(&name, take_over)?))
        }
        (Method::Get, "/api/state") => Ok(Response::json(200, &study.stand(session(request)?)?)),
        (Method::Post, "/api/rating") => {
            let (session, rated) = (session(request)?, body::<Rate>(request)?);
            let named = (1..=64).contains(&rated.request.len()) && rated.request.is_ascii();
            if !named {
                let reason = "request: expected a name of 1 to 64 ASCII characters; nothing was stored";
                return Err(Response::refusal(400, "request", reason).into());
            }
            let scores = Scores {
                adherence: Scale::Adherence.check(rated.adherence)?,
                responsibility: Scale::Responsibility.check(rated.responsibility)?,
                physics: Scale::Physics.check(rated.physics)?,
            };
            let rated = Rated {
                clip: &rated.clip,
                scores,
                request: rated.request,
                // A day on one clip is a window left open.
                seconds: rated.seconds.filter(|s| (0.0..86_400.0).contains(s)),
            };
            Ok(Response::json(200, &study.rate(session, rated)?))
        }
        (Method::Post, "/api/undo") => {
            let (session, Undo { clip }) = (session(request)?, body(request)?);
            Ok(Response::json(200, &study.undo(session, &clip)?))
        }
        (Method::Post, "/api/leave") => Ok(Response::json(200, &study.leave(session(request)?)?)),
        (Method::Get, _) if clip.is_some() => {
            let ahead = request.query == "ahead";
            let reel = study.reel(session(request)?, clip.unwrap_or_default(), ahead)?;
            let records = (0..).map_while(move |i| reel.record(i));
            Ok(Response::new(
                "application/octet-stream",
                Body::Stream(Box::new(records)),
            ))
        }
        (Method::Get, path) => {
            Ok(page::file(path).ok_or_else(|| Response::refusal(404, "unknown", "there is no such page"))?)
        }
        (_, path) => Err(match path.starts_with("/api/") || page::file(path).is_some() {
            true => Response::refusal(405, "method", "this page takes GET and POST where the program says so"),
            false => Response::refusal(404, "unknown", "there is no such page"),
        }
        .into()),
    }
}

fn session(request: &Request) -> Result<&str, RatingError> {
    let session = request.header("x-session").filter(|s| !s.is_empty());
    session.ok_or(RatingError::SessionEnded)
}

fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Response> {
    serde_json::from_slice(&request.body).map_err(|e| {
        let reason = format!("the request cannot be read: {e}; nothing was stored");
        Response::refusal(400, "request", &reason)
    })
}

fn refused(study: &Study, error: &RatingError) -> Response {
    let (status, code) = match error {
        RatingError::OutsideScale { .. } => (422, "outside-scale"),
        RatingError::Name { .. } => (422, "name"),
        RatingError::NameTaken { .. } => (409, "name-taken"),
        RatingError::SessionEnded => (401, "session-ended"),
        RatingError::UnknownClip => (404, "unknown-clip"),
        RatingError::ClipChanged => (409, "clip-changed"),
        RatingError::AlreadyRated => (409, "already-rated"),
        RatingError::NothingToUndo => (409, "nothing-to-undo"),
        RatingError::Stopping => (503, "stopping"),
        // Paths and the like are for whoever runs the study.
        _ => {
            // Paths and the like are for whoever runs the study.
            study.tell(&format!("error: {error}"));
            let reason = "the study's computer could not do this (a full disk, perhaps); nothing was stored; try again, \
                          or tell whoever runs the study";
            return Response::refusal(500, "failed", reason);
        }
    };
    Response::refusal(status, code, &error.to_string())
}
