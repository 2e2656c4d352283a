//! Line charts in small multiples that share their axes: loss curves.

use super::axis::{LABEL, Scale, draw_x, draw_y};
use super::palette::{INK, SOFT};
use super::svg::{Anchor, Svg, text_width};

const LEFT: f64 = 76.0;
const GAP: f64 = 18.0;
const HEIGHT: f64 = 150.0;
const HEAD: f64 = 24.0;
const FOOT: f64 = 44.0;
const LEGEND: f64 = 26.0;

/// One line of a chart.
#[derive(Clone, Debug)]
pub struct LineSeries {
    /// Lines of one name share one entry of the legend.
    pub name: String,
    /// Color of the line.
    pub color: &'static str,
    /// SVG dash pattern, e.g. `4 3`; empty for a solid line.
    pub dash: &'static str,
    /// Data, in order.
    pub points: Vec<[f64; 2]>,
}

/// One panel of a line chart.
#[derive(Clone, Debug)]
pub struct LinePanel {
    /// Title above the panel.
    pub title: String,
    /// Lines of the panel.
    pub series: Vec<LineSeries>,
}

/// The axes that all panels share.
#[derive(Clone, Debug)]
pub struct LineAxes {
    /// Label of the x axis, with unit.
    pub x: String,
    /// Label of the y axis, with unit.
    pub y: String,
    /// Whether the y axis is logarithmic. It is linear nevertheless if a value is not above 0.
    pub log_y: bool,
}

/// Draws panels side by side, at most three per row, with a total width of `width` px.
pub fn line_chart(title: &str, axes: &LineAxes, panels: &[LinePanel], width: f64) -> String {
    let columns = panels.len().clamp(1, 3);
    let rows = panels.len().div_ceil(columns).max(1);
    let each = (width - LEFT - 12.0 - GAP * (columns - 1) as f64) / columns as f64;
    let mut svg = Svg::new(width, LEGEND + rows as f64 * (HEAD + HEIGHT + FOOT) + 4.0);
    legend(&mut svg, panels);
    let all = || panels.iter().flat_map(|p| &p.series).flat_map(|s| &s.points);
    let log_y = axes.log_y && !all().any(|p| p[1] <= 0.0);
    for (i, panel) in panels.iter().enumerate() {
        let (row, column) = (i / columns, i % columns);
        let left = LEFT + column as f64 * (each + GAP);
        let top = LEGEND + HEAD + row as f64 * (HEAD + HEIGHT + FOOT);
        let (right, bottom) = (left + each, top + HEIGHT);
        let x = Scale::around(all().map(|p| p[0]), false, true, left, right);
        let y = Scale::around(all().map(|p| p[1]), log_y, true, bottom, top);
        draw_y(&mut svg, &y, left, right, column == 0);
        draw_x(&mut svg, &x, top, bottom, &axes.x);
        svg.bold([left, top - 7.0], Anchor::Start, LABEL, INK, &panel.title);
        if column == 0 {
            svg.text_upwards([14.0, (top + bottom) / 2.0], LABEL, &axes.y);
        }
        for series in &panel.series {
            let usable = series.points.iter().filter(|p| p[0].is_finite() && p[1].is_finite());
            let px: Vec<[f64; 2]> = usable.map(|p| [x.px(p[0]), y.px(p[1])]).collect();
            match px[..] {
                [] => {}
                [one] => svg.circle(one, 2.5, series.color, 1.0),
                _ => svg.polyline(&px, series.color, 1.5, series.dash),
            }
        }
    }
    svg.finish(title)
}

fn legend(svg: &mut Svg, panels: &[LinePanel]) {
    let mut seen: Vec<&LineSeries> = Vec::new();
    for series in panels.iter().flat_map(|p| &p.series) {
        if !seen.iter().any(|s| s.name == series.name) {
            seen.push(series);
        }
    }
    let mut x = LEFT;
    for series in seen {
        svg.polyline(&[[x, 12.0], [x + 24.0, 12.0]], series.color, 2.0, series.dash);
        svg.text([x + 30.0, 16.0], Anchor::Start, LABEL, SOFT, &series.name);
        x += 30.0 + text_width(&series.name, LABEL) + 22.0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_below_zero_is_drawn_on_a_linear_axis() {
        let axes = LineAxes {
            x: "epoch".to_owned(),
            y: "loss".to_owned(),
            log_y: true,
        };
        let series = vec![LineSeries {
            name: "training".to_owned(),
            color: "#123456",
            dash: "",
            points: vec![[1.0, 4.0], [2.0, -1.0], [3.0, -2.0]],
        }];
        let panel = LinePanel {
            title: String::new(),
            series,
        };
        let svg = line_chart("", &axes, &[panel], 540.0);
        let line = svg.lines().rfind(|line| line.contains("#123456")).unwrap_or_default();
        let points = line.split('"').nth(1).unwrap_or_default();
        let heights: Vec<&str> = points.split_whitespace().filter_map(|p| p.split(',').nth(1)).collect();
        assert_eq!(heights.len(), 3);
        assert_ne!(heights[1], heights[2], "not cut to one floor");
    }
}
