//! Charts as self-contained SVG text: white background, dark ink, a palette for color-blind readers, every axis with
//! label and unit. A chart takes plain numbers and leaves out those that are not finite.

mod axis;
mod board;
mod dots;
mod histogram;
mod lines;
mod palette;
mod strip;
mod svg;

pub use board::{Board, board_chart};
pub use dots::{DotRow, Mark, dot_chart};
pub use histogram::{HistogramRow, histogram_chart};
pub use lines::{LineAxes, LinePanel, LineSeries, line_chart};
pub use palette::{arm_color, arm_dash, color};
pub use strip::{StripRow, strip_chart};
