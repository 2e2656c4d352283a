//! Branches of the search: rollouts of the world model, each with what was before.

use std::sync::Arc;

use pusht_data::History;
use pusht_env::{Action, Frame, Pose};
use pusht_vision::Tracked;

use super::condition::Situation;
use super::steps::Route;

/// Frames that several branches begin with.
#[derive(Debug)]
pub struct Piece {
    before: Option<Arc<Piece>>,
    frames: Vec<Frame>,
    agent: Vec<[f64; 2]>,
    actions: Vec<Action>,
}

impl Drop for Piece {
    /// Without recursion, whatever the length of a chain.
    fn drop(&mut self) {
        let mut next = self.before.take();
        while let Some(piece) = next {
            next = Arc::into_inner(piece).and_then(|mut piece| piece.before.take());
        }
    }
}

/// A rollout up to now.
#[derive(Clone, Debug)]
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
    piece: Option<Arc<Piece>>,
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
            piece: None,
        }
    }

    pub fn situation(&self) -> Situation {
        Situation {
            agent: self.history.agent.position,
            moved: self.moved,
            block: self.block,
        }
    }

    /// All frames, positions of the agent and actions after the start.
    pub fn unrolled(&self) -> (Vec<Frame>, Vec<[f64; 2]>, Vec<Action>) {
        let mut pieces = Vec::new();
        let mut next = self.piece.as_ref();
        while let Some(piece) = next {
            pieces.push(piece);
            next = piece.before.as_ref();
        }
        pieces.reverse();
        (
            pieces.iter().flat_map(|p| p.frames.iter().cloned()).collect(),
            pieces.iter().flat_map(|p| p.agent.iter().copied()).collect(),
            pieces.iter().flat_map(|p| p.actions.iter().copied()).collect(),
        )
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

    /// The beam that this becomes, of its parent, the history after its last frame, and what was tracked there.
    pub fn grown(self, parent: &Beam, history: History, seen: Tracked, block: Pose) -> Beam {
        let last = history.agent.position;
        let before = match self.agent.as_slice() {
            [.., before, _] => *before,
            _ => parent.history.agent.position,
        };
        Beam {
            history,
            seen,
            block,
            moved: [last[0] - before[0], last[1] - before[1]],
            steps: parent.steps + self.frames.len(),
            stopped: matches!(self.route, Route::Stop(_)),
            piece: Some(Arc::new(Piece {
                before: parent.piece.clone(),
                frames: self.frames,
                agent: self.agent,
                actions: self.actions,
            })),
        }
    }
}
