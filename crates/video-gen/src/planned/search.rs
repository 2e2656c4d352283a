//! The search for one clip: rollouts, their continuations, and which of them are kept.

use std::sync::Arc;

use pusht_data::History;
use pusht_env::{Frame, State};
use pusht_vision::Tracked;
use pusht_vision::geometry::apart;
use rand::SeedableRng;
use rand_pcg::Pcg64;

use super::branch::{Beam, Branch};
use super::end_distance::{EndDistance, corners_apart};
use super::flow::PathFlow;
use super::refine::{CLOSE, ROUNDS, bend, varied};
use super::settings::PlanSettings;
use super::steps::Route;
use super::target::Target;

/// Steps in which the agent comes to rest at the end of a clip: its velocity decays to a hundredth.
const STOP: usize = 3;
/// Steps before a prescribed last frame in which segments are short, and how short.
const LATE_STEPS: (usize, usize) = (16, 4);
/// Rollouts are the same if agent and T are nearer than this, px.
const SAME: (f64, f64) = (6.0, 2.0);

/// What a search does next.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// It continues its rollouts.
    Rollouts,
    /// It varies the best complete clip; rounds begun.
    Variants(usize),
    Done,
}

/// A search in progress.
#[derive(Debug)]
pub struct Search {
    target: Target,
    /// The agent in the start frame.
    start: [f64; 2],
    settings: PlanSettings,
    rng: Pcg64,
    beams: Vec<Arc<Beam>>,
    /// The nearest to the end so far, and how far it is, px; infinitely far at the start, so that every clip has a step.
    best: (f64, Arc<Beam>),
    /// Frames rolled out.
    rolled: usize,
    phase: Phase,
    /// Whether the T of the best rests at the goal.
    arrived: bool,
}

impl Search {
    pub fn new(start: Frame, seen: Tracked, state: State, target: Target, seed: u64, settings: &PlanSettings) -> Self {
        let beam = Arc::new(Beam::start(History::start(start, state.agent), seen, state.block));
        Self {
            target,
            start: state.agent,
            settings: settings.clone(),
            rng: Pcg64::seed_from_u64(seed),
            best: (f64::INFINITY, beam.clone()),
            beams: vec![beam],
            rolled: 0,
            phase: Phase::Rollouts,
            arrived: false,
        }
    }

    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Steps of the next segment.
    fn segment(&self, left: usize) -> usize {
        let (late, short) = LATE_STEPS;
        if self.target.agent.is_some() && left <= late {
            return self.settings.segment.min(short).min(left);
        }
        self.settings.segment.min(left)
    }

    /// The continuations to play next, and the histories that they begin with.
    pub fn branches(&mut self, flow: &PathFlow) -> Vec<(Branch, History)> {
        match self.phase {
            Phase::Rollouts => self.continuations(flow),
            Phase::Variants(round) => self.variants(round),
            Phase::Done => Vec::new(),
        }
    }

    fn continuations(&mut self, flow: &PathFlow) -> Vec<(Branch, History)> {
        // A single rollout is continued as often as several.
        let all = self.settings.beams * self.settings.proposals;
        let each = if self.beams.len() == 1 {
            all
        } else {
            self.settings.proposals
        };
        let cases: Vec<_> = self
            .beams
            .iter()
            .flat_map(|beam| std::iter::repeat_n((beam.situation(), self.target.end(beam)), each))
            .collect();
        let paths = flow.propose(&cases, self.settings.spread, &mut self.rng);
        let mut branches = Vec::with_capacity(paths.len() + self.beams.len());
        for (at, path) in paths.into_iter().enumerate() {
            let (parent, beam) = (at / each, &self.beams[at / each]);
            let left = self.target.left(beam);
            let mut path = path[..self.segment(left)].to_vec();
            if let Some(there) = self.target.agent.filter(|_| path.len() == left) {
                bend(&mut path, there);
            }
            branches.push((Branch::new(parent, beam, Route::Through(path)), beam.history.clone()));
        }
        if self.target.agent.is_none() {
            for (parent, beam) in self.beams.iter().enumerate() {
                if self.target.distance(beam) <= self.settings.tolerance {
                    let stop = Route::Stop(STOP.min(self.target.left(beam)));
                    branches.push((Branch::new(parent, beam, stop), beam.history.clone()));
                }
            }
        }
        branches
    }

    /// Variants of the best clip's last segments.
    fn variants(&mut self, round: usize) -> Vec<(Branch, History)> {
        let (steps, size) = ROUNDS[round];
        self.phase = Phase::Variants(round + 1);
        let (from, path) = self.best.1.tail(steps);
        let there = self.target.agent.unwrap_or(self.best.1.history.agent.position);
        let branches = (0..self.settings.variants).map(|_| {
            let path = varied(&path, there, size, &mut self.rng);
            (Branch::new(0, &from, Route::Through(path)), from.history.clone())
        });
        let branches = branches.collect();
        self.beams = vec![from];
        branches
    }

