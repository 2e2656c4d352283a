//! Several episodes of a policy in a world, stepped together.

use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{
    Action, AgentMotion, EnvConfig, Frame, ObsBatch, ObsSpec, Observation, Policy, PolicyError, Pose, PushT, Renderer,
    State, coverage, reward,
};
use pusht_vision::{Tracked, Tracker, VisionError, wrap};
use rayon::prelude::*;

use super::observe::observe;
use super::record::{EpisodeCourse, WorldEpisodeEnd};
use crate::error::WorldEvalError;
use crate::{PIXEL, SIDE};

/// Side of the board, px.
const BOARD: f32 = 512.0;

/// An episode in the world.
pub(super) struct Played {
    /// Its number among all.
    pub number: usize,
    pub seed: u64,
    pub actions: Vec<Action>,
    /// Number of actions that were moved onto the board.
    pub moved: usize,
    pub end: WorldEpisodeEnd,
    /// With states that are not rounded.
    pub course: EpisodeCourse,
    pub block_lost: Vec<usize>,
    pub agent_lost: Vec<usize>,
    /// Distance of the agent in each frame that shows one from its position, px of 96.
    pub off: Vec<f64>,
    /// The tracker's confidence in the T of each frame; 0 without one.
    pub overlap: Vec<f64>,
    /// The frames, if they are kept.
    pub frames: Option<Vec<Frame>>,
    /// What the last frame shows.
    last: Tracked,
}

impl Played {
    /// Appends the step whose frame is the last one of `history`.
    fn step(&mut self, history: &History, action: Action, seen: Tracked, goal: Pose) {
        let agent = history.agent.position;
        self.actions.push(action);
        let step = self.actions.len();
        let before = self.course.states.last().map(|state| state.block);
        self.overlap.push(seen.block_confidence);
        if seen.block.is_none() {
            self.block_lost.push(step);
        }
        let block = seen.block.or(before).unwrap_or(goal);
        match seen.agent {
            Some(at) => self.off.push((at[0] - agent[0]).hypot(at[1] - agent[1]) / PIXEL),
            None => self.agent_lost.push(step),
        }
        let covered = coverage(block, goal);
        self.course.coverage.push(covered);
        self.course.rewards.push(reward(covered));
        self.course.states.push(State { agent, block });
        if let Some(frames) = &mut self.frames {
            frames.push(history.current.clone());
        }
        self.last = seen;
    }

    fn solved(&self) -> bool {
        self.course
            .coverage
            .last()
            .is_some_and(|&covered| covered > eval::SOLVED_COVERAGE)
    }
}

/// Episodes that are stepped together.
pub(super) struct Batch<'a> {
    world: &'a dyn WorldModel,
    tracker: &'a Tracker,
    env: EnvConfig,
    spec: ObsSpec,
    running: Vec<Played>,
    /// Of each running episode.
    histories: Vec<History>,
    observations: Vec<Vec<Observation>>,
    ended: Vec<Played>,
}

impl<'a> Batch<'a> {
    /// No episodes yet.
    pub(super) fn new(world: &'a dyn WorldModel, tracker: &'a Tracker, env: EnvConfig, spec: ObsSpec) -> Self {
        Self {
            world,
            tracker,
            env,
            spec,
            running: Vec::new(),
            histories: Vec::new(),
            observations: Vec::new(),
            ended: Vec::new(),
        }
    }

    /// Adds an episode from the start of a seed: the simulator's frame, and its agent's motion (a reset ends with a substep,
    /// after which the agent may move by a hair).
    pub(super) fn begin(&mut self, number: usize, seed: u64, keep_frames: bool) -> Result<(), WorldEvalError> {
        let mut env = PushT::new(self.env)?;
        let start = env.reset(seed)?;
        let frame = Renderer::new(SIDE, self.env.fill_rule)?.render(&env.scene());
        let last = self.tracker.track(&frame)?;
        let block = last.block.unwrap_or(Pose {
            angle: wrap(start.block.angle),
            ..start.block
        });
        let seen = observe(self.spec.modality, &frame, start.agent, block);
        self.observations.push(vec![seen; self.spec.history]);
        self.running.push(Played {
            number,
            seed,
            actions: Vec::new(),
            moved: 0,
            end: WorldEpisodeEnd::StepLimit,
            course: EpisodeCourse {
                states: vec![State {
                    agent: start.agent,
                    block,
                }],
                ..EpisodeCourse::default()
            },
            block_lost: Vec::new(),
            agent_lost: Vec::new(),
            off: Vec::new(),
            overlap: Vec::new(),
            frames: keep_frames.then(|| vec![frame.clone()]),
            last,
        });
        let agent = AgentMotion {
            position: start.agent,
            velocity: env.agent_velocity(),
        };
        self.histories.push(History::in_motion(frame.clone(), frame, agent));
        Ok(())
    }

