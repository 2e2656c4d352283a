//! The study behind the page: beginning, the next clip, its frames, rating, undo.

mod answer;
mod api;
mod extract;
mod page;

use std::collections::HashSet;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pusht_jobs::{Hasher, JobContext};
use serde::Serialize;

use crate::clips::{Catalog, FrameStream, Frames};
use crate::store::{Answer, Store};
use crate::{RatingError, Scores, Settings};

pub(crate) use api::router;

/// State of a study when its server has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerSummary {
    /// Number of valid ratings.
    pub ratings: u64,
    /// Number of people who gave them.
    pub raters: u64,
}

/// One study while it is served.
pub(crate) struct Study {
    /// `None` after the server has ended.
    store: Mutex<Option<Store>>,
    catalog: Arc<Mutex<Catalog>>,
    frames: Arc<Frames>,
    /// Content hashes of all clips, with their names on the page.
    clips: Vec<(String, String)>,
    seed: u64,
    secret: [u8; 32],
    /// Messages for the person who runs the study.
    events: Sender<String>,
}

/// Progress of a rater, for the page.
#[derive(Serialize)]
pub(crate) struct State {
    name: String,
    /// Number of clips rated, and of all clips.
    rated: usize,
    total: usize,
    /// Number of clips before the next one whose files were changed or removed; at the end, of all such clips.
    unavailable: usize,
    /// The clip to rate now, the one after it, and the one rated last.
    clip: Option<String>,
    next: Option<String>,
    last: Option<String>,
    /// Scores of the withdrawn rating.
    answers: Option<Scores>,
}

/// A new session.
#[derive(Serialize)]
pub(crate) struct Begun {
    session: String,
    #[serde(flatten)]
    state: State,
}

/// A rating from the page, with the page's name of the clip.
pub(crate) struct Rated {
    pub clip: String,
    pub scores: Scores,
    pub request: String,
    pub seconds: Option<f64>,
}

impl Study {
    pub(crate) fn open(settings: &Settings, ctx: &mut JobContext, events: Sender<String>) -> Result<Self, RatingError> {
        let catalog = Catalog::read(&settings.video, ctx)?;
        let mut store = Store::open_or_create(&settings.db, settings.seed)?;
        store.take_up(catalog.clips(), &settings.video, &mut |note| ctx.say(&note))?;
        let public = |sha256: &str| digest(&[b"clip", &store.secret, sha256.as_bytes()])[..16].to_owned();
        let contents = catalog.clips().iter().map(|c| c.sha256.clone());
        Ok(Self {
            clips: contents.map(|sha256| (public(&sha256), sha256)).collect(),
            seed: store.seed,
            secret: store.secret,
            store: Mutex::new(Some(store)),
            catalog: Arc::new(Mutex::new(catalog)),
            frames: Arc::new(Frames::new(settings.fps)),
            events,
        })
    }

    pub(crate) fn clips(&self) -> usize {
        self.clips.len()
    }

    /// Sends a message to the person who runs the study.
    pub(crate) fn say(&self, text: String) {
        // There is no receiver after the server has ended.
        let _ = self.events.send(text);
    }

    /// A token that depends only on the database, so that links stay valid.
    pub(crate) fn token(&self) -> String {
        digest(&[b"token", &self.secret])[..32].to_owned()
    }

    /// Begins or resumes under a name.
    pub(crate) fn begin(&self, name: &str, take_over: bool) -> Result<Begun, RatingError> {
        let session = self.with_store(|store| store.begin(name, take_over))?;
        let state = self.state(&session, None)?;
        self.say(format!("{} goes on at {} of {}", state.name, state.rated, state.total));
        Ok(Begun { session, state })
    }

    /// Progress of a rater.
    pub(crate) fn stand(&self, session: &str) -> Result<State, RatingError> {
        self.state(session, None)
    }