    /// Keeps the best of the played branches.
    pub fn select(&mut self, played: Vec<(Branch, History)>, flow: &PathFlow) {
        self.rolled += played.iter().map(|(branch, _)| branch.frames.len()).sum::<usize>();
        let grown: Vec<(usize, Arc<Beam>)> = played
            .into_iter()
            .map(|(branch, history)| {
                let parent = branch.parent;
                (parent, Arc::new(branch.grown(&self.beams[parent], history)))
            })
            .collect();
        match self.phase {
            Phase::Rollouts if self.target.agent.is_none() => self.select_to_goal(grown, flow),
            Phase::Rollouts => self.select_to_frame(grown, flow),
            Phase::Variants(round) => {
                for (_, beam) in grown {
                    self.keep_nearer(&beam);
                }
                self.refine_from(round);
            }
            Phase::Done => {}
        }
    }

    fn keep_nearer(&mut self, beam: &Arc<Beam>) {
        let distance = self.target.distance(beam);
        if distance < self.best.0 {
            self.best = (distance, beam.clone());
        }
    }

    /// Without a prescribed last frame: done if a T rests at the goal, or if there are no steps left.
    fn select_to_goal(&mut self, grown: Vec<(usize, Arc<Beam>)>, flow: &PathFlow) {
        let rests =
            |search: &Self, beam: &Beam| beam.stopped && search.target.distance(beam) <= search.settings.tolerance;
        let (resting, others): (Vec<_>, Vec<_>) = grown.into_iter().partition(|(_, beam)| rests(self, beam));
        if !resting.is_empty() {
            // One that rests is preferred to one that only passed nearer.
            self.best.0 = f64::INFINITY;
            self.arrived = true;
            self.phase = Phase::Done;
        }
        for (_, beam) in if self.arrived { &resting } else { &others } {
            self.keep_nearer(beam);
        }
        if !self.arrived {
            self.keep(others.into_iter().filter(|(_, beam)| !beam.stopped).collect(), flow);
            if self.is_at_the_end() {
                self.phase = Phase::Done;
            }
        }
    }

    /// With one: the best of those that are complete is refined.
    fn select_to_frame(&mut self, grown: Vec<(usize, Arc<Beam>)>, flow: &PathFlow) {
        self.keep(grown, flow);
        if let Some(beam) = self.beams.first().filter(|_| self.is_at_the_end()) {
            self.best = (self.target.distance(beam), beam.clone());
            self.refine_from(0);
        }
    }

    fn is_at_the_end(&self) -> bool {
        self.beams.first().is_none_or(|beam| self.target.left(beam) == 0)
    }

    fn refine_from(&mut self, round: usize) {
        let done = round >= ROUNDS.len() || self.settings.variants == 0 || self.best.0 <= CLOSE;
        self.phase = if done { Phase::Done } else { Phase::Variants(round) };
    }

    /// Replaces the rollouts by the best of these, at most half of them from one parent and none twice.
    fn keep(&mut self, grown: Vec<(usize, Arc<Beam>)>, flow: &PathFlow) {
        let rollouts: Vec<&Beam> = grown.iter().map(|(_, beam)| &**beam).collect();
        let costs = self.target.costs(&rollouts, flow, &self.settings);
        let mut order: Vec<usize> = (0..grown.len()).collect();
        order.sort_by(|&a, &b| costs[a].total_cmp(&costs[b]));
        let beams = self.settings.beams;
        let of_one_parent = if self.beams.len() == 1 {
            beams
        } else {
            beams.div_ceil(2)
        };
        let mut kept: Vec<(usize, Arc<Beam>)> = Vec::with_capacity(beams);
        for (parent, beam) in order.into_iter().map(|i| &grown[i]) {
            let siblings = kept.iter().filter(|(other, _)| other == parent).count();
            let same = |(_, other): &(usize, Arc<Beam>)| {
                apart(beam.history.agent.position, other.history.agent.position) < SAME.0
                    && corners_apart(beam.block, other.block) < SAME.1
            };
            if kept.len() < beams && siblings < of_one_parent && !kept.iter().any(same) {
                kept.push((*parent, beam.clone()));
            }
        }
        self.beams = kept.into_iter().map(|(_, beam)| beam).collect();
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
    pub beam: Arc<Beam>,
    /// How far it ends from the target.
    pub arrival: EndDistance,
    /// Whether the T rests at the goal.
    pub arrived: bool,
    /// Frames rolled out.
    pub rolled: usize,
}
