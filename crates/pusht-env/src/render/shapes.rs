//! Filled polygons, discs and thick segments, pixel for pixel as pygame draws them.

use super::FillRule;
use super::canvas::{Canvas, Color, on_board};
use super::grid::BOARD;

/// A point of the surface's integer grid.
pub(super) type Point = [i32; 2];

/// Fills a convex polygon. pygame fills between sorted crossings of each row; a convex outline has two per row.
pub(super) fn polygon(canvas: &mut Canvas, points: &[Point], color: Color, rule: FillRule) {
    let bounds = |axis: usize| {
        let low = points.iter().map(|p| p[axis]).min().unwrap_or(0);
        let high = points.iter().map(|p| p[axis]).max().unwrap_or(0);
        (low, high)
    };
    let (top, bottom) = bounds(1);
    if top == bottom {
        let (left, right) = bounds(0);
        canvas.hline(left, top, right, color);
        return;
    }
    let rows = canvas.grid().places(top, bottom);
    if rows.start >= rows.end {
        return;
    }
    let mut ends = std::mem::take(&mut canvas.ends);
    ends[rows.clone()].fill([i32::MAX, i32::MIN]);
    for (i, &current) in points.iter().enumerate() {
        let previous = points[if i == 0 { points.len() - 1 } else { i - 1 }];
        let (upper, lower) = if previous[1] < current[1] {
            (previous, current)
        } else {
            (current, previous)
        };
        if upper[1] < lower[1] {
            crossings(canvas, upper, lower, bottom, rule, &mut ends);
        }
    }
    for row in rows {
        let [first, last] = ends[row];
        if first <= last {
            canvas.fill_row(row, first, last, color);
        }
    }
    canvas.ends = ends;
    // Horizontal border lines between the top and the bottom row, which the crossings miss.
    for (i, &[x, y]) in points.iter().enumerate() {
        let [x_previous, y_previous] = points[if i == 0 { points.len() - 1 } else { i - 1 }];
        if top < y && y_previous == y && y < bottom {
            canvas.hline(x, y, x_previous, color);
        }
    }
}

/// Widens `ends` by the crossings of one edge with the kept rows. The edge's lower endpoint counts only in the
/// polygon's last row.
fn crossings(canvas: &Canvas, upper: Point, lower: Point, bottom: i32, rule: FillRule, ends: &mut [[i32; 2]]) {
    let last = if lower[1] == bottom { bottom } else { lower[1] - 1 };
    let rows = canvas.grid().places(upper[1], last);
    if rows.start >= rows.end {
        return;
    }
    let run = f64::from(lower[0] - upper[0]);
    let rise = f64::from(lower[1] - upper[1]);
    let y0 = f64::from(upper[1]);
    let rows_y = &canvas.grid().coordinates()[rows.clone()];
    let ends = ends[rows].iter_mut().zip(rows_y);
    match rule {
        FillRule::Pygame26 => {
            let x0 = f64::from(upper[0]);
            widen(ends, |y| ((f64::from(y) - y0) * run / rise + x0) as i32);
        }
        FillRule::Pygame25 => widen(ends, |y| ((f64::from(y) - y0) * run / rise) as i32 + upper[0]),
    }
}

/// Extends each row's span to the row's crossing.
fn widen<'a>(ends: impl Iterator<Item = (&'a mut [i32; 2], &'a u16)>, crossing: impl Fn(u16) -> i32) {
    for (end, &y) in ends {
        let x = crossing(y);
        *end = [end[0].min(x), end[1].max(x)];
    }
}

/// Half-widths of a disc's rows by distance from its center line: row `y0 + i` and row `y0 - 1 - i` reach from `x0 -
/// half` to `x0 + half - 1`. The center lies between pixels.
#[derive(Clone, Debug)]
pub(super) struct Disc(Vec<i32>);

impl Disc {
    /// A disc by pygame's midpoint iteration.
    pub(super) fn new(radius: i32) -> Self {
        let mut half = vec![0; radius as usize];
        let mut reach = |row: i32, x: i32| {
            if let Some(h) = usize::try_from(row).ok().and_then(|r| half.get_mut(r)) {
                *h = (*h).max(x);
            }
        };
        let (mut f, mut step_x, mut step_y) = (1 - radius, 0, -2 * radius);
        let (mut x, mut y) = (0, radius);
        while x < y {
            if f >= 0 {
                y -= 1;
                step_y += 2;
                f += step_y;
            }
            x += 1;
            step_x += 2;
            f += step_x + 1;
            if f >= 0 {
                reach(y - 1, x);
            }
            reach(x - 1, y);
        }
        Self(half)
    }

