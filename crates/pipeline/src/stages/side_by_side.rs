//! Work that runs several times with other seeds, at once where one of it leaves cores idle.

use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread::{available_parallelism, scope};

use training::Progress;

/// How many trainings of a network run at once. Small ones keep one core busy; large ones, and those on a GPU, are
/// parallel inside.
pub(crate) fn lanes(parallel_inside: bool) -> usize {
    if parallel_inside {
        1
    } else {
        available_parallelism().map_or(1, NonZero::get)
    }
}

/// Runs `work(i, progress)` for every i below `count`, at most `lanes` at once, under one bar called `label`. The results
/// are in order. After a failure nothing new is begun, and the first failure by order is returned.
pub(crate) fn side_by_side<T: Send, E: Send>(
    count: usize,
    lanes: usize,
    label: &str,
    display: &mut dyn Progress,
    work: impl Fn(usize, &mut dyn Progress) -> Result<T, E> + Sync,
) -> Result<Vec<T>, E> {
    let bar = Mutex::new(Bar {
        display,
        label,
        total: None,
        done: vec![Done::Steps(0); count],
    });
    let results: Vec<Mutex<Option<Result<T, E>>>> = (0..count).map(|_| Mutex::new(None)).collect();
    let next = AtomicUsize::new(0);
    let lane = || {
        loop {
            let index = next.fetch_add(1, Ordering::SeqCst);
            if index >= count {
                return;
            }
            let result = work(index, &mut Part { bar: &bar, index });
            if result.is_err() {
                next.store(count, Ordering::SeqCst);
            }
            lock(&bar).set(index, Done::All, "");
            *lock(&results[index]) = Some(result);
        }
    };
    scope(|threads| {
        for _ in 1..lanes.min(count) {
            threads.spawn(lane);
        }
        lane();
    });
    lock(&bar).end();
    results
        .into_iter()
        .filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
        .collect()
}

/// A panic elsewhere is passed on by the scope; until then the value is as good as it was.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Clone, Copy)]
enum Done {
    Steps(usize),
    All,
}

/// One display for all parts, which have as many steps each.
struct Bar<'a> {
    display: &'a mut dyn Progress,
    label: &'a str,
    /// Steps of one part; known once one begins.
    total: Option<usize>,
    done: Vec<Done>,
}

impl Bar<'_> {
    fn begin(&mut self, total: usize) {
        if self.total.is_none() {
            self.total = Some(total);
            self.display.begin(self.label, total * self.done.len());
        }
    }

    fn set(&mut self, index: usize, done: Done, note: &str) {
        self.done[index] = done;
        if let Some(steps) = self.steps() {
            self.display.advance(steps, note);
        }
    }

    fn resume(&mut self, index: usize, done: usize) {
        self.done[index] = Done::Steps(done);
        if let Some(steps) = self.steps() {
            self.display.resume(steps);
        }
    }

    /// Of all parts, once one has begun.
    fn steps(&self) -> Option<usize> {
        let total = self.total?;
        let steps = self.done.iter().map(|done| match done {
            Done::Steps(steps) => *steps,
            Done::All => total,
        });
        Some(steps.sum())
    }

    fn end(&mut self) {
        if self.total.is_some() {
            self.display.end(&format!("{} seeds", self.done.len()));
        }
    }
}

/// What one of the parts sees of the display.
struct Part<'a, 'b> {
    bar: &'a Mutex<Bar<'b>>,
    index: usize,
}

impl Progress for Part<'_, '_> {
    fn begin(&mut self, _what: &str, total: usize) {
        lock(self.bar).begin(total);
    }

    fn resume(&mut self, done: usize) {
        lock(self.bar).resume(self.index, done);
    }

    fn advance(&mut self, done: usize, note: &str) {
        lock(self.bar).set(self.index, Done::Steps(done), note);
    }

    fn end(&mut self, _note: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Seen {
        began: Vec<usize>,
        last: usize,
        ended: usize,
    }

    impl Progress for Seen {
        fn begin(&mut self, _what: &str, total: usize) {
            self.began.push(total);
        }
        fn advance(&mut self, done: usize, _note: &str) {
            assert!(done >= self.last);
            self.last = done;
        }
        fn end(&mut self, _note: &str) {
            self.ended += 1;
        }
    }

    #[test]
    fn results_keep_their_order_and_the_bar_fills_once() {
        for lanes in [1, 2, 9] {
            let mut seen = Seen::default();
            let results = side_by_side(5, lanes, "x", &mut seen, |i, progress| {
                // Part 3 was finished earlier and shows nothing.
                if i != 3 {
                    progress.begin("", 10);
                    progress.advance(4, "");
                    progress.end("");
                }
                Ok::<_, ()>(i * i)
            });
            assert_eq!(results, Ok(vec![0, 1, 4, 9, 16]));
            assert_eq!((seen.began, seen.last, seen.ended), (vec![50], 50, 1));
        }
    }

    #[test]
    fn nothing_begins_after_a_failure() {
        let begun = AtomicUsize::new(0);
        let result = side_by_side(5, 1, "x", &mut Seen::default(), |i, _| {
            begun.fetch_add(1, Ordering::SeqCst);
            if i == 1 { Err("no") } else { Ok(()) }
        });
        assert_eq!((result, begun.into_inner()), (Err("no"), 2));
    }
}
