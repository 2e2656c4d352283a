//! Axes from data to px: linear and logarithmic scales with round ticks.

use super::palette::{GRID, INK};
use super::svg::{Anchor, Svg};

/// Size of tick labels, px.
pub(crate) const TICK: f64 = 11.0;
/// Size of axis labels and legends, px.
pub(crate) const LABEL: f64 = 12.0;

/// Steps of a logarithmic axis.
const ONE: &[f64] = &[1.0];
const ONE_TWO_FIVE: &[f64] = &[1.0, 2.0, 5.0];

/// One axis: data from `lo` to `hi` on px from `from` to `to`.
#[derive(Clone, Copy)]
pub(crate) struct Scale {
    log: bool,
    lo: f64,
    hi: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// A linear scale from exactly `lo` to `hi`; equal or invalid limits are widened.
    pub fn linear(lo: f64, hi: f64, from: f64, to: f64) -> Self {
        let (lo, hi) = if lo.is_finite() && hi.is_finite() {
            (lo, hi)
        } else {
            (0.0, 1.0)
        };
        let (lo, hi) = if hi > lo { (lo, hi) } else { (lo - 0.5, lo + 0.5) };
        Self {
            log: false,
            lo,
            hi,
            from,
            to,
        }
    }

    /// A scale that holds all finite values (positive ones on a logarithmic scale), with a margin; with `zero` a linear
    /// scale begins at 0.
    pub fn around(values: impl Iterator<Item = f64>, log: bool, zero: bool, from: f64, to: f64) -> Self {
        let usable = values.filter(|v| v.is_finite() && (!log || *v > 0.0));
        let (lo, hi) = usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), v| (a.min(v), b.max(v)));
        let (lo, hi) = if lo <= hi { (lo, hi) } else { (1.0, 10.0) };
        if log {
            // At least a factor of 3, so that one of the steps 1, 2, 5 falls inside.
            let air = (3.0 * lo / hi).sqrt().max(1.15);
            let (lo, hi) = (lo / air, hi * air);
            return Self { log, lo, hi, from, to };
        }
        let air = if hi > lo {
            (hi - lo) * 0.06
        } else {
            hi.abs().max(1.0) * 0.1
        };
        let low = if zero && lo >= 0.0 { 0.0 } else { lo - air };
        Self::linear(low, hi + air, from, to)
    }

    /// Position of a value, px; values beyond the scale are drawn at its ends.
    pub fn px(&self, value: f64) -> f64 {
        let part = if self.log {
            (value.max(f64::MIN_POSITIVE) / self.lo).ln() / (self.hi / self.lo).ln()
        } else {
            (value - self.lo) / (self.hi - self.lo)
        };
        self.from + part.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// Ends, px.
    pub fn ends(&self) -> [f64; 2] {
        [self.from, self.to]
    }

    /// Round values with their labels.
    pub fn ticks(&self) -> Vec<(f64, String)> {
        let room = ((self.to - self.from).abs() / 55.0).clamp(2.0, 8.0);
        if !self.log {
            return self.linear_ticks(room);
        }
        let decades = (self.hi / self.lo).log10();
        let steps = if decades * 3.0 <= room { ONE_TWO_FIVE } else { ONE };
        let stride = (decades / room).ceil().max(1.0) as i32;
        // Fewer than three labels do not show that an axis is logarithmic: use closer ones, and over less than a decade
        // the round steps of a linear axis.
        let closer =
            [(stride, steps), (1, ONE), (1, ONE_TWO_FIVE)].map(|(stride, steps)| self.log_ticks(stride, steps));
        let linear = (4..=12).map(|room| self.linear_ticks(f64::from(room)));
        let enough = closer.into_iter().chain(linear).find(|ticks| ticks.len() >= 3);
        enough.unwrap_or_else(|| self.linear_ticks(room))
    }

    fn linear_ticks(&self, room: f64) -> Vec<(f64, String)> {
        let rough = (self.hi - self.lo) / room;
        let decade = 10f64.powf(rough.log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0]
            .map(|m| m * decade)
            .into_iter()
            .find(|s| *s >= rough * 0.999)
            .unwrap_or(10.0 * decade);
        let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
        let first = (self.lo / step - 1e-9).ceil() as i64;
        let last = (self.hi / step + 1e-9).floor() as i64;
        (first..=last)
            .map(|i| i as f64 * step)
            .map(|v| (v, format!("{v:.decimals$}").replace('-', "−")))
            .collect()
    }

    /// Ticks at `steps` in every `stride`-th decade.
    fn log_ticks(&self, stride: i32, steps: &[f64]) -> Vec<(f64, String)> {
        let (first, last) = (self.lo.log10().floor() as i32, self.hi.log10().ceil() as i32);
        let mut ticks = Vec::new();
        for exponent in (first..=last).filter(|e| e.rem_euclid(stride) == 0) {
            for step in steps {
                let value = step * 10f64.powi(exponent);
                if value >= self.lo * 0.999 && value <= self.hi * 1.001 {
                    let label = if (-4..=5).contains(&exponent) {
                        format!("{value:.*}", (-exponent).max(0) as usize)
                    } else {
                        format!("{value:.0e}")
                    };
                    ticks.push((value, label));
                }
            }
        }
        ticks
    }
}

