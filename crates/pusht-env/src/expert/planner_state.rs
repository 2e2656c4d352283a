//! The expert's state in one environment: its simulated copy, the current stroke, and when to plan again.

use super::Expert;
use super::plan::Moment;
use super::refine::{Plan, refine};
use super::search::search;
use super::stroke::StrokeRun;
use crate::{Action, EnvError, Pose, PushT, State};

/// Number of coarse plans that are refined.
const REFINED: usize = 2;

/// Largest share of the current distance that a plan may leave; if no plan satisfies one value, the next is tried.
const PROGRESS: [f64; 3] = [0.9, 0.98, f64::INFINITY];

/// Deviation of the T from its expected pose, px, beyond which a stroke is abandoned.
const SURPRISE: f64 = 2.0;

/// The planner of one environment, with a simulated copy of it.
#[derive(Clone, Debug)]
pub(super) struct PlannerState {
    now: Moment,
    run: Option<StrokeRun>,
    /// Consecutive plans that brought the T no nearer. Part of the seed of the next plan.
    failures: u64,
}

impl PlannerState {
    pub fn new(env: PushT) -> Self {
        Self {
            now: Moment::new(env),
            run: None,
            failures: 0,
        }
    }

    /// The next action. The simulated copy moves one step ahead with it.
    pub fn act(&mut self, expert: &Expert) -> Result<Action, EnvError> {
        if self.now.is_success() {
            // Nothing left to do: stay.
            self.run = None;
            self.now.advance(self.now.target)?;
            return Ok(self.now.action());
        }
        let block = self.now.env.state().block;
        let mut target = self.run.as_mut().and_then(|run| run.next(block, &expert.config));
        if target.is_none() {
            self.run = self.plan(expert)?;
            target = self.run.as_mut().and_then(|run| run.next(block, &expert.config));
        }
        // Without a plan, stay and plan again at the next step.
        self.now.advance(target.unwrap_or(self.now.target))?;
        Ok(self.now.action())
    }

    /// State of the simulated copy.
    pub fn believed(&self) -> State {
        self.now.env.state()
    }

    /// Goal of the simulated copy.
    pub fn goal(&self) -> Pose {
        self.now.env.goal()
    }

    /// Replaces the expected state by the observed one. The agent's velocity follows from its controller and is kept; a
    /// stroke continues if the T is about where it was expected.
    pub fn correct(&mut self, observed: State) -> Result<(), EnvError> {
        let expected = self.now.env.state();
        let velocity = self.now.env.agent_velocity();
        self.now.env.set_state(observed)?;
        self.now.env.set_agent_velocity(velocity)?;
        if super::plan::pose_distance(expected.block, observed.block) > SURPRISE {
            self.run = None;
        }
        Ok(())
    }

    fn plan(&mut self, expert: &Expert) -> Result<Option<StrokeRun>, EnvError> {
        let Expert { config, router } = expert;
        let now = Moment { steps: 0, ..self.now };
        let candidates = search(&now, router, config)?;
        let seed = config.seed.wrapping_add(self.failures);
        let here = now.distance();
        for progress in PROGRESS {
            let best = candidates
                .iter()
                .filter(|c| c.distance < progress * here)
                .take(REFINED)
                .filter_map(|c| refine(&now, &c.strokes, progress, seed, expert))
                .min_by(|a: &Plan, b| a.cost.total_cmp(&b.cost));
            if let Some(plan) = best {
                if progress > 1.0 {
                    self.failures += 1;
                } else {
                    self.failures = 0;
                }
                return Ok(plan
                    .strokes
                    .first()
                    .and_then(|&stroke| now.begin(stroke, router, config)));
            }
        }
        self.failures += 1;
        Ok(None)
    }
}
