//! Answers that are known: a journal with one line per answer, found again by the question.

use std::collections::HashMap;
use std::path::Path;

use pusht_jobs::{Journal, JournalError, JournalScan};
use rating::Scale;
use serde::{Deserialize, Serialize};

use crate::JudgeError;
use crate::results::JudgeAnswer;

const FORMAT: &str = "pusht-judge";

/// First line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Header {
    format: String,
    version: u32,
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Line {
    pub(crate) index: usize,
    /// Identifies the question.
    pub(crate) question: String,
    /// Name of the clip when it was asked.
    pub(crate) clip: String,
    pub(crate) answer: JudgeAnswer,
}

/// The answers in a file.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) answers: HashMap<String, JudgeAnswer>,
    /// Index of the next line.
    pub(crate) next: usize,
    scan: Option<JournalScan<Header>>,
}

impl Known {
    /// Reads the answers; none if there is no file.
    pub(crate) fn read(path: &Path) -> Result<Self, JudgeError> {
        if !path.exists() {
            return Ok(Self::default());
        }
        let foreign = |found: String| JudgeError::Foreign {
            path: path.to_path_buf(),
            found,
        };
        let scan = JournalScan::<Header>::read(path).map_err(|error| match error {
            JournalError::Line { line, reason, .. } => foreign(format!("in line {line} something else ({reason})")),
            error => error.into(),
        })?;
        if scan.header.format != FORMAT || scan.header.version != 1 {
            return Err(foreign(format!(
                "{} of version {}",
                scan.header.format, scan.header.version
            )));
        }
        let mut answers = HashMap::new();
        for line in scan.lines::<Line>()? {
            let line = line.map_err(|error| foreign(format!("a line that is no answer ({error})")))?;
            let scores = line.answer.scores;
            let checked = Scale::ALL.map(|scale| scale.check(scores.get(scale).into()));
            if let Some(Err(error)) = checked.into_iter().find(Result::is_err) {
                return Err(foreign(format!("an answer on {:?} that is none ({error})", line.clip)));
            }
            answers.insert(line.question, line.answer);
        }
        Ok(Self {
            answers,
            next: scan.places.keys().next_back().map_or(0, |last| last + 1),
            scan: Some(scan),
        })
    }

    /// The journal, to add answers.
    pub(crate) fn journal(&self, path: &Path) -> Result<Journal, JudgeError> {
        Ok(match &self.scan {
            Some(scan) => Journal::resume(scan)?,
            None => Journal::create(
                path,
                &Header {
                    format: FORMAT.to_owned(),
                    version: 1,
                },
            )?,
        })
    }
}
