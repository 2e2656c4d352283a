//! Words for counts in messages.

/// A number and its noun: `1 episode`, `2 episodes`. Nouns that form their plural with an s only.
pub fn counted(count: usize, noun: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_has_no_plural() {
        assert_eq!(
            [0, 1, 2].map(|n| counted(n, "episode")),
            ["0 episodes", "1 episode", "2 episodes"]
        );
    }
}
