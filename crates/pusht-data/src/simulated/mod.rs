//! The native form of simulator episodes: the start and the actions of each. Frames and states are simulated again, bit
//! for bit (x86-64 linux-gnu; elsewhere sine and cosine may differ in the last digit, and contacts amplify that).

mod demonstrate;
mod file;
mod make;
mod merge;
mod recover;
mod set;
mod trajectory;

pub use demonstrate::{Demonstrations, demonstrate, demonstrate_part};
pub(crate) use file::is_ours;
pub use make::SimulationPlan;
pub use recover::Difference;
pub use set::{SimulatedSet, SimulatedSetSummary};
pub use trajectory::{Interventions, SeededTrajectory, Simulation, Start};
