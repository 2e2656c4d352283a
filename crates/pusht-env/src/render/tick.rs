//! The anti-aliased line of a contact, in pygame's float32 arithmetic.

use super::canvas::{Canvas, Color};
use super::grid::BOARD;
use super::shapes::Point;

/// The surface is clipped one pixel wider on every side, so that a line that crosses its border is drawn in full.
const LOW: f32 = -1.0;
const HIGH: f32 = BOARD as f32;

/// Draws the line between two integer points.
pub(super) fn anti_aliased_line(canvas: &mut Canvas, from: Point, to: Point, color: Color) {
    if from == to {
        canvas.blend(from[0], from[1], color, 1.0);
        return;
    }
    let [mut from, mut to] = [from, to].map(|p| p.map(|c| c as f32));
    let steep = (to[0] - from[0]).abs() < (to[1] - from[1]).abs();
    if steep {
        from.swap(0, 1);
        to.swap(0, 1);
    }
    if to[0] < from[0] {
        std::mem::swap(&mut from, &mut to);
    }
    if to[0] <= LOW || from[0] >= HIGH {
        return;
    }
    let gradient = (to[1] - from[1]) / (to[0] - from[0]);
    let Some((from, to)) = clip(from, to, gradient) else {
        return;
    };
    let mut plot = |x: i32, y: i32, brightness: f32| {
        let (x, y) = if steep { (y, x) } else { (x, y) };
        canvas.blend(x, y, color, brightness);
    };
    // Shifted one row down, so that truncating rounds down; plotted one row up again.
    let [from_x, from_y] = [from[0], from[1] + 1.0];
    let [to_x, to_y] = [to[0], to[1] + 1.0];
    let mut end = |x: i32, y: f32, gap: f32| {
        let row = y as i32;
        let brightness = y - row as f32;
        if (row as f32) < y {
            plot(x, row, brightness * gap);
        }
        plot(x, row - 1, (1.0 - brightness) * gap);
    };
    let mut first = from_x as i32;
    let mut y = from_y + gradient * (first as f32 - from_x);
    if to_x > LOW + 1.0 {
        end(first, y, (1 + first) as f32 - from_x);
        y += gradient;
        first += 1;
    }
    let last = to_x.ceil() as i32;
    if from_x < HIGH - 1.0 {
        end(last, to_y + gradient * (last as f32 - to_x), (1 - last) as f32 + to_x);
    }
    for x in first..last {
        let row = y as i32;
        let brightness = 1.0 - y + row as f32;
        plot(x, row - 1, brightness);
        if (row as f32) < y {
            plot(x, row, 1.0 - brightness);
        }
        y += gradient;
    }
}

/// Moves the endpoints along the line onto the widened surface; none if the line misses it.
fn clip(mut from: [f32; 2], mut to: [f32; 2], gradient: f32) -> Option<([f32; 2], [f32; 2])> {
    if from[0] < LOW {
        from = [LOW, from[1] + gradient * (LOW - from[0])];
    }
    if to[0] > HIGH {
        to = [HIGH, to[1] + gradient * (HIGH - to[0])];
    }
    let (upper, lower) = if gradient > 0.0 {
        (&mut from, &mut to)
    } else {
        (&mut to, &mut from)
    };
    if lower[1] <= LOW || upper[1] >= HIGH {
        return None;
    }
    if upper[1] < LOW {
        *upper = [upper[0] + (LOW - upper[1]) / gradient, LOW];
    }
    if lower[1] > HIGH {
        *lower = [lower[0] + (HIGH - lower[1]) / gradient, HIGH];
    }
    Some((from, to))
}
