//! Parallel parts of one job, with one progress bar.

use std::mem;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::scope;

use crate::{JobContext, Progress, Silent};

impl JobContext {
    /// Runs `work(i, context)` for every i below `count`, at most `lanes` in parallel. All parts have the same number
    /// of units and share one bar named `label`; the result of each task in them is a line. Returns the results in order; after a failure no new part is begun,
    /// and the first failure by order is returned.
    ///
    /// # Errors
    /// Those of `work`.
    pub fn side_by_side<T: Send, E: Send>(
        &mut self,
        label: &str,
        count: usize,
        lanes: usize,
        work: impl Fn(usize, &mut Self) -> Result<T, E> + Sync,
    ) -> Result<Vec<T>, E> {
        let bar = Arc::new(Mutex::new(Bar {
            display: mem::replace(&mut self.progress, Box::new(Silent)),
            label: label.to_owned(),
            total: None,
            done: vec![Units::Some(0); count],
        }));
        let results: Vec<Mutex<Option<Result<T, E>>>> = (0..count).map(|_| Mutex::new(None)).collect();
        let next = AtomicUsize::new(0);
        let cancel = &self.cancel;
        let lane = || {
            loop {
                let index = next.fetch_add(1, Ordering::SeqCst);
                if index >= count {
                    return;
                }
                let part = Part {
                    bar: Arc::clone(&bar),
                    index,
                    what: String::new(),
                };
                let result = work(index, &mut Self::new(Box::new(part), cancel.clone()));
                if result.is_err() {
                    next.store(count, Ordering::SeqCst);
                }
                lock(&bar).set(index, Units::All, "");
                *lock(&results[index]) = Some(result);
            }
        };
        scope(|threads| {
            for _ in 1..lanes.min(count) {
                threads.spawn(lane);
            }
            lane();
        });
        let mut bar = lock(&bar);
        bar.end();
        self.progress = mem::replace(&mut bar.display, Box::new(Silent));
        drop(bar);
        results
            .into_iter()
            .filter_map(|result| result.into_inner().unwrap_or_else(PoisonError::into_inner))
            .collect()
    }
}

/// Locks despite poisoning: the scope propagates a panic elsewhere, and the value is valid until then.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Finished units of a part.
#[derive(Clone, Copy)]
enum Units {
    Some(usize),
    All,
}

/// One display for all parts.
struct Bar {
    display: Box<dyn Progress>,
    label: String,
    /// Units of one part; known once one has begun.
    total: Option<usize>,
    done: Vec<Units>,
}

impl Bar {
    fn begin(&mut self, total: usize, unit: &str) {
        if self.total.is_none() {
            self.total = Some(total);
            self.display.begin(&self.label, total * self.done.len(), unit);
        }
    }

    fn set(&mut self, index: usize, done: Units, note: &str) {
        self.done[index] = done;
        if let Some(units) = self.units() {
            self.display.advance(units, note);
        }
    }

    fn resume(&mut self, index: usize, done: usize) {
        self.done[index] = Units::Some(done);
        if let Some(units) = self.units() {
            self.display.resume(units);
        }
    }

    /// Units of all parts, once one has begun.
    fn units(&self) -> Option<usize> {
        let total = self.total?;
        let units = self.done.iter().map(|done| match done {
            Units::Some(units) => *units,
            Units::All => total,
        });
        Some(units.sum())
    }

    fn end(&mut self) {
        if self.total.is_some() {
            self.display.end(&match self.done.len() {
                1 => "done".to_owned(),
                count => format!("all {count} done"),
            });
        }
    }
}

/// The view of the display that one part has.
struct Part {
    bar: Arc<Mutex<Bar>>,
    index: usize,
    /// Name of its task.
    what: String,
}

impl Progress for Part {
    fn begin(&mut self, what: &str, total: usize, unit: &str) {
        self.what = what.to_owned();
        lock(&self.bar).begin(total, unit);
    }

    fn resume(&mut self, done: usize) {
        lock(&self.bar).resume(self.index, done);
    }

    fn advance(&mut self, done: usize, note: &str) {
        lock(&self.bar).set(self.index, Units::Some(done), note);
    }

    fn end(&mut self, note: &str) {
        self.say(&format!("{}: {note}", self.what));
    }

    fn say(&mut self, line: &str) {
        lock(&self.bar).display.say(line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CancelFlag;

    #[derive(Default)]
    struct Seen {
        began: Vec<usize>,
        last: usize,
        ended: usize,
        said: Vec<String>,
    }

    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Seen>>);

    impl Progress for Recorder {
        fn begin(&mut self, _what: &str, total: usize, _unit: &str) {
            lock(&self.0).began.push(total);
        }
        fn advance(&mut self, done: usize, _note: &str) {
            let mut seen = lock(&self.0);
            assert!(done >= seen.last);
            seen.last = done;
        }
        fn end(&mut self, _note: &str) {
            lock(&self.0).ended += 1;
        }
        fn say(&mut self, line: &str) {
            lock(&self.0).said.push(line.to_owned());
        }
    }

    #[test]
    fn results_keep_their_order_and_the_bar_fills_once() {
        for lanes in [1, 2, 9] {
            let recorder = Recorder::default();
            let mut ctx = JobContext::new(Box::new(recorder.clone()), CancelFlag::new());
            let results = ctx.side_by_side("x", 5, lanes, |i, ctx| {
                // Part 3 was finished earlier and shows nothing.
                if i != 3 {
                    let task = ctx.task(&format!("part {i}"), 10, "step");
                    task.advance_to(4, "");
                    task.finish("good");
                }
                Ok::<_, ()>(i * i)
            });
            assert_eq!(results, Ok(vec![0, 1, 4, 9, 16]));
            let seen = lock(&recorder.0);
            assert_eq!((&seen.began, seen.last, seen.ended), (&vec![50], 50, 1));
            let mut said = seen.said.clone();
            said.sort();
            assert_eq!(said, ["part 0: good", "part 1: good", "part 2: good", "part 4: good"]);
            drop(seen);
            // The display belongs to the job again.
            ctx.task("y", 7, "step").finish("");
            assert_eq!(lock(&recorder.0).began, [50, 7]);
        }
    }

    #[test]
    fn nothing_begins_after_a_failure() {
        let begun = AtomicUsize::new(0);
        let result = JobContext::silent().side_by_side("x", 5, 1, |i, _| {
            begun.fetch_add(1, Ordering::SeqCst);
            if i == 1 { Err("no") } else { Ok(()) }
        });
        assert_eq!((result, begun.into_inner()), (Err("no"), 2));
    }
}
