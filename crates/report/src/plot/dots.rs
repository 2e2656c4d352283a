//! Dot chart with one point and interval per row and reference lines, for the arms of an experiment.

use super::axis::{LABEL, Scale, TICK, draw_x};
use super::palette::{GRID, INK, SOFT};
use super::svg::{Anchor, Svg, text_width};
use traj_metrics::{Bounds, Interval};

const ROW: f64 = 34.0;
const HEAD: f64 = 40.0;
const FOOT: f64 = 44.0;
const RIGHT: f64 = 170.0;

/// One row of a dot chart.
#[derive(Clone, Debug)]
pub struct DotRow {
    /// Label to the left of the row.
    pub name: String,
    /// Color of the row.
    pub color: &'static str,
    /// Point and interval.
    pub interval: Interval,
    /// Single values (one per training seed), drawn small.
    pub singles: Vec<f64>,
}

/// A reference line across all rows.
#[derive(Clone, Debug)]
pub struct Mark {
    /// Label above the line.
    pub name: String,
    /// Its value.
    pub at: f64,
}

/// Draws rows from top to bottom. The axis holds all intervals and marks, and begins at 0 if none is negative.
pub fn dot_chart(title: &str, x_label: &str, rows: &[DotRow], marks: &[Mark]) -> String {
    let width = 760.0;
    let left = 24.0 + rows.iter().map(|r| text_width(&r.name, LABEL)).fold(60.0, f64::max);
    let bottom = HEAD + ROW * rows.len() as f64;
    let mut svg = Svg::new(width, bottom + FOOT);
    let values = rows.iter().flat_map(|r| {
        let bounds = r.interval.bounds.into_iter();
        bounds
            .flat_map(|Bounds { low, high }| [low, high])
            .chain([r.interval.mean])
    });
    let values = values.chain(rows.iter().flat_map(|r| r.singles.iter().copied()));
    let x = Scale::around(
        values.chain(marks.iter().map(|m| m.at)),
        false,
        true,
        left,
        width - RIGHT,
    );
    draw_x(&mut svg, &x, HEAD, bottom, x_label);
    draw_marks(&mut svg, &x, marks, HEAD, bottom);
    for (i, row) in rows.iter().enumerate() {
        let y = HEAD + ROW * (i as f64 + 0.5);
        if i > 0 {
            svg.line([left, y - ROW / 2.0], [width - 10.0, y - ROW / 2.0], GRID, 1.0);
        }
        let Interval { mean, bounds } = row.interval;
        svg.text([left - 10.0, y + 4.0], Anchor::End, LABEL, INK, &row.name);
        for single in row.singles.iter().filter(|s| s.is_finite()) {
            svg.circle([x.px(*single), y + 9.0], 2.2, row.color, 0.55);
        }
        if let Some(Bounds { low, high }) = bounds {
            svg.line([x.px(low), y], [x.px(high), y], row.color, 3.0);
        }
        svg.circle([x.px(mean), y], 5.5, row.color, 1.0);
        let text = match bounds {
            Some(Bounds { low, high }) => format!("{mean:.3}  [{low:.3}, {high:.3}]").replace('-', "−"),
            None => format!("{mean:.3}  [no interval]").replacen('-', "−", 1),
        };
        svg.text([width - RIGHT + 14.0, y + 4.0], Anchor::Start, LABEL, INK, &text);
    }
    svg.finish(title)
}

/// Draws dashed lines from `head` to `bottom` with their names above, inside the chart and on two lines, so that close
/// marks are readable.
pub(crate) fn draw_marks(svg: &mut Svg, x: &Scale, marks: &[Mark], head: f64, bottom: f64) {
    let mut sorted: Vec<&Mark> = marks.iter().filter(|m| m.at.is_finite()).collect();
    sorted.sort_by(|a, b| a.at.total_cmp(&b.at));
    let mut end = [f64::NEG_INFINITY; 2];
    for mark in sorted {
        let at = x.px(mark.at);
        let width = text_width(&mark.name, TICK);
        let left = (at - width / 2.0).clamp(4.0, (svg.width() - width - 4.0).max(4.0));
        let line = usize::from(left < end[0] + 8.0 && end[1] < end[0]);
        let left = left.max(end[line] + 8.0);
        end[line] = left + width;
        svg.dashed([at, head - 6.0], [at, bottom], SOFT);
        svg.text(
            [left, head - 11.0 - 14.0 * line as f64],
            Anchor::Start,
            TICK,
            SOFT,
            &mark.name,
        );
    }
}