    /// Stores a rating; when this returns, it is on disk.
    pub(crate) fn rate(&self, session: &str, rated: Rated) -> Result<State, RatingError> {
        let clip = self.content(&rated.clip)?;
        let found = self.catalog().find(clip).cloned()?;
        self.with_store(|store| {
            store.rename(&found)?;
            store.rate(
                session,
                &Answer {
                    clip: clip.to_owned(),
                    scores: rated.scores,
                    request: rated.request,
                    seconds: rated.seconds,
                },
            )
        })?;
        self.state(session, None)
    }

    /// Withdraws the rating of a clip and shows the clip again.
    pub(crate) fn undo(&self, session: &str, clip: &str) -> Result<State, RatingError> {
        let clip = self.content(clip)?;
        self.catalog().find(clip)?;
        let scores = self.with_store(|store| store.withdraw(session, clip))?;
        self.state(session, Some((clip, scores)))
    }

    /// Ends a session.
    pub(crate) fn leave(&self, session: &str) -> Result<(), RatingError> {
        self.with_store(|store| store.leave(session))
    }

    /// The frames of a clip, for a rater in a session.
    pub(crate) fn reel(&self, session: &str, clip: &str, ahead: bool) -> Result<Arc<FrameStream>, RatingError> {
        self.with_store(|store| store.rater(session))?;
        let clip = self.catalog().find(self.content(clip)?).cloned()?;
        self.frames
            .reel(&clip, ahead, &self.catalog)
            .map_err(|source| RatingError::Io {
                path: clip.path().into(),
                source,
            })
    }

    /// Closes the database; later requests fail.
    pub(crate) fn close(&self) -> Result<ServerSummary, RatingError> {
        let store = self.store.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (ratings, raters) = store.map_or(Ok((0, 0)), |store| store.count())?;
        Ok(ServerSummary {
            ratings: ratings.unsigned_abs(),
            raters: raters.unsigned_abs(),
        })
    }

    fn with_store<T>(&self, work: impl FnOnce(&mut Store) -> Result<T, RatingError>) -> Result<T, RatingError> {
        // A panic between two statements rolls its transaction back.
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        work(store.as_mut().ok_or(RatingError::Stopping)?)
    }

    fn catalog(&self) -> MutexGuard<'_, Catalog> {
        self.catalog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn content(&self, public: &str) -> Result<&str, RatingError> {
        let found = self.clips.iter().find(|(name, _)| name == public);
        found.map(|(_, sha256)| sha256.as_str()).ok_or(RatingError::UnknownClip)
    }

    /// The state with the rater's remaining clips in their order; `again` was just withdrawn and comes first.
    fn state(&self, session: &str, again: Option<(&str, Scores)>) -> Result<State, RatingError> {
        let progress = self.with_store(|store| store.progress(session))?;
        let rated: HashSet<&str> = progress.rated.iter().map(String::as_str).collect();
        let place = |sha256: &str| {
            let first = again.is_none_or(|(clip, _)| clip != sha256);
            let random = digest(&[
                b"order",
                &self.seed.to_le_bytes(),
                progress.rater.key.as_bytes(),
                sha256.as_bytes(),
            ]);
            (first, random)
        };
        let mut left: Vec<&(String, String)> = self.clips.iter().filter(|(_, c)| !rated.contains(c.as_str())).collect();
        left.sort_by_cached_key(|(_, sha256)| place(sha256));
        let contents: Vec<&str> = left.iter().map(|(_, sha256)| sha256.as_str()).collect();
        let (shown, unavailable) = self.catalog().shown(&contents, 2);
        let last = progress.rated.iter().rev().find_map(|c| {
            let known = self.clips.iter().find(|(_, sha256)| sha256 == c);
            known.map(|(public, _)| public.clone())
        });
        let mut coming = shown.iter().map(|&place| left[place].0.clone());
        Ok(State {
            name: progress.rater.name,
            rated: self.clips.len() - left.len(),
            total: self.clips.len(),
            unavailable,
            clip: coming.next(),
            next: coming.next(),
            last,
            answers: again.map(|(_, scores)| scores),
        })
    }
}

/// SHA-256 of the parts, hexadecimal, which sorts like the bytes.
fn digest(parts: &[&[u8]]) -> String {
    let mut hasher = Hasher::new();
    for part in parts {
        hasher.field(part);
    }
    hasher.finish()
}
