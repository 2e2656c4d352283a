//! Branches of the search: rollouts of the world model, each with what was before.

use std::sync::Arc;

use pusht_data::History;
use pusht_env::{Action, Frame, Pose};
use pusht_vision::Tracked;
use pusht_vision::geometry::apart;

use super::condition::Situation;
use super::steps::Route;

/// Distance at which the agent of a frame is not where the control law moves it, px: something else was taken for it.
const AGENT_LOST: f64 = 25.0;

/// A rollout up to now: a segment, and the rollout that it continues.
#[derive(Debug)]
pub struct Beam {
    pub history: History,
    /// What was tracked in its last frame.
    pub seen: Tracked,
    pub block: Pose,
    /// The agent's last step, px.
    pub moved: [f64; 2],
    /// Steps so far.
    pub steps: usize,
    /// Whether the agent has just stopped.
    pub stopped: bool,
    /// Whether agent or T was not found in the last frame.
    pub lost: bool,
    before: Option<Arc<Beam>>,
    frames: Vec<Frame>,
    agent: Vec<[f64; 2]>,
    actions: Vec<Action>,
}

impl Drop for Beam {
    /// Without recursion, whatever the length of a chain.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(beam) = next {
            next = Arc::into_inner(beam).and_then(|mut beam| beam.before.take());
        }
    }
}

impl Beam {
    /// A rollout that begins here.
    pub fn start(history: History, seen: Tracked, block: Pose) -> Self {
        Self {
            history,
            seen,
            block,
            moved: [0.0; 2],
            steps: 0,
            stopped: false,
            lost: false,
            before: None,
            frames: Vec::new(),
            agent: Vec::new(),
            actions: Vec::new(),
        }
    }

    pub fn situation(&self) -> Situation {
        Situation {
            agent: self.history.agent.position,
            moved: self.moved,
            block: self.block,
        }
    }

    /// Its segments, the newest first.
    fn segments(&self) -> impl Iterator<Item = &Beam> {
        std::iter::successors(Some(self), |beam| beam.before.as_deref())
    }

    /// All frames, positions of the agent and actions after the start.
    pub fn unrolled(&self) -> (Vec<Frame>, Vec<[f64; 2]>, Vec<Action>) {
        let mut segments: Vec<&Beam> = self.segments().collect();
        segments.reverse();
        (
            segments.iter().flat_map(|s| s.frames.iter().cloned()).collect(),
            segments.iter().flat_map(|s| s.agent.iter().copied()).collect(),
            segments.iter().flat_map(|s| s.actions.iter().copied()).collect(),
        )
    }

    /// The rollout before its last segments of at least `steps` steps together, and the agent's path in them.
    pub fn tail(self: &Arc<Self>, steps: usize) -> (Arc<Self>, Vec<[f64; 2]>) {
        let (mut from, mut path) = (self.clone(), Vec::new());
        while path.len() < steps {
            let Some(before) = from.before.clone() else { break };
            path.splice(0..0, from.agent.iter().copied());
            from = before;
        }
        (from, path)
    }
}

/// A continuation of a beam that is being played.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Index of the beam among those of its search.
    pub parent: usize,
    pub route: Route,
    /// What was tracked in the parent's last frame.
    pub before: Tracked,
    pub frames: Vec<Frame>,
    pub agent: Vec<[f64; 2]>,
    pub actions: Vec<Action>,
    /// What was tracked in the last frame.
    pub seen: Option<Tracked>,
}

impl Branch {
    pub fn new(parent: usize, beam: &Beam, route: Route) -> Self {
        Self {
            parent,
            route,
            before: beam.seen,
            frames: Vec::new(),
            agent: Vec::new(),
            actions: Vec::new(),
            seen: None,
        }
    }

    /// The rollout that this becomes, of its parent and the history after its last frame. Where the T is not found it
    /// counts as where it was.
    pub fn grown(self, parent: &Arc<Beam>, history: History) -> Beam {
        let last = history.agent.position;
        let before = match self.agent.as_slice() {
            [.., before, _] => *before,
            _ => parent.history.agent.position,
        };
        let seen = self.seen.unwrap_or(self.before);
        let agent_lost = seen.agent.is_none_or(|found| apart(found, last) > AGENT_LOST);
        Beam {
            history,
            seen,
            block: seen.block.unwrap_or(parent.block),
            moved: [last[0] - before[0], last[1] - before[1]],
            steps: parent.steps + self.frames.len(),
            stopped: matches!(self.route, Route::Stop(_)),
            lost: agent_lost || seen.block.is_none(),
            before: Some(parent.clone()),
            frames: self.frames,
            agent: self.agent,
            actions: self.actions,
        }
    }
}
