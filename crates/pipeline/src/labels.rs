//! Actions extracted from the demonstrations' frames, for the arm `idm`.

use std::ops::Range;
use std::path::Path;

use idm::ClosedForm;
use pusht_data::Split;
use pusht_env::Action;
use pusht_jobs::{Done, JobContext, Stage, counted};
use pusht_vision::InitialMotion;
use report::ExtractionRow;
use serde::{Deserialize, Serialize};

use crate::PipelineError;
use crate::config::Labeler;
use crate::demonstrations::Demonstrations;
use crate::error::failed;
use crate::extraction::{agents, extraction_rows};
use crate::files::{read_json, write_json};
use crate::inverse::Learned;

/// Stage that labels the demonstrations and measures every kind of inverse dynamics on their test part.
pub(crate) struct LabelDemonstrations<'a> {
    pub(crate) kind: Labeler,
    pub(crate) demos: &'a Demonstrations,
    pub(crate) split: &'a Split,
    pub(crate) learned: &'a Done<Learned>,
}

/// Extracted actions, and the error of every kind of inverse dynamics.
pub(crate) struct Labels {
    /// Name of the inverse dynamics that labels.
    pub(crate) by: String,
    pub(crate) extracted: Vec<Extracted>,
    pub(crate) rows: Vec<ExtractionRow>,
}

#[derive(Serialize, Deserialize)]
struct Record {
    labels: String,
    starts: Vec<usize>,
    actions: Vec<Vec<Action>>,
    rows: Vec<ExtractionRow>,
}

impl Stage for LabelDemonstrations<'_> {
    type Output = Labels;
    type Error = PipelineError;

    fn name(&self) -> String {
        "labels".to_owned()
    }

    fn inputs(&self) -> impl Serialize {
        (self.kind, &self.learned.key)
    }

    fn run(&self, dir: &Path, ctx: &mut JobContext) -> Result<(), PipelineError> {
        let fail = failed("labels");
        let (rest, chosen) = (
            ClosedForm::new(InitialMotion::Rest),
            self.learned.output.labeler(self.kind),
        );
        let task = ctx.task("label demonstrations", self.demos.episodes.len(), "episode");
        let mut all = Vec::new();
        for (i, episode) in self.demos.episodes.iter().enumerate() {
            task.check()?;
            all.push(match self.kind {
                // The track is already available.
                Labeler::ClosedForm => rest.label_track(&agents(episode)).map_err(|e| fail(&e))?,
                _ => chosen
                    .label(&episode.frames)
                    .map_err(|e| fail(&format!("demonstration {i}: {e}")))?,
            });
            task.advance_to(i + 1, "");
        }
        task.finish(&format!("{}, {}", counted(all.len(), "episode"), chosen.name()));
        let record = Record {
            labels: chosen.name(),
            starts: all.iter().map(|l| l.start).collect(),
            actions: all.into_iter().map(|l| l.actions).collect(),
            rows: extraction_rows(self.demos, self.split, &self.learned.output.model, ctx)?,
        };
        write_json(&dir.join("labels.json"), &record)
    }

    fn load(&self, dir: &Path, _: &mut JobContext) -> Result<Labels, PipelineError> {
        let record: Record = read_json(&dir.join("labels.json"))?;
        let extracted = self
            .demos
            .episodes
            .iter()
            .zip(record.starts.iter().zip(&record.actions))
            .map(|(episode, (&start, actions))| {
                Extracted::new(start, actions, episode.len())
                    .ok_or_else(|| failed("labels")(&"a demonstration without labels"))
            })
            .collect::<Result<_, _>>()?;
        Ok(Labels {
            by: record.labels,
            extracted,
            rows: record.rows,
        })
    }
}

/// Extracted actions of one demonstration; rows without one repeat the nearest.
#[derive(Clone, Debug)]
pub(crate) struct Extracted {
    pub(crate) actions: Vec<Action>,
    /// Rows with an extracted action.
    pub(crate) known: Range<usize>,
}

impl Extracted {
    /// Labels that start at row `start`, extended to an episode of `rows` rows.
    pub(crate) fn new(start: usize, actions: &[Action], rows: usize) -> Option<Self> {
        let (first, last) = (*actions.first()?, *actions.last()?);
        let known = start..(start + actions.len()).min(rows);
        let actions = (0..rows)
            .map(|row| {
                if row < start {
                    first
                } else {
                    actions.get(row - start).copied().unwrap_or(last)
                }
            })
            .collect();
        Some(Self { actions, known })
    }
}
