//! Tables of a rollout in a world.

use std::fmt::Write as _;

use pusht_jobs::counted;
use traj_metrics::Interval;

use super::record::{PARTED, WorldRolloutRecord};
use super::scores::{LostFrames, WorldRolloutScores};
use crate::error::WorldEvalError;

impl WorldRolloutRecord {
    /// The scores as Markdown: those in the world beside those in the simulator with the same actions, then where the two
    /// differ.
    ///
    /// # Errors
    /// Those of [`WorldRolloutRecord::scores`].
    pub fn markdown(&self) -> Result<String, WorldEvalError> {
        let scores = self.scores()?;
        let protocol = scores.world.to_string();
        let protocol = protocol.lines().next().unwrap_or_default();
        let mut text = format!("{} in the {}: {protocol}\n\n", self.policy, self.world);
        text += "| score | in the world | in the simulator, same actions |\n|---|---|---|\n";
        let (a, b) = (&scores.world, &scores.simulator);
        for (name, world, simulator) in [
            ("mean reward per step", a.mean_reward, b.mean_reward),
            ("maximum reward", a.max_reward, b.max_reward),
            ("final coverage", a.final_coverage, b.final_coverage),
            ("solved (coverage > 0.95)", a.solved, b.solved),
            ("T within 20 px and 20°", a.pose_reached, b.pose_reached),
        ] {
            let _ = writeln!(text, "| {name} | {} | {} |", cell(world, 3), cell(simulator, 3));
        }
        text += "\n| world beside simulator | |\n|---|---|\n";
        for (name, value) in self.comparison(&scores) {
            let _ = writeln!(text, "| {name} | {value} |");
        }
        Ok(text)
    }

    fn comparison(&self, scores: &WorldRolloutScores) -> Vec<(String, String)> {
        let episodes = self.episodes.len();
        let last = match scores.final_distance.bounds {
            Some(_) => format!("{:.2}", scores.final_distance),
            None => format!("{:.2}", scores.final_distance.value),
        };
        let mut rows = vec![
            (
                "mean reward per step, world − simulator".to_owned(),
                cell(scores.reward_difference, 3),
            ),
            ("solved in both or in none".to_owned(), cell(scores.same_outcome, 2)),
            (
                format!("episodes that part (T more than {PARTED} px of 96 off the simulator's)"),
                format!("{} of {episodes}", scores.parted),
            ),
            (
                "steps until they part; all of an episode that does not".to_owned(),
                cell(scores.steps_together, 1),
            ),
            (
                "T off the simulator's after the last step, median, px of 96".to_owned(),
                last,
            ),
            (
                "agent in the frames off its position, mean, px of 96".to_owned(),
                scores.agent_off.map_or_else(|| "–".to_owned(), |off| cell(off, 2)),
            ),
            (
                "overlap of the T with the gray in the frames (simulator: 0.95)".to_owned(),
                cell(scores.block_overlap, 3),
            ),
            ("frames without a T".to_owned(), lost(scores.block_lost, scores.steps)),
            (
                "frames without an agent".to_owned(),
                lost(scores.agent_lost, scores.steps),
            ),
            (
                "actions moved onto the board".to_owned(),
                format!("{} of {}", scores.actions_moved, scores.steps),
            ),
        ];
        if scores.refused > 0 {
            rows.push((
                "episodes that the world refused to continue".to_owned(),
                format!("{} of {episodes}", scores.refused),
            ));
        }
        if scores.agent_difference > 0.0 {
            rows.push((
                "agent off the simulator's, largest, board px; expected 0".to_owned(),
                format!("{:.1e}", scores.agent_difference),
            ));
        }
        rows
    }
}

/// A mean, with its interval if it has one.
pub(crate) fn cell(value: Interval, digits: usize) -> String {
    match value.bounds {
        Some(_) => format!("{value:.digits$}"),
        None => format!("{:.digits$}", value.mean),
    }
}

/// How many of `steps` frames.
pub(crate) fn lost(lost: LostFrames, steps: usize) -> String {
    match lost.frames {
        0 => format!("0 of {steps}"),
        frames => format!("{frames} of {steps}, in {}", counted(lost.episodes, "episode")),
    }
}
