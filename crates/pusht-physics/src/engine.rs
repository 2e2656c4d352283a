//! The engine's constants. Where it writes a number as a float, the number is that float.

/// Length of a physics substep, s.
pub(crate) const DT: f64 = 0.01;

/// Substeps of one environment step (control at 10 Hz).
pub const SUBSTEPS: usize = 10;

/// Rounds of the solver.
pub(crate) const ITERATIONS: usize = 10;

/// Overlap that is not corrected, px. The engine writes 0.1f.
pub(crate) const SLOP: f64 = 0.1f32 as f64;

/// Share of the overlap that is corrected in a substep: 1 − (1 − 0.1f)^(60 · 0.01) by the engine's formula.
pub(crate) const BIAS_COEFFICIENT: f64 = f64::from_bits(0x3faf_5d6b_ce57_a130);

/// A pair is forgotten after this many substeps without contact.
pub(crate) const PERSISTENCE: u8 = 3;

/// Margin of the boxes of the broad phase, as a share of their size; also the seconds of motion looked ahead. The engine
/// writes 0.1f.
pub(crate) const MARGIN: f64 = 0.1f32 as f64;

/// Number of a shape, in the order in which the references add them: walls 0 to 3, then the agent's, then the block's.
pub(crate) type ShapeId = u8;

/// Order of the walls in a traversal of their tree (((3, 2), 1), 0), which never changes.
pub(crate) const WALL_ORDER: [ShapeId; 4] = [3, 2, 1, 0];

/// Number of the first shape that moves.
pub(crate) const FIRST_MOVING: ShapeId = 4;
