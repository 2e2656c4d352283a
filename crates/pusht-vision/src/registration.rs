//! Position of the board in a frame of any size: foreign clips are scaled, cropped, padded, and seldom square.
//!
//! The map has one scale and one offset per axis, frame = scale · board + offset. It is found by comparing images of
//! the empty board (white, walls, goal) with the frame at a grid of board points: a pattern search over the positions
//! of the board's four edges minimizes the sum of squared color differences, cut off at [`OUTLIER`], over points whose
//! color is neither that of the agent nor of the T. It starts from the frame stretched over the board, the square in
//! its middle, the square that covers it, and the map given by the centroid and spread of the goal's green. There are
//! two images of the board, as a wall is thinner than a pixel of a small frame: the environment's own of 96 × 96,
//! sampled at points, for enlarged frames, and the board drawn large and averaged, for frames that were reduced.
//!
//! [`Registration::resample`] resamples the frame to a 96 × 96 point-sampled image, which the tracker reads.

use crate::VisionError;
use crate::bilinear::{Between, Pixels};
use crate::board::{BOARD, Background, SIDE};
use pusht_env::{FillRule, Frame, Pose, Renderer, Scene};
use std::collections::HashSet;

/// Difference of a channel at which it is cut off, levels.
const OUTLIER: f32 = 60.0;

/// Width of an image's border that contains the walls, pixels. The strides of the points of a first search follow:
/// along the border, and elsewhere.
const RIM: usize = 4;
const STRIDES: [usize; 2] = [2, 4];

/// First step in sides of the board and last step in frame px of the three searches: far, near, exact.
const FAR: (f64, f64) = (0.04, 0.5);
const NEAR: (f64, f64) = (0.02, 0.2);
const EXACT: (f64, f64) = (0.005, 0.02);

/// Maximum number of steps of one length, so that a search does not creep along a valley.
const SWEEPS: usize = 8;

/// Steps of a scan in both directions, and steps per side of the board: one step is half a wall.
const SCAN: (i32, f64) = (16, 200.0);

/// Side of the averaged image, px; a divisor of 512.
const FINE: usize = 128;

/// Residual below which the map of a square frame onto the whole board is accepted without a search, levels of 255.
const PLAIN: f64 = 6.0;

/// Share of the residual below which another map is preferred to that of a square frame onto the whole board. Noise and
/// codecs leave a residual that no map removes but every blurring one reduces a little.
const CLEARLY_BETTER: f64 = 0.75;

/// Residual above which the frame is taken to show no PushT board, levels of 255.
const FOREIGN: f64 = 30.0;

/// Residual above which the frame is compared with the turned board, levels of 255. The turned board leaves 8 to 12; clean
/// frames leave 1, coarse codecs as much as it.
const DOUBTFUL: f64 = 5.0;

/// Share of the residual below which the board is taken to lie turned.
const CLEARLY_TURNED: f64 = 0.75;

/// Position of the board in a frame: a map from board to frame coordinates.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Registration {
    /// Frame pixels per board px, x and y.
    pub scale: [f64; 2],
    /// Frame coordinate (of the left or upper border of pixel 0) at which board coordinate −½ lies.
    pub offset: [f64; 2],
    /// Root mean square color difference between frame and empty board outside agent and T, levels of 255: about 1 for
    /// clean frames, up to 10 for compressed ones.
    pub residual: f64,
}

impl Registration {
    /// The map of a frame that shows exactly the whole board, as the environment draws it.
    pub fn stretched(size: (u32, u32)) -> Self {
        Self {
            scale: [f64::from(size.0) / BOARD, f64::from(size.1) / BOARD],
            offset: [0.0; 2],
            residual: 0.0,
        }
    }

    /// True if resampling a 96 × 96 frame gives the frame itself.
    pub fn is_identity(&self) -> bool {
        *self
            == Self {
                residual: self.residual,
                ..Self::stretched((SIDE as u32, SIDE as u32))
            }
    }

    /// Frame coordinate (pixel centers at whole numbers) of a board coordinate on this axis.
    pub(crate) fn along(&self, axis: usize, board: f64) -> f64 {
        (board + 0.5) * self.scale[axis] + self.offset[axis] - 0.5
    }
}

/// The empty board as a square image: all its points, and a subset that still shows walls and goal.
struct Picture {
    all: Points,
    few: Points,
}

