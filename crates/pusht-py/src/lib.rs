//! The native half of the Python package `pusht_start`: the environment, single and vectorized, on numpy arrays.
//!
//! The other half is in `python/pusht_start`: the classes of gymnasium, their spaces, and the seeds. Every error becomes
//! a Python exception with the same text; after an exception nothing has changed.

mod actions;
mod arrays;
mod batch;
mod errors;
mod functions;
mod info;
mod pictures;
mod settings;
mod single;
mod threads;

/// The module `pusht_start._core`.
#[pyo3::pymodule]
mod _core {
    #[pymodule_export]
    use crate::batch::Batch;
    #[pymodule_export]
    use crate::functions::episodes::{expert_episode, simulate};
    #[pymodule_export]
    use crate::functions::metrics::{directness, smoothness};
    #[pymodule_export]
    use crate::functions::pictures::render;
    #[pymodule_export]
    use crate::functions::vision::{register, track};
    #[pymodule_export]
    use crate::single::{Core, Snapshot};

    /// Version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
