//! Fits images of the empty board to a frame: the cost of a map, and searches for the map of the smallest cost.

use crate::VisionError;
use crate::bilinear::{Between, Pixels};
use crate::board::{BOARD, SIDE};
use crate::registration::Registration;
use pusht_env::{FillRule, Pose, Renderer, Scene};
use std::collections::HashSet;

/// Difference of a channel at which it is cut off, levels.
pub(crate) const OUTLIER: f32 = 60.0;

/// Width of an image's border that contains the walls, pixels. The strides of the points of a first search follow:
/// along the border, and elsewhere.
const RIM: usize = 4;
const STRIDES: [usize; 2] = [2, 4];

/// First step in sides of the board and last step in frame px of the three searches: far, near, exact.
pub(crate) const FAR: (f64, f64) = (0.04, 0.5);
pub(crate) const NEAR: (f64, f64) = (0.02, 0.2);
pub(crate) const EXACT: (f64, f64) = (0.005, 0.02);

/// Maximum number of steps of one length, so that a search does not creep along a valley.
const SWEEPS: usize = 8;

/// Steps of a scan in both directions, and steps per side of the board: one step is half a wall.
const SCAN: (i32, f64) = (16, 200.0);

/// Side of the averaged image, px; a divisor of 512.
const FINE: usize = 128;

/// The empty board as a square image: all its points, and a subset that still shows walls and goal.
pub(crate) struct Picture {
    pub(crate) all: Points,
    pub(crate) few: Points,
    /// All points near the goal and a half of those of the walls.
    pub(crate) marks: Points,
}

/// Points of an image, row by row.
pub(crate) struct Points {
    /// Board coordinate of each column, and of each row.
    along: Vec<f64>,
    rows: Vec<Vec<Point>>,
    pub(crate) count: usize,
}

struct Point {
    column: usize,
    /// Color with one value of padding.
    color: [f32; 4],
}

impl Points {
    fn new(side: usize) -> Self {
        Self {
            along: (0..side)
                .map(|i| (i as f64 + 0.5) * BOARD / side as f64 - 0.5)
                .collect(),
            rows: (0..side).map(|_| Vec::new()).collect(),
            count: 0,
        }
    }

    fn push(&mut self, [column, row]: [usize; 2], [red, green, blue]: [f32; 3]) {
        let color = [red, green, blue, 0.0];
        self.rows[row].push(Point { column, color });
        self.count += 1;
    }

    /// Iterates over board coordinates and colors.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ([f64; 2], [f32; 4])> {
        let rows = self.along.iter().zip(&self.rows);
        rows.flat_map(move |(&y, row)| row.iter().map(move |p| ([self.along[p.column], y], p.color)))
    }
}

impl Picture {
    pub(crate) fn new(side: usize, colors: &[[f32; 3]]) -> Self {
        let [mut all, mut few, mut marks] = [(); 3].map(|()| Points::new(side));
        let green = |&index: &usize| is_green([colors[index][0], colors[index][1], colors[index][2], 0.0]);
        // Bounds of the goal with a margin.
        let mut goal = [[usize::MAX, 0]; 2];
        for index in (0..colors.len()).filter(green) {
            for (bounds, at) in goal.iter_mut().zip([index % side, index / side]) {
                *bounds = [bounds[0].min(at.saturating_sub(RIM)), bounds[1].max(at + RIM)];
            }
        }
        for (index, &color) in colors.iter().enumerate() {
            let cell = [index % side, index / side];
            all.push(cell, color);
            let near = |i: usize| !(RIM..side - RIM).contains(&i);
            let [along, elsewhere] = STRIDES;
            if (0..2).all(|k| (goal[k][0]..=goal[k][1]).contains(&cell[k]))
                || (cell.iter().any(|&i| near(i)) && (cell[0] + cell[1]).is_multiple_of(along))
            {
                marks.push(cell, color);
            }
            if (near(cell[0]) && cell[1].is_multiple_of(along))
                || (near(cell[1]) && cell[0].is_multiple_of(along))
                || cell.iter().all(|i| i.is_multiple_of(elsewhere))
            {
                few.push(cell, color);
            }
        }
        Self { all, few, marks }
    }

