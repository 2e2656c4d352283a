//! Reels of the clips that are being watched, each decoded once for all who watch it at about the same time.

use std::collections::HashMap;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::{Catalog, Clip, FrameStream};

/// Bytes of complete reels that are kept.
const KEPT: usize = 256 << 20;

/// The reels.
pub(crate) struct Frames {
    fps: Option<u32>,
    state: Mutex<State>,
    changed: Condvar,
    /// Reels that are made ahead at once; those that somebody waits for are not counted.
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
    /// Somebody waits for it.
    wanted: bool,
}

impl Frames {
    /// Clips are played at `fps` frames a second, or as their files say.
    pub(crate) fn new(fps: Option<u32>) -> Self {
        Self {
            fps,
            state: Mutex::default(),
            changed: Condvar::new(),
            ahead: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Only whole entries are put in and taken out.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reel of a clip, begun now where it is not there yet. One that is only fetched ahead waits for its turn.
    /// `catalog` is asked at the end whether the clip is still the same.
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
        // Whoever waits for the reel must not wait for ever.
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
    /// Drops what is broken, which may be whole next time, and what was not used for longest. Whoever watches it keeps it
    /// alive.
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
