//! One video: frames are read, registered, tracked and labelled as they come; none but the inverse dynamics' own window
//! of them is kept.

use std::path::Path;

use pusht_data::InverseDynamics;
use pusht_env::{Frame, Pose, State};
use pusht_vision::{ActionSmoother, FrameMeasures, Registrar, Registration, Start, Tracked, Tracker};
use serde::{Deserialize, Serialize};
use video_io::{Rate, Resampled, VideoReader, content_hash};

use crate::blocks::{Blocks, Rows};
use crate::record::{Measures, Stretch, VideoRecord};
use crate::trust::{doubt, stretches};
use crate::{Doubt, LabelError};

/// Frames a second of what comes out.
pub(crate) const HZ: u32 = 10;

/// The inverse dynamics of a job.
pub enum Method<'a> {
    /// The agent's law of motion inverted on the track, which is there anyhow.
    ClosedForm(ActionSmoother),
    /// A model that reads frames.
    Model(&'a dyn InverseDynamics),
}

impl Method<'_> {
    /// The name in records and provenance.
    pub fn name(&self) -> String {
        match self {
            Self::ClosedForm(_) => "closed form".to_owned(),
            Self::Model(model) => model.name(),
        }
    }
}

/// How the videos of a job are read; part of the identity of its files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// Frames a second of all videos, over what they say themselves.
    pub fps: Option<u32>,
}

impl Settings {
    pub(crate) fn rate(self) -> Rate {
        self.fps.map_or(Rate::Stated, Rate::Fixed)
    }
}

/// What reads frames, made once for a job.
pub(crate) struct Eyes {
    registrar: Registrar,
    tracker: Tracker,
}

impl Eyes {
    pub(crate) fn new(goal: Pose) -> Result<Self, LabelError> {
        Ok(Self {
            registrar: Registrar::new(goal)?,
            tracker: Tracker::new(goal)?,
        })
    }

    /// Labels a video. What is wrong with it is said in its record.
    pub(crate) fn label(&self, path: &Path, method: &Method<'_>, settings: Settings) -> VideoRecord {
        // Before the frames are read: a video that changes meanwhile will not be taken for what was labelled.
        let content = content_hash(path).unwrap_or_default();
        let record = self.try_label(path, method, settings);
        let record = record.unwrap_or_else(|error| VideoRecord::failed(path.to_path_buf(), error.to_string()));
        VideoRecord { content, ..record }
    }

    fn try_label(
        &self,
        path: &Path,
        method: &Method<'_>,
        settings: Settings,
    ) -> Result<VideoRecord, Box<dyn std::error::Error>> {
        let reader = VideoReader::open(path)?;
        let codec = reader.codec().to_owned();
        let mut frames = Resampled::new(reader, settings.rate(), HZ);
        let mut registration: Option<Registration> = None;
        let (mut seen, mut size, mut last) = (Seen::default(), [0; 2], None);
        let mut model = match method {
            Method::Model(model) => Some(Blocks::new(*model)),
            Method::ClosedForm(_) => None,
        };
        while let Some(picked) = frames.next_frame()? {
            let map = match registration {
                Some(map) => map,
                None => {
                    size = [picked.frame.width(), picked.frame.height()];
                    *registration.insert(self.registrar.register(&picked.frame)?)
                }
            };
            let frame = map.resample(&picked.frame);
            let repeated = last == Some(picked.index);
            last = Some(picked.index);
            seen.push(&self.tracker, &frame, repeated)?;
            if let Some(model) = &mut model {
                model.push(frame)?;
            }
        }
        let count = seen.tracked.len();
        if count < 2 {
            return Err(format!("it has {count} frames at 10 a second; an action needs two").into());
        }
        let (mut actions, deviations) = match (method, model) {
            (Method::ClosedForm(smoother), _) => closed_form(smoother, &seen.tracked, count),
            (Method::Model(_), Some(model)) => model.finish(count)?,
            (Method::Model(_), None) => (vec![None; count], None),
        };
        // An action of which the model knows nothing is none.
        for (action, deviation) in actions.iter_mut().zip(deviations.iter().flatten()) {
            *action = action.filter(|_| deviation.is_finite());
        }
        let (ranges, dropped) = stretches(&seen.doubts, &actions);
        let stretches: Vec<Stretch> = ranges
            .into_iter()
            .map(|rows| Stretch {
                first: rows.start,
                actions: actions[rows.clone()].iter().copied().flatten().collect(),
                states: (seen.tracked[rows.clone()].iter().filter_map(Tracked::state))
                    .map(State::to_row)
                    .collect(),
                deviations: deviations.as_ref().map(|d| d[rows].to_vec()),
            })
            .collect();
        let mean = |of: fn(&Tracked) -> f64| seen.tracked.iter().map(of).sum::<f64>() / count as f64;
        Ok(VideoRecord {
            content: String::new(),
            video: path.to_path_buf(),
            error: None,
            codec,
            size,
            frames: [frames.frames_read(), count],
            registration,
            confidence: [mean(|t| t.agent_confidence), mean(|t| t.block_confidence)],
            dropped,
            measures: Measures::of(&stretches)?,
            stretches,
        })
    }
}

/// What the frames show, one entry a frame.
#[derive(Default)]
struct Seen {
    tracked: Vec<Tracked>,
    doubts: Vec<Option<Doubt>>,
}

impl Seen {
    fn push(&mut self, tracker: &Tracker, frame: &Frame, repeated: bool) -> Result<(), pusht_vision::VisionError> {
        let tracked = tracker.track_after(frame, self.tracked.last())?;
        self.doubts.push(doubt(&tracked, &FrameMeasures::of(frame)?, repeated));
        self.tracked.push(tracked);
        Ok(())
    }
}

/// Frames before the agent is first seen and the last frame have no action.
fn closed_form(smoother: &ActionSmoother, tracked: &[Tracked], count: usize) -> Rows {
    let track: Vec<Option<[f64; 2]>> = tracked.iter().map(|t| t.agent).collect();
    let first = track.iter().position(Option::is_some).unwrap_or(count);
    // A clip may begin in the middle of a motion.
    let smoothed = smoother.smooth(&track[first..], Start::Moving);
    let (mut actions, mut deviations) = (vec![None; count], vec![0.0; count]);
    // Without an agent in two frames there is nothing to smooth, and the frames say why.
    if let Ok(smoothed) = smoothed {
        for (t, (action, deviation)) in smoothed.actions.iter().zip(&smoothed.action_std).enumerate() {
            actions[first + t] = Some(*action);
            deviations[first + t] = *deviation as f32;
        }
    }
    (actions, Some(deviations))
}
