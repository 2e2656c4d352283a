//! A study bound to an address: opened, served, ended.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use pusht_jobs::JobContext;

use crate::http::{Guard, Limits, WeakToken, serve};
use crate::study::{ServerSummary, Study, router};
use crate::{RatingError, Settings};

/// How often a server looks whether it should stop.
const TICK: Duration = Duration::from_millis(50);

/// A rating server that is bound to its address and has read its clips.
pub struct Server {
    listener: TcpListener,
    guard: Guard,
    study: Study,
    address: SocketAddr,
    /// What whoever runs the server should know.
    events: Receiver<String>,
}

impl Server {
    /// Reads all clips, opens or makes the database, and binds the address. `ctx` is told of clips that are left out.
    ///
    /// # Errors
    /// A folder without clips; a file that is no database of ratings, has another version, or rates other clips; an
    /// address that is in use or not this machine's; a short token; cancelled while the clips are read.
    pub fn open(settings: &Settings, ctx: &mut JobContext) -> Result<Self, RatingError> {
        let (listener, address) = bind(settings.address)?;
        let (events_in, events) = channel();
        let study = Study::open(settings, ctx, events_in)?;
        let guard = Guard::new("rate", address, settings.token.as_deref(), || study.token())
            .map_err(|WeakToken { found, least }| RatingError::Token { found, least })?;
        Ok(Self {
            listener,
            guard,
            study,
            address,
            events,
        })
    }

    /// What to open in a browser, with the token where one is needed. For an address that stands for all of the
    /// machine's, the name of the machine must be put in by whoever hands it on.
    pub fn url(&self) -> String {
        self.guard.url(self.address)
    }

    /// Number of clips to rate.
    pub fn clips(&self) -> usize {
        self.study.clips()
    }

    /// Serves until `ctx` is cancelled: then, within a few seconds, what was begun is answered and the database closed.
    /// `ctx` is told of people who begin, and of what goes wrong.
    ///
    /// It blocks, and brings its own threads; the caller needs no asynchronous runtime.
    ///
    /// # Errors
    /// The system has no thread for the server; the database, when it is closed.
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

fn bind(address: SocketAddr) -> Result<(TcpListener, SocketAddr), RatingError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|e| {
        let reason = match e.kind() {
            std::io::ErrorKind::AddrInUse => {
                "another program listens there, perhaps an earlier `pusht rate`; end it, or choose another --port (0 takes any free one)".into()
            }
            std::io::ErrorKind::PermissionDenied => "ports below 1024 are the system's; choose a higher --port".into(),
            std::io::ErrorKind::AddrNotAvailable => {
                "this machine does not have that address; --listen 0.0.0.0 takes all that it has".into()
            }
            _ => e.to_string(),
        };
        RatingError::Listen { address, reason }
    })
}
