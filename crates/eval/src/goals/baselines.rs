//! Policies to compare with: those that know nothing of the agent's goal, and the demonstration itself.

use pusht_env::{Action, Modality, ObsBatch, Observation, Policy, PolicyError, Pose};

use super::policy::{GoalPolicy, GoalView};

/// A policy on states that is told the T's goal pose, and nothing of where the agent is to be: standing still, random
/// targets, the expert.
pub struct WithoutAgentGoal(pub Box<dyn Policy>);

impl GoalPolicy for WithoutAgentGoal {
    fn name(&self) -> String {
        self.0.name()
    }

    fn act(&mut self, views: &[GoalView<'_>], out: &mut [Action]) -> Result<(), PolicyError> {
        let needs = self.0.needs();
        if needs.modality != Modality::State || needs.history != 1 {
            return Err(PolicyError::WrongObservation {
                expected: needs.modality,
                found: "one state",
            });
        }
        let begun: Vec<usize> = views.iter().filter(|v| v.step == 0).map(|v| v.episode).collect();
        self.0.reset(&begun);
        let envs: Vec<usize> = views.iter().map(|view| view.episode).collect();
        let goals: Vec<Pose> = views.iter().map(|view| view.goal().block).collect();
        let seen = views
            .iter()
            .map(|v| vec![Observation::State(v.env.state_observation())]);
        let batch = ObsBatch {
            envs: &envs,
            observations: &seen.collect::<Vec<_>>(),
            goals: &goals,
        };
        self.0.act(&batch, out)
    }
}

/// Plays the demonstration's own actions, and then its last one on: what the protocol asks for is possible.
#[derive(Clone, Copy, Debug, Default)]
pub struct AlongDemonstration;

impl GoalPolicy for AlongDemonstration {
    fn name(&self) -> String {
        "demonstration".to_owned()
    }

    fn act(&mut self, views: &[GoalView<'_>], out: &mut [Action]) -> Result<(), PolicyError> {
        for (view, action) in views.iter().zip(out) {
            let shown = &view.task.demonstrated;
            let own = view.env.state().agent.map(|x| x as f32);
            *action = shown.get(view.step).or(shown.last()).copied().unwrap_or(own);
        }
        Ok(())
    }
}