    /// Draws the disc.
    pub(super) fn fill(&self, canvas: &mut Canvas, [x, y]: Point, color: Color) {
        let radius = self.0.len() as i32;
        for row in canvas.grid().places(y - radius, y + radius - 1) {
            let at = i32::from(canvas.grid().coordinates()[row]);
            let half = self.0[if at >= y { at - y } else { y - 1 - at } as usize];
            if half > 0 {
                canvas.fill_row(row, x - half, x + half - 1, color);
            }
        }
    }
}

/// Draws pymunk's line of radius 2 with round ends: a thick line, a quadrilateral (not quite the same pixels) and two
/// discs.
pub(super) fn fat_segment(canvas: &mut Canvas, p1: Point, p2: Point, end: &Disc, color: Color, rule: FillRule) {
    thick_line(canvas, p1, p2, color);
    if p1 == p2 {
        return;
    }
    let (across, along) = (f64::from((p2[1] - p1[1]).abs()), f64::from((p2[0] - p1[0]).abs()));
    let scale = 2.0 / (across * across + along * along).sqrt();
    let [ox, oy] = [across, along].map(|o| (o * scale).round_ties_even() as i32);
    let corners = [
        [p1[0] - ox, p1[1] - oy],
        [p1[0] + ox, p1[1] + oy],
        [p2[0] + ox, p2[1] + oy],
        [p2[0] - ox, p2[1] - oy],
    ];
    polygon(canvas, &corners, color, rule);
    end.fill(canvas, p1, color);
    end.fill(canvas, p2, color);
}

/// Draws pygame's line of width 4: Bresenham's line, each of whose points is a span of -1 to +2 px across the main
/// direction.
fn thick_line(canvas: &mut Canvas, from: Point, to: Point, color: Color) {
    let Some(([mut x, mut y], [x_end, y_end])) = clip(from, to) else {
        return;
    };
    let [dx, dy] = [0, 1].map(|i| (to[i] - from[i]).abs());
    let [sx, sy] = [0, 1].map(|i| if from[i] < to[i] { 1 } else { -1 });
    // The error term is that of the line before clipping, as in the reference.
    let mut error = if dx > dy { dx } else { -dy } / 2;
    let mut step = |x: &mut i32, y: &mut i32| {
        let e = error;
        if e > -dx {
            error -= dy;
            *x += sx;
        }
        if e < dy {
            error += dx;
            *y += sy;
        }
    };
    let level = dx <= dy;
    let span = |canvas: &mut Canvas, x: i32, y: i32| {
        if level {
            canvas.hline(x - 1, y, x + 2, color);
        } else {
            canvas.vline(x, y - 1, y + 2, color);
        }
    };
    while (x - x_end) * sx < 0 || (y - y_end) * sy < 0 {
        span(canvas, x, y);
        step(&mut x, &mut y);
    }
    // Beyond the clipped endpoint, as long as one end of the span is still on the board.
    let visible = |x: i32, y: i32| {
        if level {
            on_board(x - 1, y) || on_board(x + 2, y)
        } else {
            on_board(x, y - 1) || on_board(x, y + 2)
        }
    };
    while (if level { y != to[1] } else { x != to[0] }) && visible(x, y) {
        span(canvas, x, y);
        step(&mut x, &mut y);
    }
    span(canvas, x, y);
}

/// Liang–Barsky clipping to 0..=512 (one beyond the last pixel, as in the reference), rounded half away from zero.
fn clip(from: Point, to: Point) -> Option<(Point, Point)> {
    let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
    for axis in 0..2 {
        let run = to[axis] - from[axis];
        let (to_low, to_high) = (from[axis], BOARD - from[axis]);
        if run == 0 {
            if to_low < 0 || to_high < 0 {
                return None;
            }
            continue;
        }
        let low = f64::from(to_low) / f64::from(-run);
        let high = f64::from(to_high) / f64::from(run);
        let (first, last) = if run > 0 { (low, high) } else { (high, low) };
        enter = enter.max(first);
        leave = leave.min(last);
    }
    let at = |t: f64| {
        [0, 1].map(|axis| {
            let moved = f64::from(to[axis] - from[axis]) * t;
            from[axis] + (moved + if moved < 0.0 { -0.5 } else { 0.5 }) as i32
        })
    };
    (enter <= leave).then(|| (at(enter), at(leave)))
}
