//! The ratings of a study as plain values, and as CSV.

use std::io::{self, Write};

use crate::Scores;

/// A clip that was rated, or is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RatedClip {
    /// Path below the folder of clips, with `/`.
    pub name: String,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
}

/// What one person said about one clip.
#[derive(Clone, Debug, PartialEq)]
pub struct Rating {
    /// Index into [`Ratings::clips`].
    pub clip: usize,
    /// Index into [`Ratings::raters`].
    pub rater: usize,
    /// The answers.
    pub scores: Scores,
    /// When, UTC, RFC 3339.
    pub rated: String,
    /// Seconds that the clip was on the screen, as the page counted them.
    pub seconds: Option<f64>,
}

/// All ratings that stand (withdrawn ones do not), with the clips and people they are about. At most one for each clip
/// and person.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Ratings {
    /// Every clip of the study, by name.
    pub clips: Vec<RatedClip>,
    /// Everyone who began, by name.
    pub raters: Vec<String>,
    /// In the order in which they were given.
    pub ratings: Vec<Rating>,
}

/// Names of the columns of an export.
pub(crate) const CSV_HEADER: &str = "clip,sha256,rater,adherence,responsibility,physics,rated,seconds";

impl Ratings {
    /// Writes a line a rating, under a line of names: clip, sha256, rater, adherence, responsibility, physics, rated,
    /// seconds. RFC 4180: lines end in CR LF, fields with commas, quotes or line breaks are quoted.
    ///
    /// # Errors
    /// What `out` says.
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
    // A spreadsheet takes a field that begins like this for a formula, even a quoted one; names come from people.
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
