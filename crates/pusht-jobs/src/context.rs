//! Progress and cancellation of a long job.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{CancelFlag, Cancelled, Progress, Silent};

/// Shows the progress of a long job and tells it when to stop. Every long job of the workspace takes one as its last
/// argument.
pub struct JobContext {
    pub(crate) progress: Box<dyn Progress>,
    pub(crate) cancel: CancelFlag,
}

impl JobContext {
    /// A context that shows progress on `progress` and stops when `cancel` is set.
    pub fn new(progress: Box<dyn Progress>, cancel: CancelFlag) -> Self {
        Self { progress, cancel }
    }

    /// A context without output; for tests and for callers without a user.
    pub fn silent() -> Self {
        Self::new(Box::new(Silent), CancelFlag::new())
    }

    /// A context for programs: a bar or lines on standard error; Ctrl-C or SIGTERM cancels.
    ///
    /// # Errors
    /// Those of [`cancel_on_ctrl_c`](crate::cancel_on_ctrl_c).
    #[cfg(feature = "terminal")]
    pub fn terminal() -> std::io::Result<Self> {
        Ok(Self::new(crate::terminal_or_lines(), crate::cancel_on_ctrl_c()?))
    }

    /// A context without output that is cancelled with this one, for a job within a job.
    #[must_use]
    pub fn quiet(&self) -> Self {
        Self::new(Box::new(Silent), self.cancel.clone())
    }

    /// The flag, to set it or to pass it on.
    pub fn cancel_flag(&self) -> &CancelFlag {
        &self.cancel
    }

    /// Fails if the job should stop, for use with `?`.
    ///
    /// # Errors
    /// [`Cancelled`] if the job was cancelled.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.cancel.check()
    }

    /// Shows a separate line between tasks.
    pub fn say(&mut self, line: &str) {
        self.progress.say(line);
    }

    /// Begins a task of `total` units named `what`; `unit` is their singular (`frame`, `clip`, `update`).
    pub fn task(&mut self, what: &str, total: usize, unit: &str) -> Task<'_> {
        self.progress.begin(what, total, unit);
        Task {
            progress: Mutex::new(self.progress.as_mut()),
            cancel: &self.cancel,
            done: AtomicUsize::new(0),
        }
    }
}

/// One task of a job: can be advanced from any thread and ends with [`Task::finish`].
pub struct Task<'a> {
    progress: Mutex<&'a mut dyn Progress>,
    cancel: &'a CancelFlag,
    done: AtomicUsize,
}

impl<'a> Task<'a> {
    /// Sets `done` units as finished by an earlier process; they do not count for the rate.
    pub fn resume(&self, done: usize) {
        self.done.store(done, Ordering::SeqCst);
        if done > 0 {
            self.lock().resume(done);
        }
    }

    /// Adds `units` finished units.
    pub fn add(&self, units: usize) {
        // Counted under the lock, so that the display never goes backward.
        let mut progress = self.lock();
        let done = self.done.fetch_add(units, Ordering::SeqCst) + units;
        progress.advance(done, "");
    }

    /// Sets the number of finished units; `note` is shown beside it (a loss, a score).
    pub fn advance_to(&self, done: usize, note: &str) {
        let mut progress = self.lock();
        self.done.store(done, Ordering::SeqCst);
        progress.advance(done, note);
    }

    /// Number of finished units.
    pub fn done(&self) -> usize {
        self.done.load(Ordering::SeqCst)
    }

    /// Fails if the job should stop, for use with `?`.
    ///
    /// # Errors
    /// [`Cancelled`] if the job was cancelled.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.cancel.check()
    }

    /// The flag, to pass it on.
    pub fn cancel_flag(&self) -> &CancelFlag {
        self.cancel
    }

    /// A context without output that is cancelled with this task, for a job within it.
    #[must_use]
    pub fn quiet(&self) -> JobContext {
        JobContext::new(Box::new(Silent), self.cancel.clone())
    }

    /// Ends the task; `note` is its result.
    pub fn finish(self, note: &str) {
        self.lock().end(note);
    }

    fn lock(&self) -> MutexGuard<'_, &'a mut (dyn Progress + 'a)> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<String>>>);

    impl Recorder {
        fn log(&self, line: String) {
            self.0.lock().unwrap().push(line);
        }
    }

    impl Progress for Recorder {
        fn begin(&mut self, what: &str, total: usize, unit: &str) {
            self.log(format!("begin {what} {total} {unit}"));
        }
        fn resume(&mut self, done: usize) {
            self.log(format!("resume {done}"));
        }
        fn advance(&mut self, done: usize, note: &str) {
            self.log(format!("{done}{note}"));
        }
        fn end(&mut self, note: &str) {
            self.log(format!("end {note}"));
        }
    }

    #[test]
    fn a_task_tells_its_progress_in_order_from_any_thread() {
        let recorder = Recorder::default();
        let mut ctx = JobContext::new(Box::new(recorder.clone()), CancelFlag::new());
        let task = ctx.task("look", 10, "clip");
        task.resume(2);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| task.add(1));
            }
        });
        assert_eq!(task.done(), 10);
        task.finish("ok");
        let expected = [
            "begin look 10 clip",
            "resume 2",
            "3",
            "4",
            "5",
            "6",
            "7",
            "8",
            "9",
            "10",
            "end ok",
        ];
        assert_eq!(*recorder.0.lock().unwrap(), expected);
    }

    #[test]
    fn a_quiet_context_is_cancelled_with_its_own() {
        let mut ctx = JobContext::silent();
        let (quiet, flag) = (ctx.quiet(), ctx.cancel_flag().clone());
        assert_eq!((quiet.check(), ctx.task("", 1, "").check()), (Ok(()), Ok(())));
        flag.cancel();
        assert_eq!(
            (quiet.check(), ctx.task("", 1, "").check()),
            (Err(Cancelled), Err(Cancelled))
        );
    }
}
