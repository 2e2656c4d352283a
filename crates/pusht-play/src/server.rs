//! The server of the page, and the clock.

use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};
use std::{panic, thread};

use axum::body::Bytes;
use page_server::{Guard, Limits, bind, serve};
use pusht_jobs::JobContext;
use tokio::sync::{oneshot, watch};

use crate::web::{Event, Hub, Seats};
use crate::{GuidedPolicy, PlayError, PlaySession, PlaySettings};

/// Duration of a step.
const STEP: Duration = Duration::from_millis(100);
/// Interval between checks for cancellation.
const PAUSE: Duration = Duration::from_millis(50);
/// Events that wait for the session; further ones wait in their windows' connections.
const WAITING: usize = 64;

/// A server of the page to play on, bound to its address, with its folder opened.
#[derive(Debug)]
pub struct PlayServer {
    listener: TcpListener,
    guard: Guard,
    session: PlaySession,
    address: SocketAddr,
}

/// What was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PlaySummary {
    /// Number of saved episodes in the folder.
    pub saved: usize,
    /// Steps of the unfinished episode, which the next server continues.
    pub unfinished_steps: usize,
}

impl PlayServer {
    /// Binds the address, and opens or creates the folder. With a policy, that is what plays until a person takes over.
    ///
    /// # Errors
    /// An address that is in use or not this machine's; a weak token; those of [`PlaySession::open`].
    pub fn open(settings: &PlaySettings, guide: Option<GuidedPolicy>) -> Result<Self, PlayError> {
        let (listener, address) = bind(settings.address)?;
        let mut session = PlaySession::open(settings, guide)?;
        let token = match &settings.token {
            None if !address.ip().is_loopback() => Some(session.folder().token()?),
            given => given.clone(),
        };
        // Only asked for a token where none is needed.
        let guard = Guard::new("play", address, token.as_deref(), String::new)?;
        Ok(Self {
            listener,
            guard,
            session,
            address,
        })
    }

    /// The address to open in a browser, with the token if one is needed. If the server listens on all addresses of the
    /// machine, replace the host by the machine's name for other people.
    pub fn url(&self) -> String {
        self.guard.url(self.address)
    }

    /// The session before it is served.
    pub const fn session(&self) -> &PlaySession {
        &self.session
    }

    /// Serves until `ctx` is cancelled. Errors that the person who plays cannot mend are reported to `ctx`.
    ///
    /// This method blocks: the policy acts in the calling thread, and the web server in a thread of its own.
    ///
    /// # Errors
    /// The system cannot start a thread for the server; the unfinished episode cannot be written.
    pub fn run(self, ctx: &mut JobContext) -> Result<PlaySummary, PlayError> {
        let Self {
            listener,
            guard,
            mut session,
            ..
        } = self;
        let (events, happened) = sync_channel(WAITING);
        let (state, shown) = watch::channel(show(&mut session)?);
        let (stop, stopped) = oneshot::channel::<()>();
        let router = Hub::new(events, shown).router();
        let stopped = async move {
            // Also when the other side is dropped.
            let _ = stopped.await;
        };
        let failed = |e: std::io::Error| PlayError::Server { reason: e.to_string() };
        let served = thread::scope(|scope| {
            let work = move || serve(listener, guard, Limits::default(), router, stopped);
            let web = thread::Builder::new().name("play-web".into());
            let web = web.spawn_scoped(scope, work).map_err(failed)?;
            let played = play(&mut session, &happened, &state, ctx);
            drop((stop, state));
            let served = web.join().unwrap_or_else(|panicked| panic::resume_unwind(panicked));
            played.and(served.map_err(failed))
        });
        session.close()?;
        served?;
        let view = session.view();
        Ok(PlaySummary {
            saved: view.saved,
            unfinished_steps: view.steps,
        })
    }
}

/// Plays until the job is cancelled or the web server ends.
fn play(
    session: &mut PlaySession,
    events: &Receiver<Event>,
    state: &watch::Sender<Bytes>,
    ctx: &mut JobContext,
) -> Result<(), PlayError> {
    let mut seats = Seats::default();
    let mut due: Option<Instant> = None;
    let mut shown = session.revision();
    while ctx.check().is_ok() {
        // Also between the steps of a policy that takes longer than a step.
        for event in events.try_iter().take(WAITING) {
            seats.hear(event, session);
        }
        let (now, step) = (Instant::now(), STEP * session.slow());
        due = session.is_running().then(|| due.unwrap_or(now + step));
        if let Some(at) = due.filter(|at| *at <= now) {
            if let Err(error) = session.tick() {
                ctx.say(&error.to_string());
                session.say(error.to_string());
            }
            due = Some((at + step).max(Instant::now()));
        }
        if session.revision() != shown {
            shown = session.revision();
            state.send_replace(show(session)?);
        }
        let wait = due.map_or(PAUSE, |at| at.saturating_duration_since(Instant::now()).min(PAUSE));
        match events.recv_timeout(wait) {
            Ok(event) => seats.hear(event, session),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    Ok(())
}

/// What all windows show, as one message (module `web::socket`).
fn show(session: &mut PlaySession) -> Result<Bytes, PlayError> {
    let json = serde_json::to_vec(&session.view()).map_err(|e| PlayError::Picture { reason: e.to_string() })?;
    let length = u32::try_from(json.len()).map_err(|e| PlayError::Picture { reason: e.to_string() })?;
    let png = session.png()?;
    Ok([&length.to_le_bytes(), json.as_slice(), &png].concat().into())
}
