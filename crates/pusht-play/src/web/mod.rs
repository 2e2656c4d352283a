//! The page, and the WebSocket over which it plays.

mod seats;
mod socket;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{SyncSender, TrySendError};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{RawQuery, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use page_server::{InlinePage, Refusal};
use tokio::sync::{Semaphore, mpsc, watch};
use tokio::time::sleep;

use crate::PlayCommand;
pub(crate) use seats::Seats;

/// Windows that may be open at once.
const WINDOWS: usize = 16;
/// Length of the longest message of a window, bytes.
pub(crate) const MOST_MESSAGE: usize = 4 << 10;
/// Length of the longest name of a window, characters.
const MOST_NAME: usize = 64;
/// Pause before the next attempt, where the session is busy.
const BUSY: Duration = Duration::from_millis(5);

/// What happens in a window.
#[derive(Debug)]
pub(crate) enum Event {
    /// A window was opened. Its name stays the same when it is loaded again.
    Joined {
        id: u64,
        name: String,
        messages: mpsc::Sender<String>,
    },
    /// A window was closed.
    Left { id: u64 },
    /// A window asks for something.
    Asked { id: u64, request: Request },
}

/// What a window asks for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Request {
    /// To be the window that plays.
    PlayHere,
    /// A command of the window that plays.
    Play(PlayCommand),
}

/// Connects windows with the session, which runs in another thread.
#[derive(Clone)]
pub(crate) struct Hub {
    events: SyncSender<Event>,
    /// What all windows show; a slow one skips some.
    state: watch::Receiver<Bytes>,
    page: InlinePage,
    places: Arc<Semaphore>,
    last: Arc<AtomicU64>,
}

impl Hub {
    pub(crate) fn new(events: SyncSender<Event>, state: watch::Receiver<Bytes>) -> Self {
        Self {
            events,
            state,
            page: InlinePage::new(include_str!("../../page/play.html")),
            places: Arc::new(Semaphore::new(WINDOWS)),
            last: Arc::default(),
        }
    }

    /// The page's routes.
    pub(crate) fn router(self) -> Router {
        Router::new()
            .route("/", get(async |State(hub): State<Self>| hub.page))
            .route("/socket", get(join))
            .fallback(async || Refusal::new(StatusCode::NOT_FOUND, "unknown", "there is no such page"))
            .method_not_allowed_fallback(async || {
                Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "method", "this page takes GET")
            })
            .with_state(self)
    }

    /// A number for a new window.
    fn number(&self) -> u64 {
        self.last.fetch_add(1, Ordering::Relaxed)
    }

    /// Passes an event on, as soon as the session has taken the earlier ones.
    async fn tell(&self, mut event: Event) {
        while let Err(TrySendError::Full(back)) = self.events.try_send(event) {
            event = back;
            sleep(BUSY).await;
        }
    }
}

async fn join(
    State(hub): State<Hub>,
    RawQuery(query): RawQuery,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Response {
    let Ok(upgrade) = upgrade else {
        let reason = "this address is for the WebSocket of the page";
        return Refusal::new(StatusCode::BAD_REQUEST, "socket", reason).into_response();
    };
    let query = query.unwrap_or_default();
    let name = query.strip_prefix("window=").unwrap_or_default();
    if name.len() > MOST_NAME || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') {
        let reason = "the name of the window: expected at most 64 letters and digits";
        return Refusal::new(StatusCode::BAD_REQUEST, "window", reason).into_response();
    }
    let Ok(place) = hub.places.clone().try_acquire_owned() else {
        let reason = "too many windows show this page; close some, and load this one again";
        return Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "full", reason).into_response();
    };
    let name = name.to_owned();
    upgrade
        .max_message_size(MOST_MESSAGE)
        .max_frame_size(MOST_MESSAGE)
        .on_upgrade(async move |socket| {
            socket::talk(socket, &hub, name).await;
            drop(place);
        })
}
