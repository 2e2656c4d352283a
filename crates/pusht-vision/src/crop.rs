//! Frames that show the board without a margin of it, with or without bars around: the goal and the walls that are left
//! fix the map.

use crate::bilinear::{Between, Pixels};
use crate::board::{BOARD, SIDE};
use crate::board_fit::{
    EXACT, Edges, Extent, NEAR, Picture, Rated, View, cost, is_green, map_of, moved, rated, scanned, search,
};
use crate::registration::Registration;
use crate::several::part;
use pusht_env::Frame;

/// Largest difference between pixels of a bar, levels; codecs smear it.
const BAR_SPREAD: u8 = 24;

/// Brightest level of a bar. The walls have 211, and the board itself is white.
const BAR_LEVEL: u8 = 190;

/// By how much the board is moved to see whether the frame fixes its place, board px.
const NUDGE: f64 = 4.0;

/// Cost of a map with one scale, over that of the best, up to which it is preferred, and the difference of scales from which
/// it is not tried.
const NEARLY: f64 = 1.15;
const NOT_SQUARE: f64 = 0.06;

/// Difference of the channels from which a pixel has a color, levels: those of the goal differ by 94, of the T by 41.
const COLORED: u8 = 16;

/// Steps of the first search: boards up to so many times as large as the part that is seen, in so many sizes, and the
/// distance between places, board px.
const LARGEST: f64 = 1.25;
const SIZES: u32 = 16;
const PLACES: f64 = 8.0;

/// The part of a frame inside of bars of one color.
pub(crate) struct Content {
    /// Left upper corner in the frame, px.
    corner: [f64; 2],
    /// The part as it is.
    sharp: Pixels,
    /// The part, averaged over squares of the size of a point of the board's image, so that every map has the same noise.
    pixels: Pixels,
}

impl Content {
    /// Finds the part.
    pub(crate) fn of(frame: &Frame) -> Self {
        let size = [frame.width(), frame.height()];
        let [[left, right], [upper, lower]] = [0, 1].map(|axis| {
            let side = size[axis];
            let bars = |from_end: bool| {
                let at = |i: u32| if from_end { side - 1 - i } else { i };
                let bars = (0..side / 3).take_while(|&i| is_bar(frame, axis, at(i))).count() as u32;
                // Codecs smear the border of a bar.
                if bars == 0 { 0 } else { bars + 1 + side / 200 }
            };
            [bars(false), side - bars(true)]
        });
        let part = Pixels::new(&part(frame, [left, upper], [right - left, lower - upper]));
        let widths = part
            .size()
            .map(|side| ((side as f64 / SIDE as f64).round() as usize).max(1));
        Self {
            corner: [left, upper].map(f64::from),
            pixels: part.averaged(widths),
            sharp: part,
        }
    }

    /// The part, averaged.
    pub(crate) fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    fn view(&self) -> View<'_> {
        View {
            frame: &self.pixels,
            extent: Extent::Cropped,
        }
    }

    /// Edges of the whole part, in the frame.
    pub(crate) fn edges(&self) -> Edges {
        let size = self.pixels.size();
        [0, 1].map(|k| [self.corner[k], self.corner[k] + size[k] as f64])
    }

    /// A point of the frame in the part.
    pub(crate) fn point_inside(&self, at: [f64; 2]) -> [f64; 2] {
        [0, 1].map(|k| at[k] - self.corner[k])
    }

    /// Edges in the frame as edges in the part.
    pub(crate) fn inside(&self, edges: Edges) -> Edges {
        [0, 1].map(|k| edges[k].map(|edge| edge - self.corner[k]))
    }

    fn outside(&self, edges: Edges) -> Edges {
        [0, 1].map(|k| edges[k].map(|edge| edge + self.corner[k]))
    }

    /// A map of the frame with its residual over the points that the part shows.
    pub(crate) fn rated(&self, picture: &Picture, edges: Edges) -> Registration {
        Registration {
            residual: rated(self.view(), picture, self.inside(edges)).residual,
            ..map_of(edges)
        }
    }

    /// The best of the maps under which the part is cut out of a board of one scale.
    fn cut_out(&self, picture: &Picture) -> Option<Edges> {
        let size = self.pixels.size().map(|side| side as f64);
        let mut best = (None, f64::INFINITY);
        for step in 0..=SIZES {
            let side = size[0].max(size[1]) * (1.0 + (LARGEST - 1.0) * f64::from(step) / f64::from(SIZES));
            let stride = PLACES * side / BOARD;
            let places = [0, 1].map(|k| {
                let count = ((side - size[k]) / stride).ceil().max(0.0) as u32;
                (0..=count).map(move |i| (size[k] - side) * f64::from(i) / f64::from(count.max(1)))
            });
            for left in places[0].clone() {
                for upper in places[1].clone() {
                    let edges = [[left, left + side], [upper, upper + side]];
                    let cost = cost(self.view(), &picture.marks, edges, best.1);
                    if cost < best.1 {
                        best = (Some(edges), cost);
                    }
                }
            }
        }
        best.0
    }

    /// The best map to the frame near any of `starts`, or near the best of the maps that cut the part out of a board.
    pub(crate) fn search(&self, picture: &Picture, starts: &[Edges]) -> Registration {
        let least = |a: &Rated, b: &Rated| a.1.total_cmp(&b.1);
        let starts = (starts.iter().map(|&start| self.inside(start))).chain(self.cut_out(picture));
        let coarse = starts.map(|start| search(self.view(), &picture.marks, start, NEAR));
        let medium = coarse
            .min_by(least)
            .map(|(start, _)| scanned(self.view(), &picture.marks, start));
        let start = medium.map_or(self.inside(self.edges()), |(edges, _)| edges);
        self.refined(picture, start)
    }

    /// The best map to the frame near `start`, edges in the part.
    pub(crate) fn refined(&self, picture: &Picture, start: Edges) -> Registration {
        let (found, _) = exact(self.view(), picture, start);
        self.rated(picture, self.outside(found))
    }

    /// Share of the goal that is seen where a map has it; the T and the agent may hide it.
    pub(crate) fn goal_in_view(&self, picture: &Picture, edges: Edges) -> f64 {
        let map = map_of(self.inside(edges));
        let [width, height] = self.pixels.size();
        let (mut points, mut seen) = (0_usize, 0_usize);
        for ([x, y], _) in picture.all.iter().filter(|(_, color)| is_green(*color)) {
            points += 1;
            let column = Between::new(map.along(0, x), width);
            let row = Between::new(map.along(1, y), height);
            let color = row.zip(column).map(|(row, column)| self.pixels.rows(row).at(column));
            seen += usize::from(color.is_some_and(is_green));
        }
        seen as f64 / points.max(1) as f64
    }

    /// True if the frame is so small that it is not averaged: noise favors maps between its pixels.
    pub(crate) fn is_small(&self) -> bool {
        self.pixels.size().iter().all(|&side| 2 * side < 3 * SIDE)
    }

    /// The best map near `edges` in the part as it is, with its residual there.
    pub(crate) fn sharpened(&self, picture: &Picture, edges: Edges) -> Registration {
        let view = View {
            frame: &self.sharp,
            extent: Extent::Cropped,
        };
        let (found, cost) = exact(view, picture, self.inside(edges));
        Registration {
            residual: cost.sqrt(),
            ..map_of(self.outside(found))
        }
    }

    /// How well the frame fixes the map: the smallest increase of the cost when an edge of the board is moved.
    pub(crate) fn firmness(&self, picture: &Picture, edges: Edges) -> f64 {
        let edges = self.inside(edges);
        let cost = |edges: Edges| cost(self.view(), &picture.all, edges, f64::INFINITY);
        let at = cost(edges);
        let nudges = (0..2).flat_map(|axis| [[1.0, 0.0], [0.0, 1.0]].map(|moves| (axis, moves)));
        let costs = nudges.flat_map(|(axis, moves)| {
            let by = NUDGE * (edges[axis][1] - edges[axis][0]) / BOARD;
            [-by, by].map(|by| moved(edges, axis, by, moves).map_or(f64::INFINITY, |place| cost(place) - at))
        });
        costs.fold(f64::INFINITY, f64::min)
    }
}

