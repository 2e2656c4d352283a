//! Patterns of file names.

/// Whether a path matches a pattern: `*` stands for any characters but `/`, `**` for any characters.
pub(crate) fn matches(pattern: &str, path: &str) -> bool {
    let path: Vec<char> = path.chars().collect();
    // reached[i]: the part of the pattern read so far matches the first i characters.
    let mut reached = vec![false; path.len() + 1];
    reached[0] = true;
    let mut rest = pattern.chars().peekable();
    while let Some(c) = rest.next() {
        let deep = c == '*' && rest.next_if_eq(&'*').is_some();
        let mut next = vec![false; path.len() + 1];
        if c == '*' {
            next[0] = reached[0];
        }
        for (at, &found) in path.iter().enumerate() {
            next[at + 1] = if c == '*' {
                reached[at + 1] || (next[at] && (deep || found != '/'))
            } else {
                reached[at] && found == c
            };
        }
        reached = next;
    }
    reached[path.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_names() {
        for (pattern, path, expected) in [
            ("config.json", "config.json", true),
            ("config.json", "a/config.json", false),
            ("vae/*.safetensors", "vae/model.safetensors", true),
            ("vae/*.safetensors", "vae/a/model.safetensors", false),
            ("*", "a/b", false),
            ("**", "a/b", true),
            ("data/**.parquet", "data/chunk-000/file-000.parquet", true),
            ("data/**.parquet", "data/chunk-000/file-000.mp4", false),
            ("**/.zgroup", ".zgroup", false),
            ("a*b*c", "aXbYc", true),
            ("a*b*c", "aXbY", false),
            ("", "", true),
        ] {
            assert_eq!(matches(pattern, path), expected, "{pattern} {path}");
        }
    }

    #[test]
    fn many_stars_do_not_take_long() {
        assert!(!matches(&"*a".repeat(50), &"a".repeat(2000).replace("aa", "ab")));
    }
}
