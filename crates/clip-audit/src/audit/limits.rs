//! Thresholds of findings, in addition to those for the T, the image quality and the motion (`pusht_vision::limits`).
//! `docs/audit.md` gives the reasons.

pub(crate) use pusht_vision::limits::*;

/// Blue area from which there are two agents, over the area of an agent. Two whole discs have 2, the largest single
/// agent of a clean clip 1.05.
pub(crate) const TWO_AGENTS: f64 = 1.5;
/// Blue area away from the agent that counts as another agent, over the area of an agent.
pub(crate) const STRAY_AGENT: f64 = 0.6;
/// Area from which an agent is too large.
pub(crate) const LARGE_AGENT: f64 = 1.6;
/// Area up to which an agent is too small; checked only if the image quality is good.
pub(crate) const SMALL_AGENT: f64 = 0.55;
/// Blue area below which there is no agent.
pub(crate) const NO_AGENT: f64 = 0.15;
/// Distances from the border, px, below which an agent may be partly hidden by the wall, and completely.
pub(crate) const BORDER: f64 = 35.0;
pub(crate) const AT_BORDER: f64 = 24.0;

/// Blue areas of two agents and of no agent in images in which compression blocks tear small objects.
pub(crate) const COARSE_TWO_AGENTS: f64 = 1.8;
pub(crate) const COARSE_NO_AGENT: f64 = 0.05;
/// Limits for the logarithm of the T's size and of its larger stretch.
pub(crate) const SIZE: f64 = 0.1;
pub(crate) const STRETCH: f64 = 0.16;
/// Distance from a wall up to which it may hide parts of the T, px.
pub(crate) const RIM: f64 = 16.0;
/// Limit for the T's shear, its median over so many frames, and the share of its border that must be visible.
pub(crate) const SHEAR: f64 = 0.14;
pub(crate) const SHEAR_FRAMES: usize = 5;
pub(crate) const VISIBLE_TO_SHEAR: f64 = 0.7;
/// Share of the T's border that must be visible to measure its size.
pub(crate) const VISIBLE: f64 = 0.75;

/// Path length of an agent in one step beyond that of the steps around it, px.
pub(crate) const AGENT_JUMP: f64 = 30.0;
/// Number of larger jerks of the clip that a jerk may have to be usual in it, and the limit relative to such a one.
pub(crate) const JERKS: usize = 3;
pub(crate) const MORE_THAN_JERKS: f64 = 2.0;
/// Path length of a T in one step beyond that of the steps around it or of the simulator, px.
pub(crate) const BLOCK_JUMP: f64 = 15.0;

/// Number of steps of a clip that the simulator does not reproduce from which they are a finding, and the residual, in
/// tolerances, of a jump that is one alone.
pub(crate) const NOT_REPRODUCED: usize = 2;
pub(crate) const LARGE: f64 = 3.0;

/// Levels by which white is too dark.
pub(crate) const TINT: f64 = 15.0;
/// Levels by which the T's color is off.
pub(crate) const RECOLORED: f64 = 20.0;
