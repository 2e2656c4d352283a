//! Histograms in rows that share their axis, one row per arm: distributions of rewards.

use super::axis::{LABEL, Scale, TICK, draw_x};
use super::dots::Mark;
use super::palette::{GRID, INK, SOFT};
use super::svg::{Anchor, Svg, text_width};

const ROW: f64 = 46.0;
const HEAD: f64 = 24.0;
const FOOT: f64 = 54.0;
const RIGHT: f64 = 96.0;

/// One row of a histogram chart.
#[derive(Clone, Debug)]
pub struct HistogramRow {
    /// Label to the left of the row.
    pub name: String,
    /// Color of the row.
    pub color: &'static str,
    /// The values; one per rollout.
    pub values: Vec<f64>,
}

/// Draws the shares of the values in 25 equal bins over `range`. Each row is scaled to its own highest bar, whose
/// share is written beside it, with its mean as a triangle; `mark` is drawn through all rows.
pub fn histogram_chart(
    title: &str,
    x_label: &str,
    range: [f64; 2],
    rows: &[HistogramRow],
    mark: Option<&Mark>,
) -> String {
    const BINS: usize = 25;
    let left = 24.0 + rows.iter().map(|r| text_width(&r.name, LABEL)).fold(60.0, f64::max);
    let width = 760.0;
    let bottom = HEAD + ROW * rows.len() as f64;
    let mut svg = Svg::new(width, bottom + FOOT);
    let x = Scale::linear(range[0], range[1], left, width - RIGHT);
    draw_x(&mut svg, &x, HEAD, bottom + 10.0, x_label);
    let shares: Vec<[f64; BINS]> = rows.iter().map(|r| shares(&r.values, range)).collect();
    for (i, (row, shares)) in rows.iter().zip(&shares).enumerate() {
        let highest = shares.iter().copied().fold(0.0, f64::max).max(1e-9);
        let base = HEAD + ROW * (i + 1) as f64;
        svg.line([left, base], [width - RIGHT, base], GRID, 1.0);
        svg.text([left - 10.0, base - 8.0], Anchor::End, LABEL, INK, &row.name);
        let step = (x.px(range[1]) - x.px(range[0])) / BINS as f64;
        for (bin, share) in shares.iter().enumerate().filter(|(_, s)| **s > 0.0) {
            let height = (ROW - 8.0) * share / highest;
            svg.rect(
                [left + bin as f64 * step + 0.5, base - height],
                [step - 1.0, height],
                row.color,
                "none",
            );
        }
        let usable: Vec<f64> = row.values.iter().copied().filter(|v| v.is_finite()).collect();
        if !usable.is_empty() {
            let mean = usable.iter().sum::<f64>() / usable.len() as f64;
            let at = x.px(mean);
            svg.polygon(
                [[at, base + 1.0], [at - 4.0, base + 7.0], [at + 4.0, base + 7.0]].as_slice(),
                INK,
            );
            let beside = |svg: &mut Svg, above: f64, text: &str| {
                svg.text([width - RIGHT + 8.0, base - above], Anchor::Start, TICK, SOFT, text);
            };
            beside(&mut svg, 22.0, &format!("highest {:.0} %", 100.0 * highest));
            beside(&mut svg, 8.0, &format!("mean {mean:.3}"));
        }
    }
    if let Some(mark) = mark {
        let at = x.px(mark.at);
        svg.dashed([at, HEAD - 4.0], [at, bottom], INK);
        svg.text([at, HEAD - 9.0], Anchor::Middle, TICK, INK, &mark.name);
    }
    svg.finish(title)
}

fn shares<const BINS: usize>(values: &[f64], [lo, hi]: [f64; 2]) -> [f64; BINS] {
    let mut shares = [0.0; BINS];
    for value in values.iter().filter(|v| v.is_finite()) {
        let bin = ((value - lo) / (hi - lo) * BINS as f64)
            .floor()
            .clamp(0.0, (BINS - 1) as f64) as usize;
        shares[bin] += 1.0 / values.len() as f64;
    }
    shares
}
