//! From what value on a measure is a finding, beside what a frame's T, a clip's picture and its motion are told by
//! (`pusht_vision::limits`). `docs/audit.md` has the reasons.

pub(crate) use pusht_vision::limits::*;

/// Two whole discs of blue have 2, the largest single agent of a clean clip 1.05 (area over that of an agent).
pub(crate) const TWO_AGENTS: f64 = 1.5;
/// Blue away from the agent that is another one, over the area of an agent.
pub(crate) const STRAY_AGENT: f64 = 0.6;
/// Area of an agent that is too large.
pub(crate) const LARGE_AGENT: f64 = 1.6;
/// Area of an agent that is too small, looked at where the picture is good.
pub(crate) const SMALL_AGENT: f64 = 0.55;
/// With less blue than this there is no agent.
pub(crate) const NO_AGENT: f64 = 0.15;
/// An agent this near to the border, px, may be partly behind the wall; one this near may be gone behind it.
pub(crate) const BORDER: f64 = 35.0;
pub(crate) const AT_BORDER: f64 = 24.0;

/// Where a codec's blocks tear what is small, two agents have so much blue and a lost one so little.
pub(crate) const COARSE_TWO_AGENTS: f64 = 1.8;
pub(crate) const COARSE_NO_AGENT: f64 = 0.05;
/// Logarithm of the T's size and of its larger stretch.
pub(crate) const SIZE: f64 = 0.1;
pub(crate) const STRETCH: f64 = 0.16;
/// Share of the T's border that must be seen for its size to be known.
pub(crate) const VISIBLE: f64 = 0.75;

/// Way of an agent in one step beyond that of the steps around it, px.
pub(crate) const AGENT_JUMP: f64 = 20.0;
/// Way of a T in one step beyond what a push explains, px.
pub(crate) const BLOCK_JUMP: f64 = 15.0;

/// Levels that white lost.
pub(crate) const TINT: f64 = 15.0;
/// Levels by which the T's color is off.
pub(crate) const RECOLORED: f64 = 20.0;
