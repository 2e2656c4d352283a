//! Boards that lie turned by any angle in the frame: the maps of this crate have one scale and one offset per axis and
//! describe none of them.

use std::f64::consts::{FRAC_PI_2, PI};

use crate::bilinear::{Between, Pixels};
use crate::board::BOARD;
use crate::board_fit::{Edges, OUTLIER, Picture, Points, is_green};

/// Angles of the first search, rad: steps over the whole turn, of which every second is left out beyond the first ones.
const STEP: f64 = PI / 180.0;
const LAST: i32 = 180;
const ALL: i32 = 12;

/// Sizes of the board over that of the upright one: borders make it smaller or larger.
const SIZES: [f64; 12] = [0.64, 0.7, 0.76, 0.82, 0.88, 0.94, 0.97, 1.0, 1.03, 1.06, 1.09, 1.12];

/// First and last step of the fine search: angle in rad; the board's center and sides in sides of the board.
const FINE: (f64, f64) = (PI / 360.0, PI / 6000.0);
const FINE_SHIFT: f64 = 0.01;

/// Number of the best coarse maps that are searched further.
const FURTHER: usize = 4;

/// Share of the upright board's cost below which a turned one is searched further.
const PROMISING: f64 = 0.97;

/// Cost above which a frame shows no board within a degree of a turn, squared levels.
const A_BOARD: f64 = 400.0;

/// Smallest turn that is told from none, rad: under 0.4° the edge of the board moves by less than 2 of its px.
const LEAST: f64 = 0.4 * PI / 180.0;

/// A turned board costs less than the upright one by at least this share and this much, squared levels.
const CLEARLY: (f64, f64) = (0.12, 2.0);

/// A map from the board to the frame with a turn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TurnedMap {
    /// Center of the board in the frame, px.
    center: [f64; 2],
    /// Half the sides of the board, frame px.
    half: [f64; 2],
    /// Clockwise turn, rad.
    pub(crate) angle: f64,
}

impl TurnedMap {
    fn upright([[left, right], [upper, lower]]: Edges) -> Self {
        Self {
            center: [(left + right) / 2.0, (upper + lower) / 2.0],
            half: [(right - left) / 2.0, (lower - upper) / 2.0],
            angle: 0.0,
        }
    }

    /// Mean squared difference per channel, cut off, over the points of the board that are neither agent nor T, as
    /// [`crate::board_fit::cost`] has it for cropped boards; infinite if it is not below `bound`, or too little is seen.
    fn cost(&self, frame: &Pixels, points: &Points, bound: f64) -> f64 {
        let [width, height] = frame.size();
        let (sin, cos) = self.angle.sin_cos();
        let most = OUTLIER * OUTLIER;
        let all = points.count;
        let (mut sum, mut count) = (0.0_f64, 0_usize);
        for ([x, y], color) in points.iter() {
            let [u, v] = [(x, 0), (y, 1)].map(|(at, k)| ((at + 0.5) * 2.0 / BOARD - 1.0) * self.half[k]);
            let across = Between::new(self.center[0] + cos * u - sin * v - 0.5, width);
            let down = Between::new(self.center[1] + sin * u + cos * v - 0.5, height);
            let (Some(across), Some(down)) = (across, down) else {
                if is_green(color) {
                    sum += f64::from(most) / 2.0;
                    count += 1;
                }
                continue;
            };
            let seen = frame.rows(down).at(across);
            if seen[2] - seen[0] > 15.0 {
                continue;
            }
            let off: [f32; 3] = std::array::from_fn(|c| (seen[c] - color[c]).powi(2).min(most));
            sum += f64::from(off[0] + off[1] + off[2]) / 3.0;
            count += 1;
            // The remaining points cannot reduce the sum.
            if sum >= bound * all as f64 {
                return f64::INFINITY;
            }
        }
        let cost = sum / count.max(1) as f64 * (1.0 + (all - count) as f64 / all.max(1) as f64);
        if count * 2 < all || cost >= bound {
            f64::INFINITY
        } else {
            cost
        }
    }