/// The best map near `start`. The goal alone fixes two scales poorly, so that one for both axes is taken if it fits nearly as
/// well.
fn exact(view: View<'_>, picture: &Picture, start: Edges) -> Rated {
    let free = search(view, &picture.all, start, EXACT);
    let square = square(view, picture, free.0).filter(|square| square.1 < NEARLY * free.1);
    square.unwrap_or(free)
}

/// The best map near `start` that has one scale for both axes; `None` if they differ much.
fn square(view: View<'_>, picture: &Picture, start: Edges) -> Option<Rated> {
    let [across, down] = start.map(|[low, high]| high - low);
    if (across / down - 1.0).abs() > NOT_SQUARE {
        return None;
    }
    // Center and half of the side.
    let mut at = [
        (start[0][0] + start[0][1]) / 2.0,
        (start[1][0] + start[1][1]) / 2.0,
        (across + down) / 4.0,
    ];
    let edges = |[x, y, half]: [f64; 3]| [x, y].map(|center| [center - half, center + half]);
    let mut best = cost(view, &picture.all, edges(at), f64::INFINITY);
    let mut step = EXACT.0 * at[2];
    while step > EXACT.1 {
        let before = best;
        for (number, by) in (0..3).flat_map(|number| [(number, -step), (number, step)]) {
            let mut next = at;
            next[number] += by;
            let cost = cost(view, &picture.all, edges(next), best);
            if cost < best {
                (at, best) = (next, cost);
            }
        }
        // Small gains are made with smaller steps.
        if best >= 0.999 * before {
            step /= 2.0;
        }
    }
    Some((edges(at), best))
}

/// True if a column (axis 0) or row (axis 1) has one color that is not as bright as the board.
fn is_bar(frame: &Frame, axis: usize, at: u32) -> bool {
    let along = [frame.height(), frame.width()][axis];
    let pixel = |i: u32| match axis {
        0 => frame.get_pixel(at, i).0,
        _ => frame.get_pixel(i, at).0,
    };
    let (mut low, mut high) = ([u8::MAX; 3], [0; 3]);
    for i in 0..along {
        for (c, level) in pixel(i).into_iter().enumerate() {
            low[c] = low[c].min(level);
            high[c] = high[c].max(level);
        }
    }
    (0..3).all(|c| high[c] - low[c] <= BAR_SPREAD) && low.iter().any(|&level| level <= BAR_LEVEL)
}

/// False for a gray picture: the agent is told by its blue, the goal by its green.
pub(crate) fn has_color(frame: &Frame) -> bool {
    let colored = |pixel: &[u8; 3]| {
        let [low, high] = [pixel.iter().min(), pixel.iter().max()];
        high.zip(low).is_some_and(|(high, low)| high - low > COLORED)
    };
    let pixels = frame.as_raw().as_chunks::<3>().0;
    // The goal covers a twentieth of the board, and agent and T as much.
    200 * pixels.iter().filter(|pixel| colored(pixel)).count() > pixels.len()
}
