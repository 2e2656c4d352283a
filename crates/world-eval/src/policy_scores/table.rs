//! Table of policies in a world and in the simulator.

use std::fmt::Write as _;

use super::correlation::ReturnCorrelation;
use super::report::{PolicyInWorld, WorldScoreReport};
use crate::policy_rollout::{cell, lost};

impl WorldScoreReport {
    /// A row per policy as Markdown, and below it [`Self::conclusion`].
    pub fn markdown(&self) -> String {
        let protocol = self.policies.first().map_or_else(String::new, |policy| {
            let summary = policy.simulator.to_string();
            summary.lines().next().unwrap_or_default().to_owned()
        });
        let mut text = format!(
            "{} policies in the exact simulator and in the {}: {protocol}; 95 % intervals over starts\n\n",
            self.policies.len(),
            self.world
        );
        text += "| policy | max reward, simulator | max reward, world | solved, simulator | solved, world | steps until the two \
                 part | of | frames without a T | without an agent |\n|---|---|---|---|---|---|---|---|---|\n";
        for policy in &self.policies {
            let _ = writeln!(text, "{}", row(policy));
        }
        text += "\nThe two part where agent or T are more than 20 px apart, or the T is turned by more than 20°; an episode in \
                 which they do not counts with the steps that both have.\n";
        let refused: usize = self.policies.iter().map(|policy| policy.refused).sum();
        if refused > 0 {
            let _ = writeln!(text, "Episodes that the world refused to continue: {refused}.");
        }
        text += &self.conclusion();
        text
    }

    /// How well the returns agree, in a sentence; or why nothing can be said.
    pub fn conclusion(&self) -> String {
        match &self.correlation {
            Ok(ReturnCorrelation { pearson, spearman }) => format!(
                "Mean maximum rewards in the world and in the simulator, over {} policies: Pearson r {pearson:.3}, Spearman rank \
                 correlation {spearman:.3} (starts resampled, policies fixed).",
                self.policies.len()
            ),
            Err(reason) => {
                let reason = reason.to_string();
                // A sentence begins with a capital.
                let (first, rest) = reason.split_at(1);
                format!("{}{rest}.", first.to_uppercase())
            }
        }
    }
}

fn row(policy: &PolicyInWorld) -> String {
    let (simulator, world) = (&policy.simulator, &policy.world);
    format!(
        "| {} | {} | {} | {} | {} | {} | {:.1} | {} | {} |",
        policy.policy,
        cell(simulator.max_reward, 3),
        cell(world.max_reward, 3),
        cell(simulator.solved, 2),
        cell(world.solved, 2),
        cell(policy.steps_together, 1),
        policy.steps_compared,
        lost(policy.block_lost, policy.frames),
        lost(policy.agent_lost, policy.frames),
    )
}
