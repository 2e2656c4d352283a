//! Formatting of numbers.

use maud::{Markup, html};
use traj_metrics::{Bounds, Interval, MeanSd};

/// A number with a proper minus sign, or a dash for `None`.
pub(crate) fn number(value: Option<f64>, decimals: usize) -> String {
    match value {
        Some(v) if v.is_finite() => format!("{v:.decimals$}").replace('-', "−"),
        _ => "–".to_owned(),
    }
}

/// A count with thin spaces between thousands.
pub(crate) fn count(n: usize) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A [`count`] and its noun: `1 episode`, `20 520 frames`.
pub(crate) fn counts(n: usize, noun: &str) -> String {
    let plural = if n == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(n))
}

/// `value [low, high]`.
pub(crate) fn interval(i: Interval, decimals: usize) -> Markup {
    spread(i, |x| number(Some(x), decimals))
}

/// The same with signs, for a difference of rewards.
pub(crate) fn signed(i: Interval) -> Markup {
    spread(i, |x| format!("{x:+.3}").replace('-', "−"))
}

/// A value with its interval.
fn spread(i: Interval, number: impl Fn(f64) -> String) -> Markup {
    html! {
        b { (number(i.mean)) }
        " "
        span.ci {
            @match i.bounds {
                Some(Bounds { low, high }) => { "[" (number(low)) ", " (number(high)) "]" }
                None => { "[no interval]" }
            }
        }
    }
}

/// A share in %.
pub(crate) fn percent(share: Interval) -> Interval {
    share.scaled(100.0)
}

/// `mean ± SD`.
pub(crate) fn mean_sd(m: MeanSd, decimals: usize) -> String {
    format!("{} ± {}", number(Some(m.mean), decimals), number(Some(m.sd), decimals))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_interval_says_so() {
        let html = interval(Interval::new(0.3, -0.25, 0.35), 2).into_string();
        assert_eq!(html, "<b>0.30</b> <span class=\"ci\">[−0.25, 0.35]</span>");
        let one = Interval {
            mean: 0.3,
            bounds: None,
        };
        assert_eq!(
            interval(percent(one), 0).into_string(),
            "<b>30</b> <span class=\"ci\">[no interval]</span>"
        );
    }
}