/// Draws grid, tick labels and label of a horizontal axis at `bottom`.
pub(crate) fn draw_x(svg: &mut Svg, x: &Scale, top: f64, bottom: f64, label: &str) {
    for (value, text) in x.ticks() {
        let at = x.px(value);
        svg.line([at, top], [at, bottom], GRID, 1.0);
        svg.text([at, bottom + 15.0], Anchor::Middle, TICK, INK, &text);
    }
    let [from, to] = x.ends();
    svg.line([from, bottom], [to, bottom], INK, 1.0);
    svg.text([(from + to) / 2.0, bottom + 33.0], Anchor::Middle, LABEL, INK, label);
}

/// Draws grid and tick labels of a vertical axis at `left`.
pub(crate) fn draw_y(svg: &mut Svg, y: &Scale, left: f64, right: f64, labels: bool) {
    for (value, text) in y.ticks() {
        let at = y.px(value);
        svg.line([left, at], [right, at], GRID, 1.0);
        if labels {
            svg.text([left - 7.0, at + 4.0], Anchor::End, TICK, INK, &text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(scale: Scale) -> Vec<String> {
        scale.ticks().into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn ticks_are_round() {
        assert_eq!(
            labels(Scale::linear(0.0, 1.0, 0.0, 300.0)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            labels(Scale::linear(-0.02, 0.02, 0.0, 300.0)),
            ["−0.02", "−0.01", "0.00", "0.01", "0.02"]
        );
        let log = Scale::around([1.5, 900.0].into_iter(), true, false, 0.0, 200.0);
        assert_eq!(labels(log), ["10", "100", "1000"]);
    }

    #[test]
    fn a_logarithmic_axis_has_at_least_three_labels() {
        let low = Scale::around([0.012, 0.11].into_iter(), true, false, 150.0, 0.0);
        assert_eq!(labels(low), ["0.02", "0.05", "0.1"]);
        for lo in [1e-7, 0.003, 0.7, 1.0, 3.1, 4.9, 31.0, 2.6e5] {
            for factor in [1.0, 1.8, 3.0, 4.0, 9.0, 30.0, 99.0, 1e4, 1e9] {
                for length in [100.0, 150.0, 600.0] {
                    let scale = Scale::around([lo, lo * factor].into_iter(), true, false, 0.0, length);
                    let count = scale.ticks().len();
                    assert!((3..=20).contains(&count), "{lo} × {factor}: {count}");
                }
            }
        }
    }

    #[test]
    fn unusable_data_still_have_an_axis() {
        for values in [vec![], vec![f64::NAN], vec![3.0], vec![0.0, 0.0]] {
            for log in [false, true] {
                let scale = Scale::around(values.iter().copied(), log, true, 0.0, 200.0);
                assert!(
                    scale.px(1.0).is_finite() && !scale.ticks().is_empty(),
                    "{values:?} {log}"
                );
            }
        }
    }
}
