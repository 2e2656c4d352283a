//! The ratings of a study as plain values, and as CSV.

use std::io::{self, Write};

use crate::Scores;

/// A clip of a study.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatedClip {
    /// Path relative to the folder of clips, with `/`.
    pub name: String,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

/// One person's rating of one clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Rating {
    /// Index into [`Ratings::clips`].
    pub clip: usize,
    /// Index into [`Ratings::raters`].
    pub rater: usize,
    /// The scores.
    pub scores: Scores,
    /// Time of the rating, UTC, RFC 3339.
    pub rated: String,
    /// Seconds for which the page showed the clip.
    pub seconds: Option<f64>,
}

/// All valid (not withdrawn) ratings of a study, with its clips and raters. There is at most one per clip and rater.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ratings {
    /// All clips of the study, sorted by name.
    pub clips: Vec<RatedClip>,
    /// All raters who began, sorted by name.
    pub raters: Vec<String>,
    /// Ratings in the order in which they were given.
    pub ratings: Vec<Rating>,
}

/// Names of the columns of an export.
pub(crate) const CSV_HEADER: &str = "clip,sha256,rater,adherence,responsibility,physics,rated,seconds";

impl Ratings {
    /// Writes one line per rating after a header line: clip, sha256, rater, adherence, responsibility, physics, rated,
    /// seconds. RFC 4180: lines end in CR LF, fields with commas, quotes or line breaks are quoted.
    ///
    /// # Errors
    /// An error of `out`.
    pub fn write_csv(&self, mut out: impl Write) -> io::Result<()> {
        write!(out, "{CSV_HEADER}\r\n")?;
        for rating in &self.ratings {
            let Scores {
                adherence,
                responsibility,
                physics,
            } = rating.scores;
            let clip = &self.clips[rating.clip];
            let seconds = rating.seconds.map(|s| format!("{s:.1}")).unwrap_or_default();
            let (name, rater) = (quoted(&clip.name), quoted(&self.raters[rating.rater]));
            write!(
                out,
                "{name},{},{rater},{adherence},{responsibility},{physics},{},{seconds}\r\n",
                clip.sha256, rating.rated
            )?;
        }
        Ok(())
    }
}

fn quoted(field: &str) -> String {
    // A spreadsheet takes a field that begins like this for a formula, even if quoted; names are user input.
    let field = match field.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') => format!("'{field}"),
        _ => field.to_owned(),
    };
    if field.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_quotes_what_must_be() {
        let ratings = Ratings {
            clips: vec![RatedClip {
                name: "a,\"b\".mp4".into(),
                sha256: "00".into(),
            }],
            raters: vec!["=HYPERLINK(1)".into()],
            ratings: vec![Rating {
                clip: 0,
                rater: 0,
                scores: Scores {
                    adherence: 2,
                    responsibility: 0,
                    physics: 4,
                },
                rated: "2026-11-23T04:00:00Z".into(),
                seconds: Some(12.34),
            }],
        };
        let mut out = Vec::new();
        ratings.write_csv(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let line = text.lines().nth(1).unwrap();
        assert_eq!(
            line,
            "\"a,\"\"b\"\".mp4\",00,'=HYPERLINK(1),2,0,4,2026-11-23T04:00:00Z,12.3"
        );
    }
}
