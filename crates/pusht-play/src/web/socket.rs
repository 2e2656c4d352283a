//! One window's WebSocket.
//!
//! To the window: binary messages with what it shows (length of the JSON as u32, little-endian; JSON of
//! [`PlayView`](crate::PlayView); PNG), and text messages `{"seat": BOOL}` (whether it plays) and `{"refused": REASON}`. From the
//! window: text messages, [`PlayCommand`](crate::PlayCommand) or `{"do":"play-here"}`.

use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

use super::{Event, Hub, MOST_MESSAGE, Request};
use crate::{PlayCommand, PlayError};

/// Interval of pings, which browsers answer by themselves.
const PING: Duration = Duration::from_secs(20);
/// Time after which a silent window is given up.
const SILENCE: Duration = Duration::from_secs(60);
/// Messages of its own that wait for a window; further ones are lost.
const WAITING: usize = 8;

/// Talks with a window until it is closed.
pub(super) async fn talk(mut socket: WebSocket, hub: &Hub, name: String) {
    let id = hub.number();
    let (messages, waiting) = mpsc::channel(WAITING);
    hub.tell(Event::Joined { id, name, messages }).await;
    // The way it ends is ignored: the window is gone.
    let _ = converse(&mut socket, hub, id, waiting).await;
    hub.tell(Event::Left { id }).await;
}

async fn converse(
    socket: &mut WebSocket,
    hub: &Hub,
    id: u64,
    mut waiting: mpsc::Receiver<String>,
) -> Result<(), axum::Error> {
    let mut state = hub.state.clone();
    state.mark_changed();
    let mut ping = interval(PING);
    ping.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut heard = Instant::now();
    loop {
        tokio::select! {
            message = socket.recv() => {
                heard = Instant::now();
                match message {
                    None | Some(Ok(Message::Close(_))) => return Ok(()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(Message::Text(text))) => match read(&text) {
                        Ok(request) => hub.tell(Event::Asked { id, request }).await,
                        Err(error) => socket.send(refused(&error)).await?,
                    },
                    Some(Ok(Message::Binary(_))) => {
                        let reason = "bytes; expected text".to_owned();
                        socket.send(refused(&PlayError::Message { reason })).await?;
                    }
                    Some(Err(error)) => {
                        // Most likely too long.
                        let reason = format!("expected messages of text of at most {MOST_MESSAGE} bytes").into();
                        let close = CloseFrame { code: close_code::SIZE, reason };
                        socket.send(Message::Close(Some(close))).await?;
                        return Err(error);
                    }
                }
            }
            changed = state.changed() => {
                if changed.is_err() {
                    return Ok(());
                }
                let shown = state.borrow_and_update().clone();
                socket.send(Message::Binary(shown)).await?;
            }
            Some(message) = waiting.recv() => socket.send(Message::Text(message.into())).await?,
            _ = ping.tick() => {
                if heard.elapsed() > SILENCE {
                    return Ok(());
                }
                socket.send(Message::Ping(Vec::new().into())).await?;
            }
        }
    }
}

fn read(text: &str) -> Result<Request, PlayError> {
    /// The requests that are not for the session.
    #[derive(Deserialize)]
    #[serde(tag = "do", rename_all = "kebab-case")]
    enum Window {
        PlayHere,
    }
    match serde_json::from_str(text) {
        Ok(Window::PlayHere) => Ok(Request::PlayHere),
        Err(_) => PlayCommand::parse(text).map(Request::Play),
    }
}

fn refused(error: &PlayError) -> Message {
    Message::Text(refusal(error).into())
}

/// The message to a window that asked for what cannot be done.
pub(super) fn refusal(error: &PlayError) -> String {
    serde_json::json!({ "refused": error.to_string() }).to_string()
}
