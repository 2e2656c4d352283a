//! The native half of the Python package `pusht_start`: the environment, single and vectorized, on numpy arrays.
//!
//! The other half is in `python/pusht_start`: the classes of gymnasium, their spaces, and the seeds. Every error becomes
//! a Python exception with the same text; after an exception nothing has changed.

mod actions;
mod arrays;
mod batch;
mod datasets;
mod errors;
mod functions;
mod info;
mod json;
mod pictures;
#[cfg(feature = "policies")]
mod policy;
mod settings;
mod single;
mod swm;
mod threads;

/// The module `pusht_start._core`.
#[pyo3::pymodule]
mod _core {
    #[pymodule_export]
    use crate::batch::Batch;
    #[pymodule_export]
    use crate::datasets::read::EpisodeReader;
    #[pymodule_export]
    use crate::datasets::write::write_lerobot;
    #[pymodule_export]
    use crate::functions::audit::audit;
    #[pymodule_export]
    use crate::functions::episodes::{expert_episode, simulate};
    #[pymodule_export]
    use crate::functions::label::label;
    #[pymodule_export]
    use crate::functions::metrics::{directness, l2, smoothness};
    #[pymodule_export]
    use crate::functions::pictures::render;
    #[pymodule_export]
    use crate::functions::replay::replay;
    #[pymodule_export]
    use crate::functions::vision::{register, track};
    #[cfg(feature = "policies")]
    #[pymodule_export]
    use crate::policy::PolicyCore;
    #[pymodule_export]
    use crate::single::{Core, Snapshot};
    #[pymodule_export]
    use crate::swm::{SwmCore, SwmSnapshot};

    /// Version of the package.
    #[pymodule_export]
    #[allow(non_upper_case_globals, reason = "Python's name")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