    /// The board of 512 × 512, averaged over squares.
    pub(crate) fn averaged(goal: Pose) -> Result<Self, VisionError> {
        let nowhere = Pose::new(f64::NAN, 0.0, 0.0);
        let mut renderer = Renderer::new(BOARD as u32, FillRule::default())?;
        let board = renderer.render(&Scene::new([f64::NAN; 2], nowhere, goal));
        let every = BOARD as usize / FINE;
        let mut colors = vec![[0.0; 3]; FINE * FINE];
        for (x, y, pixel) in board.enumerate_pixels() {
            let color = &mut colors[y as usize / every * FINE + x as usize / every];
            for (sum, &level) in color.iter_mut().zip(&pixel.0) {
                *sum += f32::from(level) / (every * every) as f32;
            }
        }
        Ok(Self::new(FINE, &colors))
    }
}

/// An image of [`SIDE`] squared, turned clockwise.
pub(crate) fn turned(colors: &[[f32; 3]], quarters: usize) -> Vec<[f32; 3]> {
    let turn = |colors: Vec<[f32; 3]>| {
        let from = |index: usize| (SIDE - 1 - index % SIDE) * SIDE + index / SIDE;
        (0..SIDE * SIDE).map(|index| colors[from(index)]).collect()
    };
    (0..quarters).fold(colors.to_vec(), |colors, _| turn(colors))
}

/// What a frame shows of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of it: a point outside the frame costs half the maximum, so that the board is not moved out of the frame.
    Whole,
    /// All but a margin: points outside the frame are left out, except for those of the goal, and the rest counts a little
    /// more.
    Cropped,
}

/// A frame, and what it shows of the board.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) frame: &'a Pixels,
    pub(crate) extent: Extent,
}

/// Edges of a board in a frame: left and right, upper and lower.
pub(crate) type Edges = [[f64; 2]; 2];

/// Edges of a board in a frame, and their cost.
pub(crate) type Rated = (Edges, f64);

/// Moves of the edges of an axis: one of them, both in one direction, both apart.
pub(crate) const MOVES: [[f64; 2]; 4] = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 1.0]];

/// `edges` with those of an axis moved; `None` if the board is mirrored or vanishes.
pub(crate) fn moved(edges: Edges, axis: usize, by: f64, moves: [f64; 2]) -> Option<Edges> {
    let mut moved = edges;
    for end in 0..2 {
        moved[axis][end] += by * moves[end];
    }
    (moved[axis][1] - moved[axis][0] >= 16.0).then_some(moved)
}

/// Positions whose cost was computed already, so that they need not be tried again.
#[derive(Default)]
struct Tried(HashSet<[u64; 4]>);

impl Tried {
    /// True for a position that has not been tried yet.
    fn first(&mut self, [[left, right], [upper, lower]]: &[[f64; 2]; 2]) -> bool {
        self.0.insert([left, right, upper, lower].map(|edge| edge.to_bits()))
    }
}

/// A pattern search that resumes from any better position found by a scan along one move, which reaches further than
/// its steps: a wall that does not overlap the frame's has no gradient.
pub(crate) fn scanned(view: View<'_>, points: &Points, start: Edges) -> Rated {
    let mut best = search(view, points, start, NEAR);
    let mut tried = Tried::default();
    loop {
        let (edges, before) = best;
        for (axis, moves) in (0..2).flat_map(|axis| MOVES.map(|moves| (axis, moves))) {
            let step = (edges[axis][1] - edges[axis][0]) / SCAN.1;
            let places = (-SCAN.0..=SCAN.0).filter_map(|k| moved(edges, axis, f64::from(k) * step, moves));
            for place in places.filter(|place| tried.first(place)) {
                let cost = cost(view, points, place, best.1);
                if cost < best.1 {
                    best = (place, cost);
                }
            }
        }
        if best.1 >= before {
            return best;
        }
        best = search(view, points, best.0, NEAR);
    }
}

/// Pattern search: each edge is moved in both directions by a step that is halved if nothing improves.
pub(crate) fn search(view: View<'_>, points: &Points, start: Edges, (first, until): (f64, f64)) -> Rated {
    let side = start.map(|[low, high]| (high - low).abs());
    let mut step = first * side[0].max(side[1]);
    let mut edges = start;
    let mut best = cost(view, points, edges, f64::INFINITY);
    let (mut sweeps, mut tried) = (0, Tried::default());
    while step > until {
        let mut improved = false;
        for (axis, moves) in (0..2).flat_map(|axis| MOVES.map(|moves| (axis, moves))) {
            for by in [-step, step] {
                let Some(place) = moved(edges, axis, by, moves).filter(|place| tried.first(place)) else {
                    continue;
                };
                let cost = cost(view, points, place, best);
                if cost < best {
                    (edges, best, improved) = (place, cost, true);
                }
            }
        }
        sweeps += 1;
        if !improved || sweeps == SWEEPS {
            (step, sweeps) = (step / 2.0, 0);
        }
    }
    (edges, best)
}

