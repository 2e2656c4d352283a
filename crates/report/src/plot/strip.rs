//! Strip chart: every value as a dot, with quartiles and median, on a logarithmic axis, for directness per episode.

use super::axis::{LABEL, Scale, TICK, draw_x};
use super::dots::{Mark, draw_marks};
use super::palette::{GRID, INK, SOFT};
use super::svg::{Anchor, Svg, text_width};
use traj_metrics::quartiles;

const ROW: f64 = 46.0;
const HEAD: f64 = 40.0;
const FOOT: f64 = 44.0;
const RIGHT: f64 = 110.0;

/// One row of a strip chart: a source of values.
#[derive(Clone, Debug)]
pub struct StripRow {
    /// Label to the left of the row.
    pub name: String,
    /// Color of the row.
    pub color: &'static str,
    /// The values; those that are not positive are left out.
    pub values: Vec<f64>,
}

/// Draws rows from top to bottom; `marks` are drawn through all of them.
pub fn strip_chart(title: &str, x_label: &str, rows: &[StripRow], marks: &[Mark]) -> String {
    let width = 760.0;
    let left = 24.0 + rows.iter().map(|r| text_width(&r.name, LABEL)).fold(60.0, f64::max);
    let bottom = HEAD + ROW * rows.len() as f64;
    let mut svg = Svg::new(width, bottom + FOOT);
    let values = rows
        .iter()
        .flat_map(|r| r.values.iter().copied())
        .chain(marks.iter().map(|m| m.at));
    let x = Scale::around(values, true, false, left, width - RIGHT);
    draw_x(&mut svg, &x, HEAD, bottom, x_label);
    draw_marks(&mut svg, &x, marks, HEAD, bottom);
    for (i, row) in rows.iter().enumerate() {
        let y = HEAD + ROW * (i as f64 + 0.5);
        svg.line([left, y + ROW / 2.0], [width - RIGHT, y + ROW / 2.0], GRID, 1.0);
        svg.text([left - 10.0, y + 4.0], Anchor::End, LABEL, INK, &row.name);
        let mut values = drawn(&row.values);
        values.sort_by(f64::total_cmp);
        for (k, value) in values.iter().enumerate() {
            // Spread by the golden ratio: even and deterministic.
            let spread = (k as f64 * 0.618_034).fract() - 0.5;
            svg.circle([x.px(*value), y + spread * 24.0], 2.2, row.color, 0.45);
        }
        if let Ok([lower, median, upper]) = quartiles(&values) {
            let [from, middle, to] = [lower, median, upper].map(|v| x.px(v));
            svg.rect([from, y - 15.0], [(to - from).max(1.0), 30.0], "none", INK);
            svg.line([middle, y - 15.0], [middle, y + 15.0], INK, 2.5);
            let text = format!("median {median:.2}");
            svg.text([width - RIGHT + 10.0, y + 4.0], Anchor::Start, TICK, SOFT, &text);
        }
    }
    svg.finish(title)
}

/// The values that a logarithmic axis can hold.
fn drawn(values: &[f64]) -> Vec<f64> {
    values.iter().copied().filter(|v| v.is_finite() && *v > 0.0).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let row = |values: Vec<f64>| StripRow {
            name: "demo".to_owned(),
            color: "#000",
            values,
        };
        let chart = |values| strip_chart("t", "x", &[row(values)], &[]);
        assert!(chart(vec![9.0, 1.0, 2.0, 3.0]).contains("median 2.50"));
        assert!(chart(vec![9.0, f64::NAN, 2.0, 0.0, 3.0]).contains("median 3.00"));
        assert!(!chart(vec![f64::NAN, -1.0]).contains("median"));
    }
}
