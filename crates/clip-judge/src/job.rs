//! Asks about all clips: several at the same time, each answer kept at once.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use pusht_jobs::{JobContext, Journal, Task, counted};
use rayon::prelude::*;

use crate::client::{Client, Failure};
use crate::known::{Known, Line};
use crate::pictures::Pictures;
use crate::plan::{JudgePlan, Surveyed};
use crate::question::{Dialect, Question};
use crate::results::{ClipJudgment, JudgeAnswer, JudgeResults};
use crate::{JudgeError, JudgeSettings};

/// Clips in a row without any answer after which the rest is not asked.
const SILENT: usize = 3;

/// A clip and its name in results; the judge is not told the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClipToJudge {
    /// Name in results.
    pub name: String,
    /// A video file or a folder of PNG files.
    pub path: PathBuf,
}

/// A job that asks a model about clips.
#[derive(Clone, Debug)]
pub struct JudgeJob {
    /// The clips.
    pub clips: Vec<ClipToJudge>,
    /// Frame rate of all clips, frames per second; overrides the times stated in the files.
    pub fps: Option<u32>,
    /// The model, and how it is asked.
    pub settings: JudgeSettings,
    /// File of the answers, which an interrupted job continues from.
    pub journal: PathBuf,
}

impl JudgeJob {
    /// Reads all clips and says what would be sent; sends nothing. Progress counts clips.
    ///
    /// # Errors
    /// Settings that cannot be used; a file of answers that is something else; cancellation. A clip that cannot be read is
    /// no error.
    pub fn plan(&self, ctx: &mut JobContext) -> Result<JudgePlan, JudgeError> {
        let endpoint = self.settings.endpoint()?;
        let known = Known::read(&self.journal)?;
        let task = ctx.task("read clips for the judge", self.clips.len(), "clip");
        let survey = |clip: &ClipToJudge| {
            task.check()?;
            let found = self.question(clip).map(|question| Surveyed {
                key: question.key(&endpoint, &self.settings.model),
                images: question.images(),
                bytes: question.body(&self.settings.model, FULL).len() as u64,
            });
            // The stop of the program ends a running read, which says nothing about the clip.
            if found.is_err() {
                task.check()?;
            }
            task.add(1);
            Ok::<_, JudgeError>(found)
        };
        let surveyed = self.clips.par_iter().with_max_len(1).map(survey);
        let surveyed = surveyed.collect::<Result<Vec<_>, JudgeError>>()?;
        let plan = JudgePlan::new(&self.settings, &endpoint, &known, surveyed);
        task.finish(&counted(plan.requests, "request"));
        Ok(plan)
    }

    /// Asks about the clips of a plan that have no answer yet. Progress counts requests.
    ///
    /// # Errors
    /// Settings that cannot be used; a file of answers that cannot be written; cancellation, which waits for the answers
    /// to the running requests. A clip without an answer is no error.
    pub fn run(&self, plan: &JudgePlan, ctx: &mut JobContext) -> Result<JudgeResults, JudgeError> {
        let known = Known::read(&self.journal)?;
        let client = Client::new(&self.settings)?;
        let mut seen = HashSet::new();
        let todo: Vec<usize> = (plan.surveyed.iter().enumerate())
            .filter_map(|(index, clip)| Some((index, clip.as_ref().ok()?)))
            .filter(|(_, clip)| !known.answers.contains_key(&clip.key) && seen.insert(&clip.key))
            .map(|(index, _)| index)
            .collect();
        let mut answers: HashMap<&String, Result<JudgeAnswer, String>> = HashMap::new();
        if !todo.is_empty() {
            let journal = known.journal(&self.journal)?;
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(self.settings.parallel)
                .build();
            let pool = pool.map_err(|error| JudgeError::Threads {
                reason: error.to_string(),
            })?;
            let task = ctx.task("ask the judge", todo.len(), "clip");
            let asking = Asking {
                client: &client,
                journal: &journal,
                next: AtomicUsize::new(known.next),
                outage: Mutex::default(),
            };
            let one = |&index: &usize| {
                let answer = self.ask(index, &asking, &task)?;
                task.add(1);
                Ok::<_, JudgeError>((index, answer))
            };
            let asked = pool.install(|| {
                todo.par_iter()
                    .with_max_len(1)
                    .map(one)
                    .collect::<Result<Vec<_>, JudgeError>>()
            })?;
            task.finish(&counted(
                asked.iter().filter(|(_, answer)| answer.is_ok()).count(),
                "answer",
            ));
            for (index, answer) in asked {
                if let Ok(clip) = &plan.surveyed[index] {
                    answers.insert(&clip.key, answer);
                }
            }
        }
        let clips = self.clips.iter().zip(&plan.surveyed).map(|(clip, surveyed)| {
            let answer = surveyed.clone().and_then(|clip| {
                let known = known.answers.get(&clip.key).cloned().map(Ok);
                let asked = || answers.get(&clip.key).cloned();
                known
                    .or_else(asked)
                    .unwrap_or_else(|| Err("it was not asked".to_owned()))
            });
            ClipJudgment::new(clip.name.clone(), answer)
        });
        let (requests, usage) = client.spent();
        Ok(JudgeResults {
            model: plan.model.clone(),
            endpoint: plan.endpoint.clone(),
            frames: self.settings.frames,
            answered_before: plan.answered,
            requests,
            usage,
            clips: clips.collect(),
        })
    }

