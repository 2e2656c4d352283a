//! Tables whose first column is text.

use maud::{Markup, Render, html};

/// A table with one or two header rows.
pub(crate) struct Table {
    groups: Vec<(String, usize)>,
    head: Vec<String>,
    text: Vec<usize>,
    dense: bool,
    rows: Vec<Markup>,
}

impl Table {
    /// A table with one header row.
    pub(crate) fn new(head: &[&str]) -> Self {
        Self {
            groups: Vec::new(),
            head: head.iter().map(|&title| title.to_owned()).collect(),
            text: vec![0],
            dense: false,
            rows: Vec::new(),
        }
    }

    /// Adds a header row above it: titles with the number of columns that each spans.
    pub(crate) fn groups(mut self, groups: &[(&str, usize)]) -> Self {
        self.groups = groups.iter().map(|&(title, span)| (title.to_owned(), span)).collect();
        self
    }

    /// Sets further text columns, counted from 0; the others are numbers.
    pub(crate) fn text(mut self, columns: &[usize]) -> Self {
        self.text.extend(columns);
        self
    }

    /// Puts intervals below their values, for a table with many columns.
    pub(crate) fn dense(self) -> Self {
        Self { dense: true, ..self }
    }

    fn class(&self, column: usize) -> Option<&'static str> {
        (column > 0 && self.text.contains(&column)).then_some("text")
    }

    /// Adds a row with a CSS class; missing cells at its end stay empty.
    pub(crate) fn row(&mut self, class: &str, cells: &[&dyn Render]) {
        let missing = self.head.len().saturating_sub(cells.len());
        let class = (!class.is_empty()).then_some(class);
        self.rows.push(html! {
            tr class=[class] {
                @for (k, cell) in cells.iter().enumerate() {
                    @if k == 0 {
                        th scope="row" { (cell) }
                    } @else {
                        td class=[self.class(k)] { (cell) }
                    }
                }
                @for _ in 0..missing { td {} }
            }
        });
    }

    /// Adds a row with a name and one cell that spans the other columns.
    pub(crate) fn spanned(&mut self, name: &dyn Render, text: &str) {
        let rest = self.head.len().saturating_sub(1);
        self.rows.push(html! {
            tr {
                th scope="row" { (name) }
                td.text colspan=(rest) { (text) }
            }
        });
    }

    /// Renders the table, which scrolls if the page is too narrow.
    pub(crate) fn html(self) -> Markup {
        html! {
            div.wide tabindex="0" {
                table class=[self.dense.then_some("dense")] {
                    thead {
                        @if !self.groups.is_empty() {
                            tr {
                                @for (title, span) in &self.groups {
                                    @let class = (!title.is_empty()).then_some("group");
                                    th colspan=(span) class=[class] { (title) }
                                }
                            }
                        }
                        tr { @for (k, title) in self.head.iter().enumerate() { th class=[self.class(k)] { (title) } } }
                    }
                    tbody { @for row in &self.rows { (row) } }
                }
            }
        }
    }
}

/// A name with a description below it.
pub(crate) fn named(name: &str, what: &str) -> Markup {
    html! {
        (name)
        small { (what) }
    }
}
