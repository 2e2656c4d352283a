//! The search for one clip: beams, their continuations, and which of them are kept.

use pusht_data::History;
use pusht_env::{Frame, Pose, State};
use pusht_vision::geometry::apart;
use pusht_vision::{Tracked, VisionError};
use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::branch::{Beam, Branch};
use super::condition::End;
use super::flow::PathFlow;
use super::goal_distance::{EndDistance, corners_apart};
use super::settings::PlanSettings;
use super::steps::Route;

/// Steps in which the agent comes to rest at the end of a clip: its velocity decays to a hundredth.
const STOP: usize = 3;
/// Distance at which the agent of a frame is not where the control law moves it, px: the T, or something else, was
/// taken for it.
const AGENT_LOST: f64 = 25.0;
/// Confidence of the tracked T below which a branch is worse than one whose T keeps its form; demonstrations have 0.95.
const FORM: f64 = 0.85;
/// Steps that a T without form counts as.
const FORM_WEIGHT: f64 = 100.0;
/// Two branches are the same if agent and T are nearer than this, px.
const SAME: (f64, f64) = (6.0, 2.0);
/// Share of the beams that may come from one parent.
const OF_ONE_PARENT: f64 = 0.5;
/// Distance from the prescribed place of the agent up to which the last path is bent to end there, px.
const BENT: f64 = 40.0;
/// Steps of the agent, px: beyond this it cannot arrive in time.
const REACH: f64 = 12.0;
/// Weight of the agent's distance at the end beside that of the T.
const AGENT_WEIGHT: f64 = 0.5;
/// px of the T's distance that a step too late counts as.
const LATE: f64 = 2.0;

/// What reads agent and T in frames.
pub trait ReadFrame: Sync {
    /// Reads a frame after one with the result `last`.
    fn read(&self, frame: &Frame, last: Option<&Tracked>) -> Result<Tracked, VisionError>;
}

impl ReadFrame for pusht_vision::Tracker {
    fn read(&self, frame: &Frame, last: Option<&Tracked>) -> Result<Tracked, VisionError> {
        self.track_after(frame, last)
    }
}

/// The end of a clip.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Target {
    pub block: Pose,
    /// The agent, if the last frame is prescribed; then the clip has all of its steps.
    pub agent: Option<[f64; 2]>,
    /// Steps, at most.
    pub steps: usize,
}

/// A search in progress.
#[derive(Debug)]
pub struct Search {
    target: Target,
    /// The agent in the start frame.
    start: [f64; 2],
    settings: PlanSettings,
    rng: Pcg64,
    beams: Vec<Beam>,
    /// The nearest so far.
    best: (f64, Beam),
    /// Frames rolled out.
    rolled: usize,
    done: bool,
    arrived: bool,
}

impl Search {
    pub fn new(start: Frame, seen: Tracked, state: State, target: Target, seed: u64, settings: &PlanSettings) -> Self {
        let beam = Beam::start(History::start(start, state.agent), seen, state.block);
        let mut search = Self {
            target,
            start: state.agent,
            settings: settings.clone(),
            rng: Pcg64::seed_from_u64(seed),
            best: (f64::INFINITY, beam.clone()),
            beams: vec![beam],
            rolled: 0,
            done: false,
            arrived: false,
        };
        search.best.0 = search.distance(&search.best.1);
        search
    }

    pub fn is_done(&self) -> bool {
        self.done
    }

    fn left(&self, beam: &Beam) -> usize {
        self.target.steps - beam.steps
    }

    fn end(&self, beam: &Beam) -> End {
        End {
            block: self.target.block,
            agent: self.target.agent,
            left: self.target.agent.is_some().then(|| self.left(beam)),
        }
    }

    /// Mean displacement of the T's corners; with a prescribed agent, plus its distance.
    fn distance(&self, beam: &Beam) -> f64 {
        let block = corners_apart(beam.block, self.target.block);
        let agent = self.target.agent.map_or(0.0, |p| apart(beam.history.agent.position, p));
        block + AGENT_WEIGHT * agent
    }

    /// The continuations to play next, and the histories that they begin with.
    pub fn branches(&mut self, flow: &PathFlow) -> Vec<(Branch, History)> {
        let n = if self.beams.len() == 1 {
            // At the start: as many as there will be.
            self.settings.beams * self.settings.proposals
        } else {
            self.settings.proposals
        };
        let cases: Vec<_> = self
            .beams
            .iter()
            .flat_map(|beam| std::iter::repeat_n((beam.situation(), self.end(beam)), n))
            .collect();
        let paths = flow.propose(&cases, self.settings.spread, &mut self.rng);
        let mut branches = Vec::with_capacity(paths.len());
        for (at, path) in paths.into_iter().enumerate() {
            let parent = at / n;
            let beam = &self.beams[parent];
            let left = self.left(beam);
            let mut path = path[..self.settings.segment.min(left)].to_vec();
            if let Some(there) = self.target.agent.filter(|_| path.len() == left) {
                bend(&mut path, there);
            }
            branches.push((Branch::new(parent, beam, Route::Through(path)), beam.history.clone()));
        }
        if self.target.agent.is_none() {
            for (parent, beam) in self.beams.iter().enumerate() {
                let near = corners_apart(beam.block, self.target.block) <= self.settings.tolerance;
                if near && !beam.stopped {
                    let stop = Route::Stop(STOP.min(self.left(beam)));
                    branches.push((Branch::new(parent, beam, stop), beam.history.clone()));
                }
            }
        }
        branches
    }

