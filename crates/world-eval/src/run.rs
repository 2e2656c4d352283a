//! Judges a world along many paths, beside references.

use pusht_data::{VideoModel, VideoRequest, WorldModel};
use pusht_env::{EnvConfig, Frame};
use pusht_jobs::{JobContext, counted};
use pusht_vision::cross_fade;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use traj_metrics::Bootstrap;

use crate::column::GateColumn;
use crate::error::WorldEvalError;
use crate::judge::{ClipMeasures, PathJudge};
use crate::nearest::TrainingWindows;
use crate::request::{PathClip, PathOrigin};
use crate::rollout::{roll_out, sampling_time};
use crate::simulator::SimulatorWorld;
use crate::table::GateReport;

/// Clips measured between two checks for cancellation.
const SIDE_BY_SIDE: usize = 8;

/// Clips that a video model generates at once.
const GENERATED: usize = 8;

/// A model whose clips stand beside those of the judged world.
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum GateReference<'a> {
    /// Another world, along the same paths.
    World(&'a dyn WorldModel),
    /// A video model, asked for clips between the first and the last recorded frame, with seeds from 0 on.
    Video(&'a dyn VideoModel),
}

/// Judges worlds along the same paths.
pub struct GateJob<'a> {
    /// The paths, all of the same length.
    pub clips: &'a [PathClip],
    /// Where they come from, for the table.
    pub starts: String,
    /// Name of the recorded clips in the table.
    pub recorded: String,
    /// Other models, each with its name in the table.
    pub beside: Vec<(String, GateReference<'a>)>,
    /// Training data for the column of the nearest training clip.
    pub training: Option<&'a TrainingWindows<'a>>,
    /// Settings of the intervals.
    pub bootstrap: Bootstrap,
}

/// A clip of the judged world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JudgedClip {
    /// Where its path comes from.
    pub origin: PathOrigin,
    /// Its measures.
    #[serde(flatten)]
    pub measures: ClipMeasures,
}

/// A world's table, and its clips.
#[derive(Clone, Debug, PartialEq)]
pub struct JudgedWorld {
    /// The table.
    pub report: GateReport,
    /// Measures of each clip, in the order of the paths.
    pub clips: Vec<JudgedClip>,
    /// Frames of each clip.
    pub frames: Vec<Vec<Frame>>,
}

