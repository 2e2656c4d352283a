//! Generation of a folder of clips, which can be resumed.
//!
//! A clip depends only on the settings, the seed and its index, so that more clips can be added later. Its frames and
//! its video are complete before the record lists them, and the record is replaced atomically.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::Instant;

use pusht_data::{VideoClip, VideoModel, VideoModelError, VideoRequest};
use pusht_env::Frame;
use pusht_jobs::{JobContext, counted, write_bytes, write_json};
use serde_json::{Map, Value};
use video_gen::LoadedModel;
use video_io::{VideoOptions, png_bytes, read_frames, save_video};

use crate::endpoints::ClipEndpoints;
use crate::error::GenerationError;
use crate::overview::Overview;
use crate::record::{ClipRecord, GENERATION_SCHEMA, Generation, GenerationPlan};

/// Frames per second of the clips.
const FRAME_RATE: u32 = 10;
/// Minimum size of the frames in videos for viewing, px; smaller frames are enlarged.
const LOOKED_AT: u32 = 384;

/// Job that generates a folder of clips by a plan. `video_gen::ModelSpec` loads models by name; any other model works,
/// too:
///
/// ```
/// use clip_generation::{ClipEndpoints, GenerationJob};
/// use pusht_data::{VideoModelError, VideoModel, VideoRequest};
/// use pusht_env::Frame;
/// use pusht_jobs::JobContext;
/// use video_gen::LoadedModel;
///
/// struct Still;
///
/// impl VideoModel for Still {
///     fn name(&self) -> String {
///         "still".to_owned()
///     }
///
///     fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
///         Ok(requests.iter().map(|request| vec![request.start.clone(); request.frames]).collect())
///     }
/// }
///
/// let folder = tempfile::tempdir()?;
/// let start = folder.path().join("start.png");
/// std::fs::write(&start, video_io::png_bytes(&Frame::new(96, 96))?)?;
/// let endpoints = ClipEndpoints::from_images(&start, None)?;
/// let model = LoadedModel::new("still", Still, 9);
/// let job = GenerationJob::builder(&model, &endpoints).clips(2).build()?;
/// let made = job.run(&folder.path().join("clips"), &mut JobContext::silent())?;
/// assert_eq!(made.clips.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct GenerationJob<'a> {
    model: &'a LoadedModel,
    endpoints: &'a ClipEndpoints,
    plan: GenerationPlan,
    clips: usize,
}

/// Settings of a [`GenerationJob`].
pub struct GenerationJobBuilder<'a> {
    model: &'a LoadedModel,
    endpoints: &'a ClipEndpoints,
    seed: u64,
    clips: usize,
}

impl<'a> GenerationJobBuilder<'a> {
    /// Sets the total number of clips (default 20).
    #[must_use]
    pub fn clips(self, clips: usize) -> Self {
        Self { clips, ..self }
    }

    /// Sets the seed of the clips and of their endpoints (default 0).
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Creates the job.
    ///
    /// # Errors
    /// 0 clips.
    pub fn build(self) -> Result<GenerationJob<'a>, GenerationError> {
        if self.clips == 0 {
            return Err(GenerationError::NoClips);
        }
        let model = self.model;
        Ok(GenerationJob {
            model,
            endpoints: self.endpoints,
            plan: GenerationPlan {
                model: model.name.clone(),
                model_sha256: model.sha256.clone(),
                model_name: model.model.name(),
                sampling: model.sampling.clone(),
                adapters: model.adapters.clone(),
                prompt: model.prompt.clone(),
                ends: self.endpoints.source(),
                frames: model.frames,
                frame_rate: FRAME_RATE,
                seed: self.seed,
            },
            clips: self.clips,
        })
    }
}

