//! The rating server.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use page_server::{BindError, Guard, Limits, WeakToken, bind, serve};
use pusht_jobs::JobContext;

use crate::study::{ServerSummary, Study, router};
use crate::{RatingError, Settings};

/// Interval between checks for cancellation.
const TICK: Duration = Duration::from_millis(50);

/// A rating server, bound to its address, with its clips read.
pub struct Server {
    listener: TcpListener,
    guard: Guard,
    study: Study,
    address: SocketAddr,
    /// Messages for the person who runs the server.
    events: Receiver<String>,
}

impl Server {
    /// Reads all clips, opens or creates the database, and binds the address. Clips that are left out are reported to
    /// `ctx`.
    ///
    /// # Errors
    /// A folder without clips; a file that is no database of ratings, has another version, or rates other clips; an
    /// address that is in use or not this machine's; a weak token; cancellation while the clips are read.
    pub fn open(settings: &Settings, ctx: &mut JobContext) -> Result<Self, RatingError> {
        let (listener, address) = bind(settings.address)
            .map_err(|BindError { address, reason, .. }| RatingError::Listen { address, reason })?;
        let (events_in, events) = channel();
        let study = Study::open(settings, ctx, events_in)?;
        let guard = Guard::new("rate", address, settings.token.as_deref(), || study.token())
            .map_err(|WeakToken { found, least, .. }| RatingError::Token { found, least })?;
        Ok(Self {
            listener,
            guard,
            study,
            address,
            events,
        })
    }

    /// The address to open in a browser, with the token if one is needed. If the server listens on all addresses of the
    /// machine, replace the host by the machine's name for other people.
    pub fn url(&self) -> String {
        self.guard.url(self.address)
    }

    /// Number of clips to rate.
    pub fn clips(&self) -> usize {
        self.study.clips()
    }

    /// Serves until `ctx` is cancelled; then, within a few seconds, current requests are completed and the database is
    /// closed. New raters and errors are reported to `ctx`.
    ///
    /// This method blocks and starts its own threads; the caller needs no asynchronous runtime.
    ///
    /// # Errors
    /// The system cannot start a thread for the server; the database cannot be closed.
    pub fn run(self, ctx: &mut JobContext) -> Result<ServerSummary, RatingError> {
        let Self {
            listener,
            guard,
            study,
            address,
            mut events,
        } = self;
        let study = Arc::new(study);
        let stop = until_cancelled(ctx, &mut events);
        let served = serve(listener, guard, Limits::default(), router(study.clone()), stop);
        let summary = study.close();
        events.try_iter().for_each(|event| ctx.say(&event));
        served.map_err(|e| RatingError::Listen {
            address,
            reason: e.to_string(),
        })?;
        summary
    }
}

/// Passes events on until the job is cancelled.
async fn until_cancelled(ctx: &mut JobContext, events: &mut Receiver<String>) {
    while ctx.check().is_ok() {
        events.try_iter().for_each(|event| ctx.say(&event));
        tokio::time::sleep(TICK).await;
    }
}
