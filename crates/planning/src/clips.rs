//! A video model as planner: it shows the way, and the actions are read out of its clip.

use std::collections::{BTreeMap, VecDeque};

use eval::{GoalEffort, GoalPolicy, GoalView};
use pusht_data::{VideoModel, VideoModelError, VideoRequest};
use pusht_env::{Action, Frame, GOAL, PolicyError};
use pusht_vision::{ActionSmoother, InitialMotion, Registrar, Registration, Tracker, VisionError};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::error::{PlanningError, check};

/// Side of the frames, px.
const SIDE: u32 = 96;

/// Settings of [`ClipPlanner`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipPlannerSettings {
    /// Steps of a clip that are played before the next one is asked for.
    pub play: usize,
    /// Steps of the first clip, if clips may have any length: those between start and goal in the demonstration. Later clips are
    /// shorter by the steps played, but not shorter than `shortest`.
    pub steps: usize,
    /// Fewest steps of a clip, if clips may have any length; but no more than are left.
    pub shortest: usize,
    /// Frames of every clip, for models that make one length only.
    pub fixed_frames: Option<usize>,
    /// Prompt of every clip.
    pub prompt: Option<String>,
    /// Clips in one call of the model.
    pub together: usize,
}

impl Default for ClipPlannerSettings {
    /// Clips of up to 25 steps, of which 8 are played.
    fn default() -> Self {
        Self {
            play: 8,
            steps: 25,
            shortest: 8,
            fixed_frames: None,
            prompt: None,
            together: 1,
        }
    }
}

/// Asks a video model for a clip from the current frame to the goal's, reads the actions out of it in closed form, plays the
/// first ones, and asks again (UniPi, Du et al. 2023). The model and the policy see frames only.
pub struct ClipPlanner {
    model: Box<dyn VideoModel>,
    settings: ClipPlannerSettings,
    tracker: Tracker,
    registrar: Registrar,
    seed: u64,
    queues: BTreeMap<usize, VecDeque<Action>>,
    effort: GoalEffort,
    /// Hash of the model's files, for the record.
    sha256: Option<String>,
}

impl ClipPlanner {
    /// A policy that plans with this model; `seed` is that of its clips, `sha256` the hash of its files, if known.
    ///
    /// # Errors
    /// Settings without steps, or clips of fewer than two frames.
    pub fn new(
        model: Box<dyn VideoModel>,
        settings: ClipPlannerSettings,
        seed: u64,
        sha256: Option<String>,
    ) -> Result<Self, PlanningError> {
        check("the number of steps played", settings.play, 1..=1000, "1 to 1000")?;
        check(
            "the number of steps of a clip",
            settings.steps,
            1..=10_000,
            "1 to 10000",
        )?;
        check(
            "the number of steps of the shortest clip",
            settings.shortest,
            1..=10_000,
            "1 to 10000",
        )?;
        if let Some(frames) = settings.fixed_frames {
            check("the number of frames of a clip", frames, 2..=10_000, "2 to 10000")?;
        }
        Ok(Self {
            model,
            settings,
            tracker: Tracker::new(GOAL)?,
            registrar: Registrar::new(GOAL)?,
            seed,
            queues: BTreeMap::new(),
            effort: GoalEffort::default(),
            sha256,
        })
    }

    fn request(&self, view: &GoalView<'_>) -> Result<VideoRequest, PolicyError> {
        let frames = view
            .frames
            .ok_or_else(|| self.failed("it needs the frames of the episode"))?;
        let settings = &self.settings;
        let steps = settings
            .steps
            .saturating_sub(view.step)
            .max(settings.shortest)
            .min(view.left);
        let place = (view.episode as u64) << 32 | view.step as u64;
        Ok(VideoRequest {
            start: frames.current.clone(),
            end: Some(frames.goal.clone()),
            prompt: settings.prompt.clone(),
            frames: settings.fixed_frames.unwrap_or(steps + 1),
            // A seed of its own for every clip.
            seed: self.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ place,
        })
    }