impl<'a> GenerationJob<'a> {
    /// Starts a builder for clips of `model` between `endpoints`.
    pub fn builder(model: &'a LoadedModel, endpoints: &'a ClipEndpoints) -> GenerationJobBuilder<'a> {
        GenerationJobBuilder {
            model,
            endpoints,
            seed: 0,
            clips: 20,
        }
    }

    /// The plan of the clips.
    pub fn plan(&self) -> &GenerationPlan {
        &self.plan
    }

    /// Generates the clips that are missing in the folder `out`.
    ///
    /// # Errors
    /// A folder of another plan, a request that the model does not support, a path that cannot be written, or
    /// cancellation; finished clips are kept.
    pub fn run(&self, out: &Path, ctx: &mut JobContext) -> Result<Generation, GenerationError> {
        let path = out.join(Generation::FILE);
        let mut generation = self.begun(out)?;
        // Unrecorded clips of an earlier run are replaced, but no other files.
        if !path.exists() && std::fs::read_dir(out).is_ok_and(|mut inside| inside.next().is_some()) {
            return Err(GenerationError::NotEmpty {
                path: out.to_path_buf(),
            });
        }
        write(&path, &generation)?;
        let mut overview = Overview::default();
        for (number, clip) in generation.clips.iter().enumerate() {
            if overview.is_full() {
                break;
            }
            overview.add(number, &read_frames(out.join(&clip.frames))?);
        }
        let task = ctx.task("generate clips", self.clips, "clip");
        task.resume(generation.clips.len().min(self.clips));
        while generation.clips.len() < self.clips {
            let done = generation.clips.len();
            let count = self.clips;
            task.check().map_err(|_| GenerationError::Stopped { done, count })?;
            let until = (done + self.model.batch_size.max(1)).min(self.clips);
            for (record, frames) in self.some(done, until)? {
                save(&out.join(&record.frames), &frames, 1)?;
                let side = frames.first().map_or(1, |f| f.width().min(f.height())).max(1);
                save(&out.join(&record.video), &frames, (LOOKED_AT / side).max(1))?;
                overview.add(generation.clips.len(), &frames);
                generation.clips.push(record);
            }
            write(&path, &generation)?;
            task.advance_to(generation.clips.len(), "");
        }
        if let Some(picture) = overview.picture()? {
            let path = out.join("overview.png");
            let bytes = png_bytes(&picture)?;
            write_bytes(&path, &bytes).map_err(GenerationError::io(&path))?;
        }
        task.finish(&counted(generation.clips.len(), "clip"));
        Ok(generation)
    }

    /// Reads the folder's record; a record of another plan is an error.
    fn begun(&self, out: &Path) -> Result<Generation, GenerationError> {
        let found = match Generation::open(out) {
            Ok(found) => found,
            Err(GenerationError::Io { source, .. }) if source.kind() == ErrorKind::NotFound => {
                return Ok(Generation {
                    schema: GENERATION_SCHEMA,
                    plan: self.plan.clone(),
                    clips: Vec::new(),
                });
            }
            Err(error) => return Err(error),
        };
        match difference(&found.plan, &self.plan) {
            None => Ok(found),
            // The first clip failed: nothing follows from those settings yet.
            Some(_) if found.clips.is_empty() => Ok(Generation {
                plan: self.plan.clone(),
                ..found
            }),
            Some((setting, found, asked)) => Err(GenerationError::OtherSettings {
                path: out.join(Generation::FILE),
                setting,
                found,
                asked,
            }),
        }
    }

    /// Generates the clips `done..until`.
    fn some(&self, done: usize, until: usize) -> Result<Vec<(ClipRecord, Vec<Frame>)>, GenerationError> {
        let mut records = Vec::new();
        let mut requests = Vec::new();
        for index in done..until {
            let given = self.endpoints.clip(self.plan.seed, index)?;
            let seed = given.seed;
            records.push(ClipRecord {
                seed,
                start: given.from,
                end: given.to,
                video: format!("videos/{index:04}.mp4"),
                frames: format!("frames/{index:04}"),
                length: None,
                arrival: None,
                seconds: 0.0,
            });
            requests.push(VideoRequest {
                start: given.start,
                end: given.end,
                prompt: self.plan.prompt.clone(),
                frames: self.plan.frames,
                seed,
            });
        }
        let began = Instant::now();
        let clips = self.model.generate_clips(&requests).map_err(|error| match error {
            VideoModelError::Request { request, reason } => refused(done, request, &records, reason),
            error => error.into(),
        })?;
        let seconds = began.elapsed().as_secs_f64() / clips.len().max(1) as f64;
        let made = |(record, clip): (ClipRecord, VideoClip)| {
            let length = Some(clip.frames.len()).filter(|length| *length != self.plan.frames);
            let record = ClipRecord {
                seconds,
                length,
                arrival: clip.end,
                ..record
            };
            (record, clip.frames)
        };
        Ok(records.into_iter().zip(clips).map(made).collect())
    }
}

/// The error of a request that the model refuses, with the sources of its frames.
fn refused(first: usize, request: usize, records: &[ClipRecord], reason: String) -> GenerationError {
    let ends = match records.get(request) {
        Some(ClipRecord {
            start, end: Some(end), ..
        }) => format!("{start} to {end}"),
        Some(ClipRecord { start, .. }) => start.to_string(),
        None => "unknown".to_owned(),
    };
    GenerationError::Clip {
        index: first + request,
        ends,
        reason,
    }
}

/// Writes a clip, replacing leftovers of an earlier run.
fn save(path: &PathBuf, frames: &[Frame], scale: u32) -> Result<(), GenerationError> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(GenerationError::io(folder))?;
    }
    if path.is_dir() {
        std::fs::remove_dir_all(path).map_err(GenerationError::io(path))?;
    }
    let options = VideoOptions {
        scale,
        ..VideoOptions::default()
    };
    Ok(save_video(path, frames, options)?)
}

fn write(path: &Path, generation: &Generation) -> Result<(), GenerationError> {
    write_json(path, generation).map_err(GenerationError::io(path))
}

/// The first setting that differs, with both values. The model's path may differ.
fn difference(found: &GenerationPlan, asked: &GenerationPlan) -> Option<(String, String, String)> {
    let mut found = found.clone();
    if found.model_sha256.is_some() && found.model_sha256 == asked.model_sha256 {
        found.model.clone_from(&asked.model);
    }
    differing(
        "",
        &serde_json::to_value(found).ok()?,
        &serde_json::to_value(asked).ok()?,
    )
}

fn differing(name: &str, found: &Value, asked: &Value) -> Option<(String, String, String)> {
    let (Value::Object(before), Value::Object(now)) = (found, asked) else {
        let said = |value: &Value| match value {
            Value::Null => "left open".to_owned(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        return (found != asked).then(|| (name.to_owned(), said(found), said(asked)));
    };
    let mut names = now.keys().chain(before.keys());
    names.find_map(|key| {
        let of = |values: &Map<String, Value>| values.get(key).cloned().unwrap_or(Value::Null);
        let name = if name.is_empty() {
            key.clone()
        } else {
            format!("{name}.{key}")
        };
        differing(&name, &of(before), &of(now))
    })
}
