//! Threads of one vectorized environment.

use std::mem;
use std::process;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

/// A thread pool that survives a fork: the child has none of its parent's threads, so it starts its own.
#[derive(Debug)]
pub struct Threads {
    count: usize,
    /// With the process that started it; `None` before the first use.
    pool: Option<(u32, ThreadPool)>,
}

impl Threads {
    /// `count` threads, which start when they are first needed.
    pub const fn new(count: usize) -> Self {
        Self { count, pool: None }
    }

    /// The pool of this process.
    pub fn pool(&mut self) -> PyResult<&ThreadPool> {
        self.forget_parents();
        if self.pool.is_none() {
            let pool = ThreadPoolBuilder::new()
                .num_threads(self.count)
                .build()
                .map_err(|error| {
                    PyRuntimeError::new_err(format!(
                        "{} threads cannot be started: {error}; pass a smaller num_threads",
                        self.count
                    ))
                })?;
            self.pool = Some((process::id(), pool));
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
