//! From what value on a measure is a finding. All of them, in one place; `docs/audit.md` has the reasons.

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

/// Overlaps of agent and T from which their positions are trusted.
pub(crate) const AGENT_TRUSTED: f64 = 0.3;
pub(crate) const BLOCK_TRUSTED: f64 = 0.5;
/// Below this overlap there is no T.
pub(crate) const NO_BLOCK: f64 = 0.3;

/// Translucent area, over that of a T; in a blurred picture by how much more for each level of blur above [`SHARP`].
pub(crate) const TRANSLUCENT: f64 = 0.15;
pub(crate) const SHARP: f64 = 0.4;
/// Translucent area below which a frame tells how good the picture is.
pub(crate) const SOLID: f64 = 0.05;
/// Gray that is missing or too much, over the area of a T.
pub(crate) const MISFIT: f64 = 0.15;
/// The same where a codec has been at work.
pub(crate) const CODEC_ALLOWANCE: f64 = 0.1;
/// Marks of a codec, over what makes them a finding, from which its blocks tear the T and the agent: then the T melts only
/// beyond so many times the limits, two agents have so much blue and a lost one so little.
pub(crate) const COARSE: f64 = 1.25;
pub(crate) const COARSE_MORPH: f64 = 3.5;
pub(crate) const COARSE_TWO_AGENTS: f64 = 1.8;
pub(crate) const COARSE_NO_AGENT: f64 = 0.05;
/// Logarithm of the T's size and of its larger stretch.
pub(crate) const SIZE: f64 = 0.1;
pub(crate) const STRETCH: f64 = 0.16;
/// Share of the T's border that must be seen for its size to be known.
pub(crate) const VISIBLE: f64 = 0.75;
/// Area of the board that should be goal and is not or the other way round, over that of the goal.
pub(crate) const GOAL: f64 = 0.15;

/// Way of an agent in one step beyond that of the steps around it, px.
pub(crate) const AGENT_JUMP: f64 = 20.0;
/// Way of a T in one step beyond what a push explains, px.
pub(crate) const BLOCK_JUMP: f64 = 15.0;
/// Way of an untouched T, px, and what a push does not explain of a touched one.
pub(crate) const UNTOUCHED: f64 = 8.0;
pub(crate) const EXCESS: f64 = 10.0;

/// Quality of the picture: medians over the clip.
pub(crate) const NOISE: f64 = 5.0;
pub(crate) const BLUR: f64 = 0.45;
/// How much more colour is blurred than brightness.
pub(crate) const COMPRESSION: f64 = 0.55;
/// The same in a blurred picture, where brightness has lost what colour had lost before; blur alone leaves 0.02.
pub(crate) const COMPRESSION_IN_BLUR: f64 = 0.3;
/// What blur does not explain of the goal's border, levels.
pub(crate) const RINGING: f64 = 9.0;
/// Levels that white lost.
pub(crate) const TINT: f64 = 15.0;
/// Levels by which the T's colour is off.
pub(crate) const RECOLOURED: f64 = 20.0;

/// From here on a picture cannot be read, and nothing is said about the world it shows: noise in levels, blur of brightness
/// and of colour.
pub(crate) const ILLEGIBLE_NOISE: f64 = 28.0;
pub(crate) const ILLEGIBLE_BLUR: f64 = 1.2;
pub(crate) const ILLEGIBLE_COLOUR: f64 = 1.28;