impl GateJob<'_> {
    /// Rolls the world out, times its sampling, measures its clips and those of the references. `name` is its name in the
    /// table.
    ///
    /// # Errors
    /// No paths, or paths of different lengths; a failure of the world or of a model beside it; a cancelled job.
    pub fn run(&self, name: &str, world: &dyn WorldModel, ctx: &mut JobContext) -> Result<JudgedWorld, WorldEvalError> {
        let expected = self.clips.first().map_or(0, |clip| clip.request.frames());
        if let Some(clip) = self.clips.iter().find(|clip| clip.request.frames() != expected) {
            return Err(WorldEvalError::Length {
                expected,
                found: clip.request.frames(),
            });
        }
        let judge = PathJudge::new()?;
        let frames = roll_out(world, self.clips, ctx)?;
        let measured = self.along(&judge, name, &frames, ctx)?;
        let mut column = GateColumn::new(name, &measured, &self.bootstrap)?;
        column.sampling = sampling_time(world, self.clips, &mut ctx.quiet())?;
        let references = self.references(&judge, &world.name(), ctx)?;
        let clips = self.clips.iter().zip(measured).map(|(clip, measures)| JudgedClip {
            origin: clip.origin,
            measures,
        });
        Ok(JudgedWorld {
            report: GateReport::new(&self.starts, expected, column, references),
            clips: clips.collect(),
            frames,
        })
    }

    /// The columns beside that of the world `name`: other models, the exact simulator behind the same trait, the recorded
    /// clips, cross-fades between their ends, and the nearest training clips.
    fn references(
        &self,
        judge: &PathJudge,
        name: &str,
        ctx: &mut JobContext,
    ) -> Result<Vec<GateColumn>, WorldEvalError> {
        let mut columns = Vec::new();
        for (name, model) in &self.beside {
            let measured = match model {
                GateReference::World(world) => self.along(judge, name, &roll_out(*world, self.clips, ctx)?, ctx)?,
                GateReference::Video(model) => {
                    let clips = self.generate(*model, name, ctx)?;
                    each(clips.len(), name, ctx, |k| judge.alone(&clips[k]).map(Some))?
                }
            };
            columns.push(GateColumn::new(name, &measured, &self.bootstrap)?);
        }
        if name != SimulatorWorld::NAME && self.beside.iter().all(|(name, _)| name != SimulatorWorld::NAME) {
            let simulator = SimulatorWorld::new(EnvConfig::gym_pusht())?;
            let frames = roll_out(&simulator, self.clips, ctx)?;
            let measured = self.along(judge, SimulatorWorld::NAME, &frames, ctx)?;
            columns.push(GateColumn::new(SimulatorWorld::NAME, &measured, &self.bootstrap)?);
        }
        let recorded = each(self.clips.len(), &self.recorded, ctx, |k| {
            judge.along(&self.clips[k].frames, &self.clips[k].request).map(Some)
        })?;
        columns.push(GateColumn::new(&self.recorded, &recorded, &self.bootstrap)?);
        let fades = each(self.clips.len(), "cross-fade", ctx, |k| {
            let frames = &self.clips[k].frames;
            let (Some(first), Some(last)) = (frames.first(), frames.last()) else {
                return Ok(None);
            };
            judge.alone(&cross_fade(first, last, frames.len())).map(Some)
        })?;
        columns.push(GateColumn::new("cross-fade", &fades, &self.bootstrap)?);
        if let Some(training) = self.training {
            let nearest = each(self.clips.len(), "nearest training clip", ctx, |k| {
                let found = training.nearest(&self.clips[k])?;
                found.map(|frames| judge.alone(&frames)).transpose()
            })?;
            if !nearest.is_empty() {
                columns.push(GateColumn::new("nearest training clip", &nearest, &self.bootstrap)?);
            }
        }
        Ok(columns)
    }

    /// Clips of a video model between the recorded ends.
    fn generate(
        &self,
        model: &dyn VideoModel,
        name: &str,
        ctx: &mut JobContext,
    ) -> Result<Vec<Vec<Frame>>, WorldEvalError> {
        let requests = self.clips.iter().zip(0..).map(|(clip, seed)| VideoRequest {
            start: clip.request.start.clone(),
            end: clip.frames.last().cloned(),
            prompt: None,
            frames: clip.request.frames(),
            seed,
        });
        let requests: Vec<VideoRequest> = requests.collect();
        let task = ctx.task(&format!("generate: {name}"), requests.len(), "clip");
        let mut clips = Vec::with_capacity(requests.len());
        for some in requests.chunks(GENERATED) {
            task.check()?;
            let made = model.generate(some)?;
            if made.len() != some.len() {
                return Err(WorldEvalError::Returned {
                    world: name.to_owned(),
                    expected: some.len(),
                    found: made.len(),
                });
            }
            if let Some((clip, request)) = made
                .iter()
                .zip(some)
                .find(|(clip, request)| clip.len() != request.frames)
            {
                return Err(WorldEvalError::Length {
                    expected: request.frames,
                    found: clip.len(),
                });
            }
            clips.extend(made);
            task.add(some.len());
        }
        task.finish(&counted(clips.len(), "clip"));
        Ok(clips)
    }

    fn along(
        &self,
        judge: &PathJudge,
        name: &str,
        frames: &[Vec<Frame>],
        ctx: &mut JobContext,
    ) -> Result<Vec<ClipMeasures>, WorldEvalError> {
        each(frames.len(), name, ctx, |k| {
            judge.along(&frames[k], &self.clips[k].request).map(Some)
        })
    }
}

/// Measures clips on all cores.
fn each(
    count: usize,
    name: &str,
    ctx: &mut JobContext,
    measure: impl Fn(usize) -> Result<Option<ClipMeasures>, WorldEvalError> + Sync,
) -> Result<Vec<ClipMeasures>, WorldEvalError> {
    let task = ctx.task(&format!("measure: {name}"), count, "clip");
    let mut all = Vec::with_capacity(count);
    let mut done = 0;
    while done < count {
        task.check()?;
        let some = done..count.min(done + SIDE_BY_SIDE);
        done = some.end;
        let measured: Result<Vec<_>, WorldEvalError> = some.into_par_iter().map(&measure).collect();
        all.extend(measured?.into_iter().flatten());
        task.advance_to(done, "");
    }
    task.finish(&counted(count, "clip"));
    Ok(all)
}
