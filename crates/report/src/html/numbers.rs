//! Numbers as pages write them.

use maud::{Markup, html};
use traj_metrics::{Interval, MeanSd};

/// A number with a true minus, or a dash.
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

/// `value [low, high]`.
pub(crate) fn interval(i: Interval, decimals: usize) -> Markup {
    let [mean, low, high] = [i.mean, i.low, i.high].map(|x| number(Some(x), decimals));
    spread(&mean, &low, &high)
}

/// The same with signs, of a difference of rewards.
pub(crate) fn signed(i: Interval) -> Markup {
    let [mean, low, high] = [i.mean, i.low, i.high].map(|x| format!("{x:+.3}").replace('-', "−"));
    spread(&mean, &low, &high)
}

/// A value and its interval as they are written.
fn spread(mean: &str, low: &str, high: &str) -> Markup {
    html! {
        b { (mean) }
        " "
        span.ci { "[" (low) ", " (high) "]" }
    }
}

/// A share in %.
pub(crate) fn percent(share: Interval) -> Interval {
    Interval {
        mean: share.mean * 100.0,
        low: share.low * 100.0,
        high: share.high * 100.0,
    }
}

/// `mean ± SD`.
pub(crate) fn mean_sd(m: MeanSd, decimals: usize) -> String {
    format!("{} ± {}", number(Some(m.mean), decimals), number(Some(m.sd), decimals))
}