    /// The clips of these requests; none where the model refuses a request.
    fn clips(&self, requests: Vec<VideoRequest>) -> Result<Vec<Option<Vec<Frame>>>, PolicyError> {
        let mut open: Vec<(usize, VideoRequest)> = requests.into_iter().enumerate().collect();
        let mut clips: Vec<Option<Vec<Frame>>> = vec![None; open.len()];
        while !open.is_empty() {
            let asked: Vec<VideoRequest> = open.iter().map(|(_, request)| request.clone()).collect();
            match self.model.generate(&asked) {
                Ok(made) if made.len() == asked.len() => {
                    for ((place, _), clip) in open.drain(..).zip(made) {
                        clips[place] = Some(clip);
                    }
                }
                Ok(made) => {
                    return Err(self.failed(format!("{} clips came back for {}", made.len(), asked.len())));
                }
                Err(VideoModelError::Request { request, .. }) if request < open.len() => {
                    open.remove(request);
                }
                Err(error) => return Err(self.failed(error)),
            }
        }
        Ok(clips)
    }

    /// The actions that a clip shows; none if the agent is not seen in it.
    fn actions(&self, clip: &[Frame]) -> Result<Option<Vec<Action>>, VisionError> {
        let mut board: Option<Registration> = None;
        let mut track = Vec::with_capacity(clip.len());
        let mut last = None;
        for frame in clip {
            let small;
            let frame = if frame.dimensions() == (SIDE, SIDE) {
                frame
            } else {
                let place = match board {
                    Some(place) => place,
                    None => self.registrar.register(frame)?,
                };
                board = Some(place);
                small = place.resample(frame);
                &small
            };
            let seen = self.tracker.track_after(frame, last.as_ref())?;
            track.push(seen.agent);
            last = Some(seen);
        }
        let first = track.iter().position(Option::is_some).unwrap_or(track.len());
        if first > 0 || track.iter().flatten().count() < 2 {
            return Ok(None);
        }
        let smoothed = ActionSmoother::default().smooth(&track, InitialMotion::Moving)?;
        Ok(Some(smoothed.actions))
    }

    fn failed(&self, reason: impl ToString) -> PolicyError {
        PolicyError::Failed {
            policy: self.name(),
            reason: reason.to_string(),
        }
    }
}

impl GoalPolicy for ClipPlanner {
    fn name(&self) -> String {
        format!("clips of the {}", self.model.name())
    }

    fn settings(&self) -> serde_json::Value {
        json!({
            "planner": "clips of a video model, actions in closed form",
            "clips": self.settings,
            "model": { "sha256": self.sha256 },
            "seed": self.seed,
        })
    }

    fn needs_frames(&self) -> bool {
        true
    }

    fn together(&self) -> usize {
        self.settings.together
    }

    fn act(&mut self, views: &[GoalView<'_>], out: &mut [Action]) -> Result<(), PolicyError> {
        for view in views.iter().filter(|view| view.step == 0) {
            self.queues.remove(&view.episode);
        }
        let asking: Vec<&GoalView<'_>> = views
            .iter()
            .filter(|view| self.queues.get(&view.episode).is_none_or(VecDeque::is_empty))
            .collect();
        let requests: Result<Vec<VideoRequest>, PolicyError> = asking.iter().map(|view| self.request(view)).collect();
        for (view, clip) in asking.iter().zip(self.clips(requests?)?) {
            self.effort.decisions += 1;
            let actions = clip.map(|clip| self.actions(&clip)).transpose();
            let actions = actions.map_err(|error| self.failed(error))?.flatten();
            let mut actions = actions.unwrap_or_else(|| {
                self.effort.without_plan += 1;
                vec![view.agent().position.map(|x| x as f32); self.settings.play]
            });
            actions.truncate(self.settings.play);
            self.queues.insert(view.episode, actions.into());
        }
        for (view, action) in views.iter().zip(out) {
            if let Some(next) = self.queues.get_mut(&view.episode).and_then(VecDeque::pop_front) {
                *action = next;
            }
        }
        Ok(())
    }

    fn effort(&self) -> GoalEffort {
        self.effort
    }
}