    /// The best map near this one, with its cost; `turns` says whether the angle may change.
    fn searched(self, frame: &Pixels, points: &Points, turns: bool) -> (Self, f64) {
        let mut best = (self, self.cost(frame, points, f64::INFINITY));
        let mut turn = FINE.0;
        while turn > FINE.1 {
            let shift = FINE_SHIFT * turn / FINE.0 * (self.half[0] + self.half[1]);
            let before = best.1;
            for by in [-1.0, 1.0] {
                for number in usize::from(!turns)..6 {
                    let mut next = best.0;
                    match number {
                        0 => next.angle += by * turn,
                        1 | 2 => next.center[number - 1] += by * shift,
                        3 | 4 => next.half[number - 3] += by * shift / 2.0,
                        _ => next.half = next.half.map(|half| half + by * shift / 2.0),
                    }
                    if next.half.iter().any(|&half| half < 8.0) {
                        continue;
                    }
                    let cost = next.cost(frame, points, best.1);
                    if cost < best.1 {
                        best = (next, cost);
                    }
                }
            }
            // Small gains are made with smaller steps.
            if best.1 >= 0.995 * before {
                turn /= 2.0;
            }
        }
        best
    }
}

/// Clockwise turn of the board in a frame, rad, from -π to π, if a turned board fits it clearly better than `upright`, the best
/// map without a turn. `pictures` are the images of the board to compare with, `goal` centroid and standard deviation of the
/// goal's green in frame and board.
pub(crate) fn turn_of(frame: &Pixels, pictures: &[Picture], upright: Edges, goal: [[[f64; 2]; 2]; 2]) -> Option<f64> {
    let start = TurnedMap::upright(upright);
    // The image of the board that fits better.
    let costs = pictures
        .iter()
        .map(|picture| (picture, start.cost(frame, &picture.all, f64::INFINITY)));
    let (picture, now) = costs.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let worth = (PROMISING * now).min(A_BOARD);
    // The best start of each angle, then the best of these with all points: the few ones see borders more than goals.
    let mut near: Vec<(TurnedMap, f64)> = angles()
        .filter_map(|angle| {
            let costs =
                starts(start, frame.size(), goal, angle).map(|map| (map, map.cost(frame, &picture.few, f64::INFINITY)));
            costs.min_by(|a, b| a.1.total_cmp(&b.1))
        })
        .map(|(map, _)| (map, map.cost(frame, &picture.all, worth)))
        .filter(|(_, cost)| cost.is_finite())
        .collect();
    near.sort_by(|a, b| a.1.total_cmp(&b.1));
    let near = near.into_iter().take(FURTHER);
    let found = near.map(|(map, _)| map.searched(frame, &picture.all, true));
    let (map, cost) = found.min_by(|a, b| a.1.total_cmp(&b.1))?;
    let (_, level) = start.searched(frame, &picture.all, false);
    let angle = (map.angle + PI).rem_euclid(2.0 * PI) - PI;
    let clearly = cost < (1.0 - CLEARLY.0) * level && level - cost > CLEARLY.1;
    (angle.abs() > LEAST && clearly).then_some(angle)
}

/// The angles of the first search, rad.
fn angles() -> impl Iterator<Item = f64> {
    let turns = (-LAST..=LAST).filter(|k: &i32| k.abs() <= ALL || k % 2 == 0);
    turns.map(|k| f64::from(k) * STEP)
}

/// Boards turned by an angle: of about the size of the upright one, of the frame's size, within the frame, and with the
/// goal where the frame has green.
fn starts(
    start: TurnedMap,
    size: [usize; 2],
    [[goal, wide], [goal_on_board, wide_on_board]]: [[[f64; 2]; 2]; 2],
    angle: f64,
) -> impl Iterator<Item = TurnedMap> {
    let middle = size.map(|side| side as f64 / 2.0);
    let scale = wide[0].hypot(wide[1]) / wide_on_board[0].hypot(wide_on_board[1]);
    let (sin, cos) = angle.sin_cos();
    let quarter = angle.rem_euclid(FRAC_PI_2);
    let within = middle.map(|half| half / (quarter.sin() + quarter.cos()));
    let at = goal_on_board.map(|c| (c + 0.5 - BOARD / 2.0) * scale);
    let by_goal = [goal[0] - cos * at[0] + sin * at[1], goal[1] - sin * at[0] - cos * at[1]];
    let around = (start.half[0] + start.half[1]) / 2.0;
    let sizes = [start.center, middle].map(|center| SIZES.map(|by| (center, [around * by; 2])));
    let others = [
        (start.center, start.half),
        (middle, middle),
        (middle, within),
        (by_goal, [scale * BOARD / 2.0; 2]),
    ];
    let all = others.into_iter().chain(sizes.into_iter().flatten());
    all.map(move |(center, half)| TurnedMap { center, half, angle })
}