/// Points of an image, row by row.
struct Points {
    /// Board coordinate of each column, and of each row.
    along: Vec<f64>,
    rows: Vec<Vec<Point>>,
    count: usize,
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
    fn iter(&self) -> impl Iterator<Item = ([f64; 2], [f32; 4])> {
        let rows = self.along.iter().zip(&self.rows);
        rows.flat_map(move |(&y, row)| row.iter().map(move |p| ([self.along[p.column], y], p.color)))
    }
}

impl Picture {
    fn new(side: usize, colors: &[[f32; 3]]) -> Self {
        let (mut all, mut few) = (Points::new(side), Points::new(side));
        for (index, &color) in colors.iter().enumerate() {
            let cell = [index % side, index / side];
            all.push(cell, color);
            let near = |i: usize| !(RIM..side - RIM).contains(&i);
            let [along, elsewhere] = STRIDES;
            if (near(cell[0]) && cell[1].is_multiple_of(along))
                || (near(cell[1]) && cell[0].is_multiple_of(along))
                || cell.iter().all(|i| i.is_multiple_of(elsewhere))
            {
                few.push(cell, color);
            }
        }
        Self { all, few }
    }

    /// The board of 512 × 512, averaged over squares.
    fn averaged(goal: Pose) -> Result<Self, VisionError> {
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

/// Finds the board in frames.
pub struct Registrar {
    pictures: [Picture; 2],
    /// The board turned clockwise by a quarter, a half and three quarters. The goal of PushT has a diagonal of the board as
    /// its axis, so that the mirror images are among them.
    turned: [Picture; 3],
    /// Centroid and standard deviation of the goal's green, board px.
    goal: Option<[[f64; 2]; 2]>,
}

impl Registrar {
    /// A registrar for boards with this goal.
    ///
    /// # Errors
    /// A goal pose that is not finite.
    pub fn new(goal: Pose) -> Result<Self, VisionError> {
        let colors = Background::new(goal)?.color;
        let sampled = Picture::new(SIDE, &colors);
        let turned = [1, 2, 3].map(|quarters| Picture::new(SIDE, &turned(&colors, quarters)));
        let green = spread(sampled.all.iter().map(|(at, [r, g, b, _])| (at, greenness([r, g, b]))));
        Ok(Self {
            pictures: [sampled, Picture::averaged(goal)?],
            turned,
            goal: green,
        })
    }

    /// Finds the board in one frame. A square frame that fits the whole board is taken to show exactly that; all others
    /// are searched. A square frame for which the search finds nothing clearly better is also taken to show exactly the
    /// board.
    ///
    /// # Errors
    /// A frame of fewer than 16 pixels per side; one that shows no PushT board, or shows it turned by quarters or mirrored.
    pub fn register(&self, frame: &Frame) -> Result<Registration, VisionError> {
        let (width, height) = frame.dimensions();
        if width < 16 || height < 16 {
            return Err(VisionError::NoBoard {
                width,
                height,
                residual: f64::INFINITY,
            });
        }
        let size = [f64::from(width), f64::from(height)];
        let stretched = edges_of(&Registration::stretched((width, height)));
        let pixels = &Pixels::new(frame);
        let plain = self.best(|picture| rated(pixels, picture, stretched));
        if width == height && plain.residual < PLAIN {
            return Ok(plain);
        }
        let square = |side: f64| [0, 1].map(|k| [(size[k] - side) / 2.0, (size[k] + side) / 2.0]);
        let mut starts = vec![stretched, square(size[0].min(size[1])), square(size[0].max(size[1]))];
        let by_goal = self.by_goal(frame);
        starts.extend(by_goal);
        let best = self.best(|picture| {
            let least = |a: &Rated, b: &Rated| a.1.total_cmp(&b.1);
            let coarse = starts.iter().map(|&start| search(pixels, &picture.few, start, FAR));
            let coarse = coarse.min_by(least).map(|(edges, _)| edges);
            let medium = coarse
                .into_iter()
                .chain(by_goal)
                .map(|start| scanned(pixels, &picture.few, start));
            let found = medium.min_by(least).map_or(stretched, |(edges, _)| edges);
            rated(pixels, picture, search(pixels, &picture.all, found, EXACT).0)
        });
        if best.residual > DOUBTFUL {
            self.refuse_turned(pixels, &[stretched, edges_of(&best)], best.residual)?;
        }
        if best.residual > FOREIGN {
            let residual = best.residual;
            return Err(VisionError::NoBoard {
                width,
                height,
                residual,
            });
        }
        if width == height && best.residual > CLEARLY_BETTER * plain.residual {
            return Ok(plain);
        }
        Ok(best)
    }

    /// An error if the turned board fits clearly better than `upright`, the residual of the board as it should lie.
    fn refuse_turned(&self, frame: &Pixels, starts: &[[[f64; 2]; 2]], upright: f64) -> Result<(), VisionError> {
        for (picture, quarters) in self.turned.iter().zip(1..) {
            let found = starts.iter().map(|&start| {
                let near = search(frame, &picture.few, start, FAR).0;
                rated(frame, picture, near).residual
            });
            let residual = found.fold(f64::INFINITY, f64::min);
            if residual < CLEARLY_TURNED * upright {
                let degrees = 90 * quarters;
                return Err(VisionError::TurnedBoard { degrees });
            }
        }
        Ok(())
    }

    /// The better of the maps found with the two images.
    fn best(&self, find: impl Fn(&Picture) -> Registration) -> Registration {
        let [a, b] = self.pictures.each_ref().map(find);
        if b.residual < a.residual { b } else { a }
    }

    /// The map under which the goal's green has the centroid and spread found in the frame.
    fn by_goal(&self, frame: &Frame) -> Option<[[f64; 2]; 2]> {
        let [center, deviation] = self.goal?;
        // Every pixel of a small frame, about 200 × 200 of a large one.
        let step = (frame.width().max(frame.height()) / 200).max(1) as usize;
        let points = (0..frame.height())
            .step_by(step)
            .flat_map(|y| (0..frame.width()).step_by(step).map(move |x| (x, y)));
        let green = points.map(|(x, y)| {
            let at = [f64::from(x) + 0.5, f64::from(y) + 0.5];
            (at, greenness(frame.get_pixel(x, y).0.map(f32::from)))
        });
        let [found, wide] = spread(green)?;
        Some([0, 1].map(|k| {
            let scale = wide[k] / deviation[k];
            let start = found[k] - (center[k] + 0.5) * scale;
            [start, start + BOARD * scale]
        }))
    }
}

/// An image of [`SIDE`] squared, turned clockwise.
fn turned(colors: &[[f32; 3]], quarters: usize) -> Vec<[f32; 3]> {
    let turn = |colors: Vec<[f32; 3]>| {
        let from = |index: usize| (SIDE - 1 - index % SIDE) * SIDE + index / SIDE;
        (0..SIDE * SIDE).map(|index| colors[from(index)]).collect()
    };
    (0..quarters).fold(colors.to_vec(), |colors, _| turn(colors))
}

/// Edges of a board in a frame, and their cost.
type Rated = ([[f64; 2]; 2], f64);

/// Moves of the edges of an axis: one of them, both in one direction, both apart.
const MOVES: [[f64; 2]; 4] = [[1.0, 0.0], [0.0, 1.0], [1.0, 1.0], [-1.0, 1.0]];

/// `edges` with those of an axis moved; `None` if the board is mirrored or vanishes.
fn moved(edges: [[f64; 2]; 2], axis: usize, by: f64, moves: [f64; 2]) -> Option<[[f64; 2]; 2]> {
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
fn scanned(frame: &Pixels, points: &Points, start: [[f64; 2]; 2]) -> Rated {
    let mut best = search(frame, points, start, NEAR);
    let mut tried = Tried::default();
    loop {
        let (edges, before) = best;
        for (axis, moves) in (0..2).flat_map(|axis| MOVES.map(|moves| (axis, moves))) {
            let step = (edges[axis][1] - edges[axis][0]) / SCAN.1;
            let places = (-SCAN.0..=SCAN.0).filter_map(|k| moved(edges, axis, f64::from(k) * step, moves));
            for place in places.filter(|place| tried.first(place)) {
                let cost = cost(frame, points, place, best.1);
                if cost < best.1 {
                    best = (place, cost);
                }
            }
        }
        if best.1 >= before {
            return best;
        }
        best = search(frame, points, best.0, NEAR);
    }
}

/// Pattern search: each edge is moved in both directions by a step that is halved if nothing improves.
fn search(frame: &Pixels, points: &Points, start: [[f64; 2]; 2], (first, until): (f64, f64)) -> Rated {
    let side = start.map(|[low, high]| (high - low).abs());
    let mut step = first * side[0].max(side[1]);
    let mut edges = start;
    let mut best = cost(frame, points, edges, f64::INFINITY);
    let (mut sweeps, mut tried) = (0, Tried::default());
    while step > until {
        let mut improved = false;
        for (axis, moves) in (0..2).flat_map(|axis| MOVES.map(|moves| (axis, moves))) {
            for by in [-step, step] {
                let Some(place) = moved(edges, axis, by, moves).filter(|place| tried.first(place)) else {
                    continue;
                };
                let cost = cost(frame, points, place, best);
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

fn rated(frame: &Pixels, picture: &Picture, edges: [[f64; 2]; 2]) -> Registration {
    Registration {
        residual: cost(frame, &picture.all, edges, f64::INFINITY).sqrt(),
        ..map_of(edges)
    }
}

/// Mean squared difference per channel, cut off, over the points of the board that are neither agent nor T. Points
/// outside the frame cost half the maximum, so that the board is not moved out of the frame. Infinite if it is not
/// below `bound`.
fn cost(frame: &Pixels, points: &Points, edges: [[f64; 2]; 2], bound: f64) -> f64 {
    let map = map_of(edges);
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
    let (mut sum, mut count) = (0.0_f64, 0_usize);
    let mut seen = Vec::with_capacity(points.along.len());
    for (row, between) in points.rows.iter().zip(rows) {
        seen.clear();
        match between.map(|between| frame.rows(between)) {
            Some(rows) => seen.extend(row.iter().map(|p| columns[p.column].map(|column| rows.at(column)))),
            None => seen.resize(row.len(), None),
        }
        for (point, seen) in row.iter().zip(&seen) {
            let Some(seen) = seen else {
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
    // A frame that looks mostly like agent or T shows no board.
    if count * 2 < points.count {
        return f64::from(OUTLIER * OUTLIER);
    }
    sum / count as f64
}

fn map_of(edges: [[f64; 2]; 2]) -> Registration {
    Registration {
        scale: edges.map(|[low, high]| (high - low) / BOARD),
        offset: edges.map(|[low, _]| low),
        residual: 0.0,
    }
}

fn edges_of(map: &Registration) -> [[f64; 2]; 2] {
    [0, 1].map(|k| [map.offset[k], map.offset[k] + BOARD * map.scale[k]])
}

/// Similarity to the goal's light green, 0 to 1.
fn greenness([red, green, blue]: [f32; 3]) -> f64 {
    f64::from(((green - red.max(blue) - 30.0) / 64.0).clamp(0.0, 1.0))
}

/// Centroid and standard deviation of weighted points; `None` if there are no points or they lie on a line.
fn spread(points: impl Iterator<Item = ([f64; 2], f64)>) -> Option<[[f64; 2]; 2]> {
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
mod tests {
    use super::*;
    use pusht_env::GOAL;

    #[test]
    fn a_cost_is_the_same_under_every_bound_that_it_is_below() -> Result<(), VisionError> {
        let board = Renderer::new(300, FillRule::default())?.render(&Scene::new(
            [320.0, 140.0],
            Pose::new(150.0, 330.0, 0.7),
            GOAL,
        ));
        let frame = Pixels::new(&board);
        let registrar = Registrar::new(GOAL)?;
        let places = [
            [[0.0, 300.0], [0.0, 300.0]],
            [[2.0, 299.0], [-1.0, 303.0]],
            [[40.0, 200.0], [10.0, 280.0]],
            [[-90.0, 320.0], [30.0, 400.0]],
        ];
        for (picture, edges) in registrar.pictures.iter().flat_map(|p| places.map(|edges| (p, edges))) {
            for points in [&picture.all, &picture.few] {
                let exact = cost(&frame, points, edges, f64::INFINITY);
                assert_eq!(cost(&frame, points, edges, exact.next_up()), exact);
                for share in [1.0, 0.9, 0.5, 0.1, 0.0] {
                    assert!(cost(&frame, points, edges, share * exact) >= share * exact);
                }
            }
        }
        Ok(())
    }
}
