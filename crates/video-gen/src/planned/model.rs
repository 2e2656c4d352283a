//! Clips of a world model along planned paths, as a video model.

use std::collections::VecDeque;

use pusht_data::{History, VideoClip, VideoModel, VideoModelError, VideoRequest, WorldModel};
use pusht_env::{Frame, GOAL, Pose};
use rayon::prelude::*;

use super::branch::Branch;
use super::flow::PathFlow;
use super::reader::{ReadFrame, Sight};
use super::record::PlannedClip;
use super::search::{Found, Search};
use super::settings::PlanSettings;
use super::target::Target;
use object_latent::VideoGenError;

/// Clips that are planned at once; their steps are batched. More need more memory: about 2 MB per branch.
const AT_ONCE: usize = 8;
/// Mean displacement of the T's corners up to which a prescribed last frame is handed back, px: less than a pixel of a
/// 96 px frame, so that the T does not visibly jump.
const END_BLOCK: f64 = 4.0;
/// Distance of the agent up to which a prescribed last frame is handed back, px: an ordinary step of the
/// demonstrations (mean 9 px, 28 in one of twenty).
const END_AGENT: f64 = 9.0;

/// A world model along planned paths: its own frames, for a start frame and an end.
pub struct PlannedVideo<W> {
    world: W,
    planner: Planner,
}

/// All but the world model, so that it can be shared among threads.
struct Planner {
    paths: PathFlow,
    settings: PlanSettings,
    goal: Pose,
    reader: Box<dyn ReadFrame>,
}

impl<W: WorldModel> PlannedVideo<W> {
    /// A video model that plans in this world, with paths as in the demonstrations of `paths`.
    ///
    /// # Errors
    /// An invalid setting.
    pub fn new(world: W, paths: PathFlow, settings: PlanSettings) -> Result<Self, VideoGenError> {
        settings.check()?;
        let boards = |error| VideoGenError::Config {
            setting: "goal",
            found: format!("{error}"),
            expected: "a pose of finite numbers",
        };
        let planner = Planner {
            paths,
            settings,
            goal: GOAL,
            reader: Box::new(Sight::new(GOAL).map_err(boards)?),
        };
        Ok(Self { world, planner })
    }

    /// Replaces the reader of frames.
    #[cfg(test)]
    pub(super) fn with_reader(mut self, reader: impl ReadFrame + 'static) -> Self {
        self.planner.reader = Box::new(reader);
        self
    }

    /// The settings of the search.
    pub fn settings(&self) -> &PlanSettings {
        &self.planner.settings
    }

    /// The network that proposes paths.
    pub fn paths(&self) -> &PathFlow {
        &self.planner.paths
    }

    /// The world model.
    pub fn world(&self) -> &W {
        &self.world
    }

    /// Plans a clip for each request, in order, and says how it ended. A clip depends on its own request only.
    ///
    /// With an end frame a clip has exactly the frames asked for. Without one, the T is pushed to the goal, and
    /// [`VideoRequest::frames`] is the largest length: the clip ends when the T rests there, or where it was nearest.
    ///
    /// # Errors
    /// Fewer than 2 frames, frames that do not show the whole board with an agent and a T, or a failure of the world
    /// model. An end that is not reached is none: the clip says so.
    pub fn plan(&self, requests: &[VideoRequest]) -> Result<Vec<PlannedClip>, VideoModelError> {
        let planner = &self.planner;
        let searches = requests
            .par_iter()
            .enumerate()
            .map(|(index, request)| planner.begin(index, request))
            .collect::<Result<Vec<_>, _>>()?;
        let mut waiting: VecDeque<(usize, Search)> = searches.into_iter().enumerate().collect();
        let mut active: Vec<(usize, Search)> = Vec::new();
        let mut clips: Vec<Option<PlannedClip>> = requests.iter().map(|_| None).collect();
        loop {
            let room = AT_ONCE.saturating_sub(active.len()).min(waiting.len());
            active.extend(waiting.drain(..room));
            if active.is_empty() {
                break;
            }
            self.round(&mut active)?;
            let mut rest = Vec::with_capacity(active.len());
            for (index, search) in active {
                if search.is_done() {
                    clips[index] = Some(clip(&requests[index], search));
                } else {
                    rest.push((index, search));
                }
            }
            active = rest;
        }
        Ok(clips.into_iter().flatten().collect())
    }

    /// Plays one segment of every search.
    fn round(&self, active: &mut [(usize, Search)]) -> Result<(), VideoModelError> {
        let planner = &self.planner;
        let begun: Vec<Vec<(Branch, History)>> = active
            .par_iter_mut()
            .map(|(_, search)| search.branches(&planner.paths))
            .collect();
        let sizes: Vec<usize> = begun.iter().map(Vec::len).collect();
        let mut played = self.play(begun.into_iter().flatten().collect())?;
        let track = |(branch, _): &mut (Branch, History)| {
            let Some(last) = branch.frames.last() else {
                return Ok(());
            };
            branch.seen = Some(planner.reader.read(last, Some(&branch.before))?);
            Ok(())
        };
        let tracked: Result<(), pusht_vision::VisionError> = played.par_iter_mut().map(track).collect();
        tracked.map_err(|error| self.failed(format!("a frame of the world model cannot be read: {error}")))?;
        let mut played = played.into_iter();
        let parts: Vec<Vec<(Branch, History)>> = sizes.iter().map(|&n| played.by_ref().take(n).collect()).collect();
        active
            .par_iter_mut()
            .zip(parts)
            .for_each(|((_, search), part)| search.select(part, &planner.paths));
        Ok(())
    }