pub(crate) fn rated(view: View<'_>, picture: &Picture, edges: Edges) -> Registration {
    Registration {
        residual: cost(view, &picture.all, edges, f64::INFINITY).sqrt(),
        ..map_of(edges)
    }
}

/// Mean squared difference per channel, cut off, over the points of the board that are neither agent nor T, those outside
/// the frame as [`Extent`] says. Infinite if it is not below `bound`.
pub(crate) fn cost(view: View<'_>, points: &Points, edges: Edges, bound: f64) -> f64 {
    let map = map_of(edges);
    let View { frame, extent } = view;
    let [width, height] = frame.size();
    let places = |axis: usize, side: usize| {
        let places = points
            .along
            .iter()
            .map(move |&board| Between::new(map.along(axis, board), side));
        places.collect::<Vec<_>>()
    };
    let (columns, rows) = (places(0, width), places(1, height));
    let (most, outside) = (OUTLIER * OUTLIER, f64::from(OUTLIER * OUTLIER) / 2.0);
    let (mut sum, mut count, mut hidden) = (0.0_f64, 0_usize, 0_usize);
    let mut seen = Vec::with_capacity(points.along.len());
    for (row, between) in points.rows.iter().zip(rows) {
        seen.clear();
        match between.map(|between| frame.rows(between)) {
            Some(rows) => seen.extend(row.iter().map(|p| columns[p.column].map(|column| rows.at(column)))),
            None => seen.resize(row.len(), None),
        }
        for (point, seen) in row.iter().zip(&seen) {
            let Some(seen) = seen else {
                if extent == Extent::Cropped && !is_green(point.color) {
                    hidden += 1;
                    continue;
                }
                sum += outside;
                count += 1;
                continue;
            };
            // The T is blue over red by 34 to 41, the agent by more.
            if seen[2] - seen[0] > 15.0 {
                continue;
            }
            let off: [f32; 4] = std::array::from_fn(|c| {
                let square = (seen[c] - point.color[c]).powi(2);
                if square > most { most } else { square }
            });
            sum += f64::from(off[0] + off[1] + off[2]) / 3.0;
            count += 1;
        }
        // The remaining points cannot reduce the sum, nor raise the count above that of all points.
        if sum / points.count as f64 >= bound {
            return f64::INFINITY;
        }
    }
    // A frame that looks mostly like agent or T, or shows less than half the board, shows no board.
    if count * 2 < points.count {
        return f64::from(OUTLIER * OUTLIER);
    }
    sum / count as f64 * (1.0 + hidden as f64 / points.count as f64)
}

pub(crate) fn map_of(edges: Edges) -> Registration {
    Registration {
        scale: edges.map(|[low, high]| (high - low) / BOARD),
        offset: edges.map(|[low, _]| low),
        residual: 0.0,
    }
}

pub(crate) fn edges_of(map: &Registration) -> Edges {
    [0, 1].map(|k| [map.offset[k], map.offset[k] + BOARD * map.scale[k]])
}

/// True for a point of the goal.
pub(crate) fn is_green([red, green, blue, _]: [f32; 4]) -> bool {
    greenness([red, green, blue]) > 0.3
}

/// Similarity to the goal's light green, 0 to 1.
pub(crate) fn greenness([red, green, blue]: [f32; 3]) -> f64 {
    f64::from(((green - red.max(blue) - 30.0) / 64.0).clamp(0.0, 1.0))
}

/// Centroid and standard deviation of weighted points; `None` if there are no points or they lie on a line.
pub(crate) fn spread(points: impl Iterator<Item = ([f64; 2], f64)>) -> Option<[[f64; 2]; 2]> {
    let (mut weight, mut sum, mut squares) = (0.0, [0.0; 2], [0.0; 2]);
    for (p, w) in points.filter(|&(_, w)| w > 0.0) {
        weight += w;
        for k in 0..2 {
            sum[k] += w * p[k];
            squares[k] += w * p[k] * p[k];
        }
    }
    if weight < 4.0 {
        return None;
    }
    let mean = sum.map(|s| s / weight);
    let deviation = [0, 1].map(|k| (squares[k] / weight - mean[k] * mean[k]).max(0.0).sqrt());
    (deviation[0] > 0.5 && deviation[1] > 0.5).then_some([mean, deviation])
}

#[cfg(test)]
#[path = "../tests/unit/board_fit.rs"]
mod tests;
