//! The closed loop.

use std::time::Instant;

use pusht_env::{Action, EnvConfig, Frame, PolicyError, PushT, Renderer, Scene, State};
use pusht_jobs::{JobContext, Shard, counted};
use serde::{Deserialize, Serialize};

use super::error::GoalError;
use super::policy::{GoalEffort, GoalFrames, GoalPolicy, GoalView};
use super::protocol::GoalProtocol;
use super::record::{GOAL_SCHEMA, GoalEpisode, GoalRecord, GoalRule};
use super::task::{GoalDistance, GoalTask};
use crate::rollout::rows::rounded;

/// Side of the frames, px.
const SIDE: u32 = 96;

/// What a policy did, and how long it thought.
#[derive(Clone, Debug, PartialEq)]
pub struct GoalRun {
    /// What happened. The same on every run.
    pub record: GoalRecord,
    /// How long it took.
    pub timing: GoalTiming,
}

/// How long a policy thought, on the machine at hand.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GoalTiming {
    /// Number of plans made.
    pub decisions: usize,
    /// Decisions for which the model had no plan.
    pub without_plan: usize,
    /// Wall time within the policy per decision, s; `None` for a policy that does not plan.
    pub seconds_per_decision: Option<f64>,
    /// Threads that this machine runs at once.
    pub threads: usize,
}

/// An episode that is being played.
struct Running {
    number: usize,
    env: PushT,
    frames: Option<[Frame; 3]>,
    episode: GoalEpisode,
}

/// Rolls out a policy from the starts of `tasks` to their goals; those of `part` only, if one is given. An episode ends at
/// the step limit, or with the first step after which agent and T are at the goal ([`GoalDistance::is_reached`]); the start does
/// not count. The result depends on neither the number of threads nor on what else is played.
///
/// # Errors
/// Settings that [`GoalProtocol::check`] refuses; tasks of another number; states that are not finite; a policy that fails
/// or gives an action that is not finite; a cancelled job.
pub fn rollout_to_goals(
    policy: &mut dyn GoalPolicy,
    tasks: &[GoalTask],
    protocol: &GoalProtocol,
    env: EnvConfig,
    part: Option<Shard>,
    ctx: &mut JobContext,
) -> Result<GoalRun, GoalError> {
    protocol.check()?;
    if tasks.len() != protocol.episodes {
        return Err(GoalError::Tasks {
            expected: protocol.episodes,
            found: tasks.len(),
        });
    }
    let env = env.with_max_steps(None);
    let mut renderer = policy
        .needs_frames()
        .then(|| Renderer::new(SIDE, env.fill_rule))
        .transpose()?;
    let chosen: Vec<usize> = part.map_or(0..tasks.len(), |part| part.range(tasks.len())).collect();
    let budget = protocol.budget;
    let label = format!("roll out {} to goals", policy.name());
    let task = ctx.task(&label, budget * chosen.len(), "step");
    let before = policy.effort();
    let mut seconds = 0.0;
    let mut episodes: Vec<GoalEpisode> = Vec::with_capacity(chosen.len());
    let mut reached = 0;
    for some in chosen.chunks(policy.together().max(1)) {
        let begun: Result<Vec<Running>, GoalError> = some
            .iter()
            .map(|&number| Running::begin(number, &tasks[number], env, renderer.as_mut()))
            .collect();
        let (mut running, mut ended) = (begun?, Vec::new());
        for step in 0..budget {
            task.check()?;
            let mut actions = vec![[f32::NAN; 2]; running.len()];
            let views: Vec<GoalView<'_>> = running.iter().map(|one| one.view(tasks, step, budget)).collect();
            let clock = Instant::now();
            policy.act(&views, &mut actions)?;
            seconds += clock.elapsed().as_secs_f64();
            let mut going = Vec::with_capacity(running.len());
            for (mut one, action) in running.into_iter().zip(actions) {
                if !action.iter().all(|x| x.is_finite()) {
                    let (number, policy) = (one.number, policy.name());
                    let reason =
                        format!("its action in step {step} of episode {number} is {action:?}; expected finite px");
                    return Err(PolicyError::Failed { policy, reason }.into());
                }
                if one.step(action, tasks[one.number].goal, renderer.as_mut())? {
                    reached += 1;
                    ended.push(one);
                } else {
                    going.push(one);
                }
            }
            running = going;
            let done = episodes.len();
            task.advance_to(
                budget * (done + ended.len()) + (step + 1) * running.len(),
                &format!("{reached} of {} reached", done + ended.len()),
            );
            if running.is_empty() {
                break;
            }
        }
        ended.extend(running);
        ended.sort_by_key(|one| one.number);
        episodes.extend(ended.into_iter().map(|one| one.episode));
    }
    let count = episodes.len();
    task.finish(&format!("{}, {reached} reached", counted(count, "episode")));
    let record = GoalRecord {
        schema: GOAL_SCHEMA,
        policy: policy.name(),
        settings: policy.settings(),
        data: None,
        protocol: *protocol,
        success: GoalRule::PUBLISHED,
        env,
        part,
        episodes,
    };
    let timing = GoalTiming::new(before, policy.effort(), seconds);
    Ok(GoalRun { record, timing })
}

