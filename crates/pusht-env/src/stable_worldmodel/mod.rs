//! The PushT of stable-worldmodel 0.1.1 (`swm/PushT-v1`): the same physics with relative float32 actions, its own resets and
//! success criterion, eight shapes and 17 factors of variation.
//!
//! Bit-equal to the package in draws, resets, states and pictures; rewards agree within 1e-12. Its faults are kept, each behind
//! a switch of [`SwmFaults`]. `docs/environment.md` has the table.
//!
//! ```
//! use pusht_env::EnvConfig;
//! use pusht_env::stable_worldmodel::{ResetOptions, SwmPushT, SwmRenderer};
//!
//! let mut env = SwmPushT::new(EnvConfig::stable_worldmodel())?;
//! env.reset(0, &ResetOptions::default())?;
//! let step = env.step([0.5, -0.25])?; // target: 50 px to the right of the agent, 25 px up
//! assert!(step.reward < 0.0 && !step.terminated);
//! let picture = SwmRenderer::new(224)?.render(&env.scene());
//! assert_eq!(picture.dimensions(), (224, 224));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod config;
mod control;
mod draw;
mod env;
mod error;
mod factors;
mod numbers;
mod outline;
mod scale;
mod scene;
mod state;
mod variation;

pub use crate::render::SwmRenderer;
pub use config::{ActionMode, SwmConfig, SwmFaults};
pub use control::{near_block, polar_action};
pub use env::{ResetOptions, SwmInfo, SwmPushT, SwmStep};
pub use error::SwmError;
pub use factors::{AgentFactors, BlockFactors, Factors, GoalFactors};
pub use outline::ShapeKind;
pub use pusht_physics::{BodyState, DrawnShape};
pub use scale::Scale;
pub use scene::{MarkerPlace, SwmScene};
pub use state::SwmState;
pub use variation::{FactorName, FactorSet, FactorValue};