    /// Keeps the best of the played branches.
    pub fn select(&mut self, played: Vec<(Branch, History)>, flow: &PathFlow) {
        self.rolled += played.iter().map(|(branch, _)| branch.frames.len()).sum::<usize>();
        let mut grown: Vec<(usize, Beam)> = Vec::with_capacity(played.len());
        for (branch, history) in played {
            let (parent, seen) = (branch.parent, branch.seen);
            let Some((seen, block)) = seen.and_then(|seen| Some((seen, seen.block?))) else {
                continue;
            };
            let at = history.agent.position;
            if seen.agent.is_none_or(|found| apart(found, at) > AGENT_LOST) {
                continue;
            }
            grown.push((parent, branch.grown(&self.beams[parent], history, seen, block)));
        }
        if grown.is_empty() {
            // The world model has lost agent or T in every branch.
            self.done = true;
            return;
        }
        if self.target.agent.is_none() {
            for (_, beam) in &grown {
                let distance = self.distance(beam);
                // A T that rests there is preferred to one that only passes.
                let near = distance <= self.settings.tolerance;
                let better = if near && beam.stopped {
                    !self.arrived || distance < self.best.0
                } else {
                    !self.arrived && distance < self.best.0
                };
                if better {
                    self.arrived = near && beam.stopped;
                    self.best = (distance, beam.clone());
                }
            }
            if self.arrived {
                self.done = true;
                return;
            }
            // The others are longer than those in which the agent stopped.
            grown.retain(|(_, beam)| !beam.stopped);
        }
        let costs = self.costs(&grown.iter().map(|(_, beam)| beam).collect::<Vec<_>>(), flow);
        let mut order: Vec<usize> = (0..grown.len()).collect();
        order.sort_by(|&a, &b| costs[a].total_cmp(&costs[b]));
        let mut kept: Vec<usize> = Vec::with_capacity(self.settings.beams);
        let parents = self.beams.len();
        let most = if parents == 1 {
            self.settings.beams
        } else {
            (self.settings.beams as f64 * OF_ONE_PARENT).ceil() as usize
        };
        for &i in &order {
            let (parent, beam) = &grown[i];
            let siblings = kept.iter().filter(|&&k| grown[k].0 == *parent).count();
            let same = |k: &usize| {
                let other = &grown[*k].1;
                apart(beam.history.agent.position, other.history.agent.position) < SAME.0
                    && corners_apart(beam.block, other.block) < SAME.1
            };
            if siblings < most && !kept.iter().any(same) {
                kept.push(i);
            }
            if kept.len() == self.settings.beams {
                break;
            }
        }
        let mut slots: Vec<Option<Beam>> = grown.into_iter().map(|(_, beam)| Some(beam)).collect();
        self.beams = kept.iter().filter_map(|&k| slots[k].take()).collect();
        let finished = self.beams.first().is_none_or(|beam| beam.steps >= self.target.steps);
        if self.target.agent.is_some()
            && let Some(beam) = self.beams.first()
        {
            self.best = (self.distance(beam), beam.clone());
        }
        self.done = finished;
    }

    /// What is left to do in each beam, in steps: without a prescribed last frame. With one, how far from it the clip
    /// will end, px.
    fn costs(&self, beams: &[&Beam], flow: &PathFlow) -> Vec<f64> {
        let cases: Vec<_> = beams.iter().map(|beam| (beam.situation(), self.end(beam))).collect();
        let steps = flow.steps_left(&cases);
        let costs = beams.iter().zip(steps).map(|(beam, steps)| {
            let form = FORM_WEIGHT * (FORM - beam.seen.block_confidence).max(0.0);
            let block = corners_apart(beam.block, self.target.block);
            let Some(there) = self.target.agent else {
                return form + self.settings.value_weight * steps + self.settings.distance_weight * block;
            };
            let left = self.left(beam) as f64;
            let agent = apart(beam.history.agent.position, there);
            form + block
                + AGENT_WEIGHT * (agent - REACH * left).max(0.0)
                + LATE * self.settings.value_weight * (steps - left).max(0.0) * f64::from(u8::from(left > 0.0))
        });
        costs.collect()
    }

    /// What came out.
    pub fn finish(self) -> Found {
        let (_, beam) = self.best;
        let (at, block) = (beam.history.agent.position, beam.block);
        Found {
            start: self.start,
            arrival: EndDistance::new(at, block, self.target.block, self.target.agent),
            arrived: self.arrived,
            rolled: self.rolled,
            beam,
        }
    }
}

/// The result of a search.
#[derive(Debug)]
pub struct Found {
    /// The agent in the start frame.
    pub start: [f64; 2],
    /// The best rollout.
    pub beam: Beam,
    /// How far it ends from the target.
    pub arrival: EndDistance,
    /// Whether the T rests at a goal.
    pub arrived: bool,
    /// Frames rolled out.
    pub rolled: usize,
}

/// Bends a path to end at a point, if it ends near it: what is missing is added in equal parts.
fn bend(path: &mut [[f64; 2]], there: [f64; 2]) {
    let Some(&last) = path.last() else { return };
    if apart(last, there) > BENT {
        return;
    }
    let n = path.len() as f64;
    for (i, p) in path.iter_mut().enumerate() {
        for k in 0..2 {
            p[k] += (there[k] - last[k]) * (i + 1) as f64 / n;
        }
    }
}
