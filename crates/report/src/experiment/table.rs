//! Tables and numbers as HTML text.

use crate::plot::escape;
use traj_metrics::{Interval, MeanSd};

/// What stands where the paper's number is not known here.
pub(crate) const NOT_GIVEN: &str = "not given here";

/// Rows of cells; cells are HTML already.
pub(crate) struct Table {
    head: String,
    rows: String,
    columns: usize,
}

impl Table {
    /// With one head row; the first column is text, the others are numbers.
    pub fn new(head: &[&str]) -> Self {
        let cells: String = head.iter().map(|h| format!("<th>{h}</th>")).collect();
        Self {
            head: format!("<tr>{cells}</tr>"),
            rows: String::new(),
            columns: head.len(),
        }
    }

    /// A row above the head, of titles with the number of columns each spans.
    pub fn groups(mut self, groups: &[(&str, usize)]) -> Self {
        let cells: String = groups
            .iter()
            .map(|(title, span)| {
                let class = if title.is_empty() { "" } else { " class=\"group\"" };
                format!("<th colspan=\"{span}\"{class}>{title}</th>")
            })
            .collect();
        self.head = format!("<tr>{cells}</tr>{}", self.head);
        self
    }

    /// A row; missing cells at its end stay empty.
    pub fn row(&mut self, class: &str, cells: &[String]) {
        let (first, rest) = cells.split_first().map_or(("", &[][..]), |(f, r)| (f.as_str(), r));
        let mut row = format!("<tr class=\"{class}\"><th scope=\"row\">{first}</th>");
        for cell in rest {
            row += &format!("<td>{cell}</td>");
        }
        row += &"<td></td>".repeat(self.columns.saturating_sub(cells.len()));
        self.rows += &row;
        self.rows += "</tr>\n";
    }

    pub fn html(self) -> String {
        format!(
            "<div class=\"wide\"><table><thead>{}</thead><tbody>\n{}</tbody></table></div>\n",
            self.head, self.rows
        )
    }
}

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
pub(crate) fn interval(i: Interval, decimals: usize) -> String {
    format!(
        "<b>{}</b> <span class=\"ci\">[{}, {}]</span>",
        number(Some(i.mean), decimals),
        number(Some(i.low), decimals),
        number(Some(i.high), decimals)
    )
}

/// `mean ± SD`.
pub(crate) fn mean_sd(m: MeanSd, decimals: usize) -> String {
    format!("{} ± {}", number(Some(m.mean), decimals), number(Some(m.sd), decimals))
}

/// Names and values as a definition list.
pub(crate) fn definitions<'a>(items: impl IntoIterator<Item = (&'a str, String)>) -> String {
    let items: String = items
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .map(|(name, value)| format!("<dt>{}</dt><dd>{}</dd>\n", escape(name), escape(&value)))
        .collect();
    format!("<dl>\n{items}</dl>\n")
}
