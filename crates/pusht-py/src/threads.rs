//! Threads that survive a fork, and long work that an interrupt ends.

use std::any::Any;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pusht_jobs::CancelFlag;
use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// Time between two looks for an interrupt.
const PAUSE: Duration = Duration::from_millis(50);

/// A thread pool that survives a fork: the child has none of its parent's threads, so it starts its own.
#[derive(Debug)]
pub struct Threads {
    count: usize,
    /// With the process that started it; `None` before the first use.
    pool: Option<(u32, Arc<ThreadPool>)>,
}

impl Threads {
    /// `count` threads, or as many as the processor runs at a time for 0; they start when they are first needed.
    pub const fn new(count: usize) -> Self {
        Self { count, pool: None }
    }

    /// The pool of this process.
    pub fn pool(&mut self) -> PyResult<&Arc<ThreadPool>> {
        self.forget_parents();
        if self.pool.is_none() {
            let pool = ThreadPoolBuilder::new()
                .num_threads(self.count)
                .build()
                .map_err(|error| {
                    PyRuntimeError::new_err(match self.count {
                        0 => format!("no threads can be started: {error}; set RAYON_NUM_THREADS to a smaller number"),
                        count => format!("{count} threads cannot be started: {error}; pass a smaller num_threads"),
                    })
                })?;
            self.pool = Some((process::id(), Arc::new(pool)));
        }
        match &self.pool {
            Some((_, pool)) => Ok(pool),
            None => Err(PyRuntimeError::new_err("no threads")),
        }
    }

    /// Gives up a pool of the process that this one was forked from, without its locks: no thread would release them.
    fn forget_parents(&mut self) {
        if self.pool.as_ref().is_some_and(|(owner, _)| *owner != process::id()) {
            mem::forget(self.pool.take());
        }
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        self.forget_parents();
    }
}

/// The threads of the functions, as many as the processor runs at a time. Locked only with the interpreter's lock held, so
/// that no fork finds it locked.
static SHARED: Mutex<Threads> = Mutex::new(Threads::new(0));

fn shared(_: Python<'_>) -> PyResult<Arc<ThreadPool>> {
    let mut threads = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    threads.pool().map(Arc::clone)
}

/// Runs work on the shared threads, without the interpreter's lock. At an interrupt the flag is set, and the interrupt is
/// returned when the work has ended.
pub fn interruptible<T: Send>(py: Python<'_>, work: impl FnOnce(&CancelFlag) -> T + Send) -> PyResult<T> {
    let pool = shared(py)?;
    let cancel = CancelFlag::new();
    let flag = &cancel;
    py.detach(|| {
        let (send, receive) = channel();
        pool.in_place_scope(|scope| {
            scope.spawn(move |_| {
                // If nobody waits any more, nobody misses the result.
                let _ = send.send(catch_unwind(AssertUnwindSafe(|| work(flag))));
            });
            let mut interrupt = None;
            loop {
                match receive.recv_timeout(PAUSE) {
                    Ok(done) => return interrupt.map_or_else(|| done.map_err(broken), Err),
                    Err(RecvTimeoutError::Disconnected) => return Err(PyRuntimeError::new_err("a thread ended early")),
                    Err(RecvTimeoutError::Timeout) if interrupt.is_none() => {
                        interrupt = signals().err();
                        if interrupt.is_some() {
                            flag.cancel();
                        }
                    }
                    Err(RecvTimeoutError::Timeout) => {}
                }
            }
        })
    })
}

/// Runs work that nothing can stop on the shared threads, without the interpreter's lock. At an interrupt it is left alone,
/// and its result is dropped.
pub fn abandonable<T: Send + 'static>(py: Python<'_>, work: impl FnOnce() -> T + Send + 'static) -> PyResult<T> {
    let pool = shared(py)?;
    let (send, receive) = channel();
    pool.spawn(move || {
        let _ = send.send(catch_unwind(AssertUnwindSafe(work)));
    });
    py.detach(move || {
        loop {
            match receive.recv_timeout(PAUSE) {
                Ok(done) => return done.map_err(broken),
                Err(RecvTimeoutError::Disconnected) => return Err(PyRuntimeError::new_err("a thread ended early")),
                Err(RecvTimeoutError::Timeout) => signals()?,
            }
        }
    })
}

/// An interrupt, if there was one.
fn signals() -> PyResult<()> {
    Python::attach(|py| {
        py.check_signals()?;
        Ok(())
    })
}

/// A fault of this package, as an exception.
fn broken(panic: Box<dyn Any + Send>) -> PyErr {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    PyRuntimeError::new_err(format!("a fault in pusht_start, please report it: {text}"))
}
