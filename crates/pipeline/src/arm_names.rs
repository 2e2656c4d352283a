//! Names of the arms, as settings give them.

use eval::{CALIBRATION, NEGATIVE_CONTROL, POSITIVE_CONTROL};

/// All arms.
pub(crate) const ARM_NAMES: [&str; 11] = [
    "demo",
    "demo-matched",
    "idm",
    "generated",
    "mixed",
    "mixed-real-half",
    POSITIVE_CONTROL,
    "mixed-real-2",
    "mixed-real-4",
    CALIBRATION,
    NEGATIVE_CONTROL,
];

/// Those that the verdict needs.
pub(crate) const NEEDED: [&str; 4] = ["demo", "demo-matched", "generated", "mixed"];

/// The arms of runs whose settings name none.
pub(crate) const FORMER_ARMS: [&str; 5] = ["demo", "demo-matched", "idm", "generated", "mixed"];

/// Whether an arm has clips from the pool.
pub(crate) fn needs_pool(arm: &str) -> bool {
    arm.starts_with(POSITIVE_CONTROL)
}
