//! Paths inside a repository or an archive: only those that stay inside.

/// Whether a relative path stays in its folder on every system: parts that are not empty, `.` or `..`, without backslashes,
/// colons and control characters.
pub(crate) fn stays_inside(path: &str) -> bool {
    let plain = |part: &str| {
        let foreign = |c: char| c.is_control() || matches!(c, '\\' | ':');
        !part.is_empty() && part != "." && part != ".." && !part.contains(foreign)
    };
    path.len() <= 1024 && path.split('/').all(plain)
}

/// Encodes text for an address: everything but letters, digits and `-._~`, and `/` where `slashes` are kept.
pub(crate) fn percent_encoded(text: &str, slashes: bool) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        let plain = byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || (slashes && byte == b'/');
        if plain {
            encoded.push(char::from(byte));
        } else {
            encoded += &format!("%{byte:02X}");
        }
    }
    encoded
}

/// Whether text is a hash of `digits` lowercase hexadecimal digits.
pub(crate) fn is_hash(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_leave_their_folder_are_known() {
        for path in ["a", "a/b.c", ".gitattributes", "a b/ü", "..a"] {
            assert!(stays_inside(path), "{path}");
        }
        for path in ["", "/a", "a/", "a//b", "..", "a/../b", "./a", "a\\b", "C:/a", "a\nb"] {
            assert!(!stays_inside(path), "{path}");
        }
        assert!(!stays_inside(&"a/".repeat(600)));
    }

    #[test]
    fn addresses_are_encoded() {
        assert_eq!(percent_encoded("a b/ü", true), "a%20b/%C3%BC");
        assert_eq!(percent_encoded("refs/pr/1", false), "refs%2Fpr%2F1");
        assert!(is_hash("0af", 3) && !is_hash("0AF", 3) && !is_hash("0a", 3));
    }
}
