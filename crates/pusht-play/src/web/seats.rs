//! Which of the open windows plays; the others watch.

use std::collections::BTreeMap;

use tokio::sync::mpsc;

use super::socket::refusal;
use super::{Event, Request};
use crate::{PlayError, PlaySession};

/// The open windows.
#[derive(Debug, Default)]
pub(crate) struct Seats {
    windows: BTreeMap<u64, Window>,
    /// The window that plays.
    player: Option<u64>,
}

#[derive(Debug)]
struct Window {
    name: String,
    messages: mpsc::Sender<String>,
}

impl Window {
    /// Sends a message, which is lost if the window takes none.
    fn say(&self, message: String) {
        let _ = self.messages.try_send(message);
    }
}

impl Seats {
    /// Does what an event asks for. A window gets the seat if nobody has it, if it is the same window as before, loaded
    /// again, or if it asks for it. Where the seat changes hands, the clock stops.
    pub(crate) fn hear(&mut self, event: Event, session: &mut PlaySession) {
        match event {
            Event::Joined { id, name, messages } => {
                let before = self.player.and_then(|player| self.windows.get(&player));
                let is_same = before.is_none_or(|player| !name.is_empty() && player.name == name);
                self.windows.insert(id, Window { name, messages });
                if is_same {
                    self.give(id, session);
                } else {
                    self.tell(id);
                }
            }
            Event::Left { id } => {
                self.windows.remove(&id);
                if self.player == Some(id) {
                    self.player = None;
                    session.release();
                }
            }
            Event::Asked { id, request } => match request {
                Request::PlayHere => self.give(id, session),
                Request::Play(command) => {
                    let done = if self.player == Some(id) {
                        session.handle(command)
                    } else {
                        Err(PlayError::NotPlaying)
                    };
                    if let (Err(error), Some(window)) = (done, self.windows.get(&id)) {
                        window.say(refusal(&error));
                    }
                }
            },
        }
    }

    fn give(&mut self, id: u64, session: &mut PlaySession) {
        let before = self.player.replace(id);
        if before != Some(id) {
            session.release();
            before.iter().for_each(|before| self.tell(*before));
        }
        self.tell(id);
    }

    /// Tells a window whether it plays.
    fn tell(&self, id: u64) {
        if let Some(window) = self.windows.get(&id) {
            let seat = self.player == Some(id);
            window.say(serde_json::json!({ "seat": seat }).to_string());
        }
    }
}
