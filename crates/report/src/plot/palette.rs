//! Colors: Okabe and Ito's palette, which is safe for common forms of color blindness; its yellow is left out (too
//! faint on white).

/// Text and axes.
pub(crate) const INK: &str = "#1f2430";
/// Secondary text.
pub(crate) const SOFT: &str = "#667085";
/// Grid lines.
pub(crate) const GRID: &str = "#e6e8ec";

const SERIES: [&str; 6] = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"];

/// The i-th color of a chart; colors repeat after six.
pub fn color(i: usize) -> &'static str {
    SERIES[i % SERIES.len()]
}

/// The color of an arm, the same in every chart.
pub fn arm_color(arm: &str) -> &'static str {
    match arm {
        "demo" => SERIES[0],
        "demo-matched" => SERIES[5],
        "idm" => SERIES[2],
        "generated" => SERIES[1],
        "mixed" => SERIES[3],
        name if name.starts_with("mixed-real") => SERIES[4],
        "mixed-crossfade" => "#b0a03a",
        "expert" => INK,
        "still" | "random" => "#8a919e",
        _ => SERIES[4],
    }
}

/// The dash pattern of an arm's lines, so that lines on top of each other are both visible; `demo` is solid.
pub fn arm_dash(arm: &str) -> &'static str {
    match arm {
        "demo" => "",
        "demo-matched" => "9 3",
        "idm" => "4 4",
        "generated" => "1.5 2.5",
        "mixed" => "8 3 2 3",
        _ => "3 6",
    }
}
