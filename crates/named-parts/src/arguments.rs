//! Parsers of argument values.

use std::sync::OnceLock;

/// What `auto` stands for, once it was asked for.
static CHOSEN: OnceLock<training::BestDevice> = OnceLock::new();

/// Parses the name of a device: `auto` becomes the name of the best one, so that results name it.
///
/// # Errors
/// None; the device is checked where it is opened.
pub fn device_name(text: &str) -> Result<String, String> {
    if text != "auto" {
        return Ok(text.to_owned());
    }
    Ok(CHOSEN.get_or_init(training::best_device).name.to_owned())
}

/// The device that `auto` chose, and why no other, if an argument asked for it.
pub fn chosen_device() -> Option<String> {
    CHOSEN.get().map(ToString::to_string)
}

/// Parses a finite number.
///
/// # Errors
/// Text that is no finite number.
pub fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| "expected a finite number".to_owned())
}

/// Parses gigabytes (10⁹ bytes) into bytes.
///
/// # Errors
/// Text that is no number above 0.
pub fn gigabytes(text: &str) -> Result<u64, String> {
    let number = finite(text).ok().filter(|number| *number > 0.0);
    let number = number.ok_or("expected gigabytes above 0")?;
    Ok((number * 1e9) as u64)
}

/// The name that `text` most likely was to be: the one with the fewest edits, at most two.
pub fn similar<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    let near = names.iter().map(|name| (edits(text, name), *name));
    near.filter(|(edits, _)| *edits <= 2).min().map(|(_, name)| name)
}

/// Levenshtein distance: insertions, deletions and replacements of characters.
fn edits(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.chars().count()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, y) in b.chars().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_becomes_the_name_of_a_device() {
        assert_eq!(device_name("cuda:1"), Ok("cuda:1".to_owned()));
        let name = device_name("auto").unwrap();
        assert!(["cpu", "cuda", "wgpu"].contains(&name.as_str()));
        assert!(chosen_device().unwrap().starts_with(&name));
    }

    #[test]
    fn numbers_are_read() {
        assert_eq!((finite("2.5"), gigabytes("2.5")), (Ok(2.5), Ok(2_500_000_000)));
        for text in ["nan", "inf", "two"] {
            assert!(finite(text).is_err() && gigabytes(text).is_err());
        }
        assert_eq!(
            (edits("exprt", "expert"), edits("", "abc"), edits("kitten", "sitting")),
            (1, 3, 3)
        );
        let names = ["still", "random", "expert"];
        assert_eq!(
            (similar("exprt", &names), similar("policy.safetensors", &names)),
            (Some("expert"), None)
        );
        assert!(gigabytes("0").is_err() && gigabytes("-1").is_err());
    }
}
