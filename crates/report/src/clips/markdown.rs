//! Renders Markdown with paragraphs and tables, as used by the reports of other crates.

use maud::{Markup, html};

use crate::html::Table;

/// Renders Markdown text as HTML.
pub(super) fn markdown(text: &str) -> Markup {
    html! {
        @for block in text.split("\n\n").map(str::trim).filter(|block| !block.is_empty()) {
            @if block.starts_with('|') { (table(block)) } @else { p { (block) } }
        }
    }
}

fn table(block: &str) -> Markup {
    let cells = |line: &str| -> Vec<String> {
        let inner = line.trim().trim_start_matches('|').trim_end_matches('|');
        inner.split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines = block.lines();
    let head = cells(lines.next().unwrap_or_default());
    let head: Vec<&str> = head.iter().map(String::as_str).collect();
    let mut table = Table::new(&head);
    for line in lines.filter(|line| !line.starts_with("|---")) {
        let cells = cells(line);
        let cells: Vec<&dyn maud::Render> = cells.iter().map(|cell| cell as _).collect();
        table.row("", &cells);
    }
    table.html()
}

#[cfg(test)]
mod tests {
    #[test]
    fn tables_and_paragraphs_are_drawn() {
        let html = super::markdown("Two <b>.\n\n| a | b |\n|---|---|\n| x | 1 |\n\nEnd.").into_string();
        assert!(
            html.starts_with("<p>Two &lt;b&gt;.</p>") && html.ends_with("<p>End.</p>"),
            "{html}"
        );
        assert!(html.contains("<th>a</th><th>b</th>") && html.contains("<th scope=\"row\">x</th><td>1</td>"));
    }
}
