//! Parsers of argument values.

/// Parses a finite number.
pub(crate) fn finite(text: &str) -> Result<f64, String> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| "expected a finite number".to_owned())
}

/// Parses gigabytes (10⁹ bytes) into bytes.
pub(crate) fn gigabytes(text: &str) -> Result<u64, String> {
    let number = finite(text).ok().filter(|number| *number > 0.0);
    let number = number.ok_or("expected gigabytes above 0")?;
    Ok((number * 1e9) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read() {
        assert_eq!((finite("2.5"), gigabytes("2.5")), (Ok(2.5), Ok(2_500_000_000)));
        for text in ["nan", "inf", "two"] {
            assert!(finite(text).is_err() && gigabytes(text).is_err());
        }
        assert!(gigabytes("0").is_err() && gigabytes("-1").is_err());
    }
}
