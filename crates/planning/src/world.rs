//! Worlds in which plans are tried.

use eval::GoalView;
use pusht_env::{Action, PolicyError};

/// A world in which action sequences can be tried: the exact simulator, or a learned model.
pub trait PlanningWorld {
    /// Name for reports.
    fn name(&self) -> String;

    /// Whether it needs the frames of an episode.
    fn needs_frames(&self) -> bool;

    /// Its settings, for the record.
    fn settings(&self) -> serde_json::Value {
        serde_json::Value::Null
    }

    /// The cost of each plan from the situation of an episode on, lower for plans that come nearer to its goal; infinite for
    /// one that the world refuses. All plans are equally long. The result does not depend on the number of threads.
    ///
    /// # Errors
    /// A failure of the world.
    fn costs(&self, view: &GoalView<'_>, plans: &[Vec<Action>]) -> Result<Vec<f64>, PolicyError>;
}
