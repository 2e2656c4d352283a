//! Limits for recognizing the T, for image quality and for trusting tracks. `docs/audit.md` gives the reasons; the
//! limits of further findings are in `clip-audit`.

/// Overlap (intersection over union) of the agent from which its position is trusted.
pub const AGENT_TRUSTED: f64 = 0.3;
/// Overlap of the T from which its pose is trusted.
pub const BLOCK_TRUSTED: f64 = 0.5;
/// Overlap below which there is no T.
pub const NO_BLOCK: f64 = 0.3;

/// Translucent area of a T that melts, over that of a T; in blurred images the excess of blur over [`SHARP`] is added.
pub const TRANSLUCENT: f64 = 0.15;
/// Blur up to which images are sharp.
pub const SHARP: f64 = 0.4;
/// Translucent area below which a frame is used to measure image quality.
pub const SOLID: f64 = 0.05;
/// Missing and stray gray area of a T that melts, over the area of a T.
pub const MISFIT: f64 = 0.15;
/// Increase of the limits for melting in compressed images.
pub const CODEC_ALLOWANCE: f64 = 0.1;
/// Compression, relative to the limit of a finding, from which its blocks tear small objects and edges.
pub const COARSE: f64 = 1.25;
/// Factor for the limits of melting in such images.
pub const COARSE_MORPH: f64 = 3.5;
/// Mismatched area of a changed goal, over that of the goal.
pub const GOAL_MISMATCH: f64 = 0.15;

/// Path length of an untouched T that counts as motion without contact, px.
pub const MOTION_WITHOUT_CONTACT: f64 = 8.0;
/// Motion of an untouched T in a step that counts as one that the simulator does not reproduce, px.
pub const MOVED_ALONE: f64 = 4.0;
/// Path length of an agent in a step up to which it stands, px.
pub const STANDING: f64 = 1.0;

/// Largest difference of a T from the simulator's after one step, px of its outline, in sharp images of a T that is
/// clearly seen and away from walls.
pub const REPRODUCED: f64 = 3.0;
/// The same of a T at a wall, where impulses that no frame shows have an influence.
pub const REPRODUCED_AT_WALL: f64 = 6.0;
/// Distance from a wall up to which a T may touch it in a step, px.
pub const WALL_REACH: f64 = 15.0;
/// Difference below which no other start states are tried, px.
pub const NEAR: f64 = 2.0;
/// The difference at a wall as a share of the spread of the simulator's answers within the errors of the track.
pub const SPREAD_SHARE: f64 = 0.5;
/// Largest error of a track of sharp images: the agent's position, px per axis. These four are one and a half times what
/// the tracker errs by in 999 of 1,000 frames.
pub const AGENT_ERROR: f64 = 0.8;
/// Error of the velocity, px/s per axis.
pub const VELOCITY_ERROR: f64 = 20.0;
/// Error of the T's center, px per axis.
pub const BLOCK_ERROR: f64 = 2.0;
/// Error of the T's angle, rad.
pub const ANGLE_ERROR: f64 = 0.024;
/// Confidence from which agent and T are clearly seen.
pub const CLEARLY_SEEN: f64 = 0.9;
/// Growth of the errors per unit of confidence below that.
pub const HIDDEN: f64 = 8.0;
/// Confidence of the T from which its steps are judged.
pub const BLOCK_JUDGED: f64 = 0.65;
/// Depth in a wall up to which they are, px: beyond it the T leaves the image.
pub const BEYOND_WALL: f64 = 8.0;
/// Depth from which it may be pushed off the board within a step, px.
pub const LEAVING: f64 = 20.0;

/// Noise of noisy images, levels; compared with the median over the clip, as the following limits.
pub const NOISE: f64 = 5.0;
/// Blur of blurred images.
pub const BLUR: f64 = 0.45;
/// Excess blur of color over brightness in compressed images.
pub const COMPRESSION: f64 = 0.55;
/// The same in blurred images, where brightness is blurred as well; blur alone gives 0.02.
pub const COMPRESSION_IN_BLUR: f64 = 0.3;
/// Residual of the goal's border that blur does not explain, levels.
pub const RINGING: f64 = 9.0;

/// Noise from which images are illegible, levels; physical findings are then suppressed.
pub const ILLEGIBLE_NOISE: f64 = 28.0;
/// The same for the blur of brightness.
pub const ILLEGIBLE_BLUR: f64 = 1.2;
/// The same for the blur of color.
pub const ILLEGIBLE_COLOR: f64 = 1.28;