    fn question(&self, clip: &ClipToJudge) -> Result<Question, String> {
        let pictures = Pictures::read(&clip.path, self.settings.frames, self.fps);
        pictures.map(Question::new).map_err(|error| error.to_string())
    }

    /// The answer on one clip, or why there is none.
    fn ask(&self, index: usize, asking: &Asking, task: &Task) -> Result<Result<JudgeAnswer, String>, JudgeError> {
        task.check()?;
        if let Some(reason) = asking.stopped() {
            return Ok(Err(format!("not asked: {reason}")));
        }
        let clip = &self.clips[index];
        let question = match self.question(clip) {
            Ok(question) => question,
            Err(reason) => {
                task.check()?;
                return Ok(Err(reason));
            }
        };
        let answer = asking.client.ask(&question, task.cancel_flag());
        asking.note(&answer);
        match answer {
            Ok(answer) => {
                asking.journal.append(&Line {
                    index: asking.next.fetch_add(1, Ordering::SeqCst),
                    // Of the frames that were sent: the file may have changed since the plan.
                    question: question.key(&self.settings.endpoint()?, &self.settings.model),
                    clip: clip.name.clone(),
                    answer: answer.clone(),
                })?;
                Ok(Ok(answer))
            }
            Err(Failure::Clip(reason) | Failure::Silent(reason) | Failure::Endpoint(reason)) => Ok(Err(reason)),
            Err(Failure::Cancelled(cancelled)) => Err(cancelled.into()),
        }
    }
}

/// A request with all that endpoints may know.
const FULL: Dialect = Dialect {
    schema: true,
    temperature: true,
};

/// What the threads of a job share.
struct Asking<'a> {
    client: &'a Client<'a>,
    journal: &'a Journal,
    next: AtomicUsize,
    outage: Mutex<Outage>,
}

/// Whether the endpoint is worth asking.
#[derive(Default)]
struct Outage {
    /// Clips in a row without any answer.
    silent: usize,
    /// Why no more is asked.
    reason: Option<String>,
}

impl Asking<'_> {
    fn stopped(&self) -> Option<String> {
        self.outage
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .reason
            .clone()
    }

    fn note(&self, answer: &Result<JudgeAnswer, Failure>) {
        let mut outage = self.outage.lock().unwrap_or_else(PoisonError::into_inner);
        match answer {
            Ok(_) | Err(Failure::Clip(_)) => outage.silent = 0,
            Err(Failure::Endpoint(reason)) => outage.reason = Some(reason.clone()),
            Err(Failure::Silent(reason)) => {
                outage.silent += 1;
                if outage.silent >= SILENT {
                    outage.reason = Some(format!(
                        "{SILENT} clips in a row got no answer, the last because {reason}"
                    ));
                }
            }
            Err(Failure::Cancelled(_)) => {}
        }
    }
}
