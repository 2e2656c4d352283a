//! Text of others in messages.

/// The text in one line, without control characters and without what Markdown takes for the border of a cell, and at most
/// `most` characters of it.
pub(crate) fn plain(text: &str, most: usize) -> String {
    let is_space = |c: char| c.is_whitespace() || c.is_control();
    let words = text.split(is_space).filter(|word| !word.is_empty());
    let line = words.collect::<Vec<_>>().join(" ").replace('|', "/");
    match line.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn text_becomes_one_short_line() {
        assert_eq!(super::plain(" a\n\n| b\u{7}c ", 50), "a / b c");
        assert_eq!(super::plain("äöü", 2), "äö…");
    }
}
