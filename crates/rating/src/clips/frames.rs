//! Frame streams of the clips that are being watched; each is decoded once for all raters who watch it at about the
//! same time.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Catalog, Clip, FrameStream};

/// Bytes of complete streams that are kept.
const KEPT: usize = 256 << 20;

/// Cache of frame streams.
pub(crate) struct Frames {
    fps: Option<u32>,
    state: Mutex<State>,
    changed: Condvar,
    /// Maximum number of streams prefetched at the same time; those that a rater waits for are not counted.
    ahead: usize,
}

#[derive(Default)]
struct State {
    reels: HashMap<String, Kept>,
    clock: u64,
    running: usize,
}

struct Kept {
    reel: Arc<FrameStream>,
    used: u64,
    /// Whether a rater waits for it.
    wanted: bool,
}

impl Frames {
    /// A cache of streams at `fps` frames per second, or at the times of the files.
    pub(crate) fn new(fps: Option<u32>) -> Self {
        Self {
            fps,
            state: Mutex::default(),
            changed: Condvar::new(),
            ahead: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only complete entries are inserted and removed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The stream of a clip; encoding starts if it is not cached. A prefetched one waits for its turn. At the end
    /// `catalog` checks that the clip has not changed.
    pub(crate) fn reel(
        self: &Arc<Self>,
        clip: &Clip,
        ahead: bool,
        catalog: &Arc<Mutex<Catalog>>,
    ) -> io::Result<Arc<FrameStream>> {
        let mut state = self.lock();
        state.clock += 1;
        let now = state.clock;
        if let Some(kept) = state.reels.get_mut(&clip.sha256) {
            kept.used = now;
            kept.wanted |= !ahead;
            let reel = kept.reel.clone();
            self.changed.notify_all();
            return Ok(reel);
        }
        let reel = Arc::new(FrameStream::default());
        let maker = (self.clone(), reel.clone(), clip.clone(), catalog.clone());
        std::thread::Builder::new().name("reel".into()).spawn(move || {
            let (frames, reel, clip, catalog) = maker;
            frames.make(&reel, &clip, &catalog);
        })?;
        state.reels.insert(
            clip.sha256.clone(),
            Kept {
                reel: reel.clone(),
                used: now,
                wanted: !ahead,
            },
        );
        Ok(reel)
    }

    fn make(&self, reel: &Arc<FrameStream>, clip: &Clip, catalog: &Mutex<Catalog>) {
        let mut state = self.lock();
        let waits = |s: &State| s.running >= self.ahead && s.reels.get(&clip.sha256).is_some_and(|k| !k.wanted);
        while waits(&state) {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.running += 1;
        drop(state);
        // A rater who waits for the stream must not wait forever.
        let made = catch_unwind(AssertUnwindSafe(|| reel.fill(clip, self.fps)))
            .unwrap_or_else(|_| Err("its file cannot be decoded any further".into()));
        let same = catalog
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .find(&clip.sha256)
            .is_ok();
        match made {
            _ if !same => reel.end("it was changed on the disk while it was read"),
            Ok(()) => reel.end(""),
            Err(reason) => reel.end(&reason),
        }
        let mut state = self.lock();
        state.running -= 1;
        state.trim(reel);
        self.changed.notify_all();
    }
}

impl State {
    /// Drops broken streams, so that they are tried again, and the least recently used ones. A rater who watches a
    /// stream keeps it alive.
    fn trim(&mut self, made: &Arc<FrameStream>) {
        let mut complete: Vec<(u64, String, usize)> = Vec::new();
        self.reels.retain(|key, kept| {
            let (bytes, whole, broken) = kept.reel.progress();
            if whole && !broken {
                complete.push((kept.used, key.clone(), bytes));
            }
            !(broken && Arc::ptr_eq(&kept.reel, made))
        });
        complete.sort_unstable();
        let mut sum: usize = complete.iter().map(|c| c.2).sum();
        for (_, key, bytes) in complete {
            if sum <= KEPT {
                break;
            }
            self.reels.remove(&key);
            sum -= bytes;
        }
    }
}