    /// Rolls out branches, all steps of one time in one batch.
    fn play(&self, begun: Vec<(Branch, History)>) -> Result<Vec<(Branch, History)>, VideoModelError> {
        let (mut branches, histories): (Vec<Branch>, Vec<History>) = begun.into_iter().unzip();
        // The longest first, so that those that go on are one slice.
        let mut order: Vec<usize> = (0..branches.len()).collect();
        order.sort_by_key(|&i| std::cmp::Reverse(branches[i].route.len()));
        let mut slots: Vec<Option<History>> = histories.into_iter().map(Some).collect();
        let mut histories: Vec<History> = order.iter().filter_map(|&i| slots[i].take()).collect();
        let longest = order.first().map_or(0, |&i| branches[i].route.len());
        for step in 0..longest {
            let going = order.iter().take_while(|&&i| branches[i].route.len() > step).count();
            let actions: Vec<_> = (0..going)
                .map(|k| branches[order[k]].route.action(step, histories[k].agent))
                .collect();
            let next = self.world.step(&histories[..going], &actions);
            let next = next.map_err(|error| self.failed(error.to_string()))?;
            if next.len() != going {
                return Err(self.failed(format!("{} frames came back for {going} rollouts", next.len())));
            }
            for (k, frame) in next.into_iter().enumerate() {
                let branch = &mut branches[order[k]];
                histories[k].advance(actions[k], frame.clone());
                branch.frames.push(frame);
                branch.actions.push(actions[k]);
                branch.agent.push(histories[k].agent.position);
            }
        }
        for (&i, history) in order.iter().zip(histories) {
            slots[i] = Some(history);
        }
        Ok(branches.into_iter().zip(slots.into_iter().flatten()).collect())
    }

    fn failed(&self, reason: String) -> VideoModelError {
        VideoModelError::Failed {
            model: self.name(),
            reason,
        }
    }
}

impl Planner {
    fn begin(&self, index: usize, request: &VideoRequest) -> Result<Search, VideoModelError> {
        let refuse = |reason| VideoModelError::Request { request: index, reason };
        if request.frames < 2 {
            return Err(refuse(format!(
                "{} frames were asked for; a clip has a start and an end: at least 2",
                request.frames
            )));
        }
        let read = |what: &str, frame: &Frame| {
            let refuse = |reason: String| refuse(format!("{what} frame: {reason}"));
            self.reader.check(frame).map_err(refuse)?;
            let seen = self
                .reader
                .read(frame, None)
                .map_err(|error| refuse(error.to_string()))?;
            let state = seen.state().ok_or_else(|| {
                let missing = if seen.agent.is_none() { "blue agent" } else { "gray T" };
                refuse(format!(
                    "no {missing} is seen in it; expected a PushT image with both on the board"
                ))
            })?;
            Ok((seen, state))
        };
        let (seen, state) = read("start", &request.start)?;
        let end = request.end.as_ref().map(|end| read("end", end)).transpose()?;
        let target = Target {
            block: end.map_or(self.goal, |(_, state)| state.block),
            agent: end.map(|(_, state)| state.agent),
            steps: request.frames - 1,
        };
        Ok(Search::new(
            request.start.clone(),
            seen,
            state,
            target,
            request.seed,
            &self.settings,
        ))
    }
}

/// The clip of a search, with the prescribed last frame if it is near.
fn clip(request: &VideoRequest, search: Search) -> PlannedClip {
    let Found {
        start,
        beam,
        arrival,
        arrived,
        rolled,
    } = search.finish();
    let (mut frames, mut agent, actions) = beam.unrolled();
    frames.insert(0, request.start.clone());
    agent.insert(0, start);
    let near = !beam.lost && arrival.corners <= END_BLOCK && arrival.agent.is_some_and(|px| px <= END_AGENT);
    let whole = frames.len() == request.frames;
    let mut end_handed_back = false;
    if let (Some(end), Some(last)) = (request.end.as_ref().filter(|_| near && whole), frames.last_mut()) {
        last.clone_from(end);
        end_handed_back = true;
    }
    PlannedClip {
        frames,
        agent,
        actions,
        arrival,
        arrived: arrived || end_handed_back,
        end_handed_back,
        end_tracked: !beam.lost,
        frames_rolled_out: rolled,
    }
}

impl<W: WorldModel> VideoModel for PlannedVideo<W> {
    fn name(&self) -> String {
        format!("{} along planned paths", self.world.name())
    }

    /// Plans clips; the prompt is ignored. Without an end frame, clips may be shorter than asked for: see
    /// [`PlannedVideo::plan`].
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        Ok(self.plan(requests)?.into_iter().map(|clip| clip.frames).collect())
    }

    fn generate_clips(&self, requests: &[VideoRequest]) -> Result<Vec<VideoClip>, VideoModelError> {
        let clip = |clip: PlannedClip| VideoClip {
            end: Some(clip.end()),
            frames: clip.frames,
        };
        Ok(self.plan(requests)?.into_iter().map(clip).collect())
    }
}