impl Running {
    fn begin(
        number: usize,
        task: &GoalTask,
        config: EnvConfig,
        renderer: Option<&mut Renderer>,
    ) -> Result<Self, GoalError> {
        if !task.goal.to_row().iter().all(|x| x.is_finite()) {
            return Err(GoalError::Goal {
                episode: task.start.episode,
                row: task.start.row,
            });
        }
        let mut env = PushT::new(config)?;
        env.set_motion(task.state, task.velocity)?;
        let frames = renderer.map(|renderer| {
            let mut still = |state: State| renderer.render(&Scene::new(state.agent, state.block, config.goal));
            [still(task.before), still(task.state), still(task.goal)]
        });
        Ok(Self {
            number,
            env,
            frames,
            episode: GoalEpisode {
                start: task.start,
                velocity: task.velocity,
                goal: rounded(task.goal.to_row()),
                actions: Vec::new(),
                states: vec![rounded(task.state.to_row())],
                reached_after: None,
            },
        })
    }

    fn view<'a>(&'a self, tasks: &'a [GoalTask], step: usize, budget: usize) -> GoalView<'a> {
        GoalView {
            episode: self.number,
            step,
            left: budget - step,
            env: &self.env,
            task: &tasks[self.number],
            frames: self.frames.as_ref().map(|[previous, current, goal]| GoalFrames {
                previous,
                current,
                goal,
            }),
        }
    }

    /// Plays a step; whether the goal is reached.
    fn step(&mut self, action: Action, goal: State, renderer: Option<&mut Renderer>) -> Result<bool, GoalError> {
        self.env.step(action)?;
        if let (Some([previous, current, _]), Some(renderer)) = (&mut self.frames, renderer) {
            let next = renderer.render(&self.env.scene());
            *previous = std::mem::replace(current, next);
        }
        let episode = &mut self.episode;
        episode.actions.push(action);
        episode.states.push(rounded(self.env.state_observation()));
        let reached = GoalDistance::between(self.env.state(), goal).is_reached();
        episode.reached_after = reached.then_some(episode.actions.len());
        Ok(reached)
    }
}

impl GoalTiming {
    fn new(before: GoalEffort, after: GoalEffort, seconds: f64) -> Self {
        let decisions = after.decisions - before.decisions;
        Self {
            decisions,
            without_plan: after.without_plan - before.without_plan,
            seconds_per_decision: (decisions > 0).then(|| seconds / decisions as f64),
            threads: std::thread::available_parallelism().map_or(1, usize::from),
        }
    }
}