    /// Numbers of the running episodes.
    pub(super) fn numbers(&self) -> Vec<usize> {
        self.running.iter().map(|played| played.number).collect()
    }

    /// Number of episodes that ended before the step limit.
    pub(super) fn ended(&self) -> usize {
        self.ended.len()
    }

    /// The policy's actions, on the board.
    pub(super) fn act(&mut self, policy: &mut dyn Policy) -> Result<Vec<Action>, WorldEvalError> {
        let mut actions = vec![[f32::NAN; 2]; self.running.len()];
        let goals = vec![self.env.goal; self.running.len()];
        let batch = ObsBatch {
            envs: &self.numbers(),
            observations: &self.observations,
            goals: &goals,
        };
        policy.act(&batch, &mut actions)?;
        for (action, played) in actions.iter_mut().zip(&mut self.running) {
            if !action.iter().all(|x| x.is_finite()) {
                let (number, step) = (played.number, played.actions.len());
                return Err(WorldEvalError::Policy(PolicyError::Failed {
                    policy: policy.name(),
                    reason: format!("its action in step {step} of episode {number} is {action:?}; expected finite px"),
                }));
            }
            let on_board = action.map(|x| x.clamp(0.0, BOARD));
            played.moved += usize::from(on_board != *action);
            *action = on_board;
        }
        Ok(actions)
    }

    /// One step of every running episode; those that the world refuses, and those that are solved, end.
    pub(super) fn step(&mut self, mut actions: Vec<Action>) -> Result<(), WorldEvalError> {
        let next = loop {
            if self.running.is_empty() {
                return Ok(());
            }
            match self.world.step(&self.histories, &actions) {
                Ok(next) => break next,
                Err(WorldModelError::Rollout { rollout, reason }) if rollout < self.running.len() => {
                    if self.running[rollout].actions.is_empty() {
                        return Err(WorldEvalError::Start {
                            world: self.world.name(),
                            seed: self.running[rollout].seed,
                            reason,
                        });
                    }
                    actions.remove(rollout);
                    self.end(rollout, WorldEpisodeEnd::Refused(reason));
                }
                Err(error) => return Err(error.into()),
            }
        };
        self.check(&next)?;
        for ((history, &action), frame) in self.histories.iter_mut().zip(&actions).zip(next) {
            history.advance(action, frame);
        }
        let tracker = self.tracker;
        let looks = self.histories.par_iter().zip(&self.running);
        let seen: Result<Vec<Tracked>, VisionError> = looks
            .map(|(history, played)| tracker.track_after(&history.current, Some(&played.last)))
            .collect();
        let goal = self.env.goal;
        let steps = self.running.iter_mut().zip(&self.histories).zip(&mut self.observations);
        for (((played, history), observations), (seen, action)) in steps.zip(seen?.into_iter().zip(actions)) {
            played.step(history, action, seen, goal);
            let block = played.course.states.last().map_or(goal, |state| state.block);
            observations.rotate_left(1);
            if let Some(latest) = observations.last_mut() {
                *latest = observe(self.spec.modality, &history.current, history.agent.position, block);
            }
        }
        for at in (0..self.running.len()).rev() {
            if self.running[at].solved() {
                self.end(at, WorldEpisodeEnd::Solved);
            }
        }
        Ok(())
    }

    /// All episodes in order; those that still run are at the step limit.
    pub(super) fn finish(mut self) -> Vec<Played> {
        self.ended.append(&mut self.running);
        self.ended.sort_by_key(|played| played.number);
        self.ended
    }

    fn end(&mut self, at: usize, end: WorldEpisodeEnd) {
        self.histories.remove(at);
        self.observations.remove(at);
        let played = self.running.remove(at);
        self.ended.push(Played { end, ..played });
    }

    /// Checks the number and the sizes of the world's frames.
    fn check(&self, next: &[Frame]) -> Result<(), WorldEvalError> {
        let world = self.world.name();
        if next.len() != self.running.len() {
            return Err(WorldEvalError::Returned {
                world,
                expected: self.running.len(),
                found: next.len(),
            });
        }
        match self
            .running
            .iter()
            .zip(next)
            .find(|(_, frame)| frame.dimensions() != (SIDE, SIDE))
        {
            None => Ok(()),
            Some((played, frame)) => Err(WorldEvalError::FrameSize {
                world,
                clip: played.number,
                frame: played.actions.len() + 1,
                found: frame.dimensions(),
            }),
        }
    }
}
