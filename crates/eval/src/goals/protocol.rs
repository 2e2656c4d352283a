//! Settings of the protocol, and the starts that they draw.

use serde::{Deserialize, Serialize};

use super::draw::choice;
use super::error::GoalError;
use crate::RolloutConfig;

/// The goal-conditioned protocol of stable-worldmodel 0.1.1 and DINO-WM: starts and goals are states of demonstrations.
/// Default: theirs, 50 episodes of at most 50 steps, goals 25 steps ahead, seed 42.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoalProtocol {
    /// Number of episodes.
    pub episodes: usize,
    /// Rows between start and goal.
    pub offset: usize,
    /// Step limit of an episode.
    pub budget: usize,
    /// Seed of the draw of starts.
    pub seed: u64,
}

impl Default for GoalProtocol {
    fn default() -> Self {
        Self {
            episodes: 50,
            offset: 25,
            budget: 50,
            seed: 42,
        }
    }
}

/// A row of the demonstrations.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalRow {
    /// Index of the demonstration.
    pub episode: usize,
    /// Index of the row in it.
    pub row: usize,
}

impl GoalProtocol {
    /// Name on the command line and in files.
    pub const NAME: &str = "goal-conditioned";

    /// Whether these are stable-worldmodel's numbers, the number of episodes aside.
    pub fn as_published(&self) -> bool {
        let published = Self::default();
        *self
            == Self {
                episodes: self.episodes,
                ..published
            }
    }

    /// Checks the settings before memory is allocated for them.
    ///
    /// # Errors
    /// No episodes, steps or offset, or more than [`RolloutConfig::MOST`].
    pub fn check(&self) -> Result<(), GoalError> {
        for (setting, value) in [
            ("number of episodes", self.episodes),
            ("step limit", self.budget),
            ("offset of the goal", self.offset),
        ] {
            if value == 0 || value > RolloutConfig::MOST {
                return Err(GoalError::Setting { setting, value });
            }
        }
        Ok(())
    }

    /// Number of rows from which an episode can start, for demonstrations of these lengths: all that have a row `offset`
    /// rows later.
    pub fn starts(&self, lengths: &[usize]) -> usize {
        lengths.iter().map(|length| length.saturating_sub(self.offset)).sum()
    }

    /// Draws the starts as stable-worldmodel's script does: numpy's `default_rng(seed).choice` without replacement, over all
    /// possible rows but the last (their script leaves it out), sorted.
    ///
    /// # Errors
    /// Those of [`Self::check`]; more episodes than there are starts.
    pub fn draw(&self, lengths: &[usize]) -> Result<Vec<GoalRow>, GoalError> {
        self.check()?;
        let drawn_from = self.starts(lengths).saturating_sub(1);
        let pool = u32::try_from(drawn_from).ok().filter(|_| self.episodes <= drawn_from);
        let Some(pool) = pool else {
            return Err(GoalError::Starts {
                asked: self.episodes,
                available: drawn_from,
                offset: self.offset,
                longest: lengths.iter().copied().max().unwrap_or(0),
            });
        };
        // At most `pool`, which has 32 bits.
        let mut chosen = choice(self.seed, pool, self.episodes as u32);
        chosen.sort_unstable();
        let mut rows = Vec::with_capacity(chosen.len());
        let (mut episode, mut first) = (0, 0);
        for start in chosen.into_iter().map(|start| start as usize) {
            while start - first >= lengths[episode].saturating_sub(self.offset) {
                first += lengths[episode].saturating_sub(self.offset);
                episode += 1;
            }
            rows.push(GoalRow {
                episode,
                row: start - first,
            });
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn starts_are_rows_with_a_goal_and_never_the_last() {
        let protocol = GoalProtocol {
            episodes: 9,
            ..GoalProtocol::default()
        };
        // 10 rows have a row 25 rows later: 0 to 3 of the second, 0 to 5 of the last.
        let lengths = [12, 29, 25, 31];
        assert_eq!(protocol.starts(&lengths), 10);
        let rows = protocol.draw(&lengths).unwrap();
        let second = (0..4).map(|row| GoalRow { episode: 1, row });
        let last = (0..5).map(|row| GoalRow { episode: 3, row });
        assert_eq!(rows, second.chain(last).collect::<Vec<_>>());
        assert!(protocol.as_published());
    }

    #[test]
    fn settings_without_episodes_are_refused() {
        let draw = |episodes, budget, lengths: &[usize]| {
            let protocol = GoalProtocol {
                episodes,
                budget,
                ..GoalProtocol::default()
            };
            protocol.draw(lengths).unwrap_err().to_string()
        };
        assert!(draw(0, 50, &[40]).contains("the number of episodes is 0"));
        assert!(draw(5, 0, &[40]).contains("the step limit is 0"));
        assert!(draw(usize::MAX, 50, &[40]).contains("expected 1 to 1000000"));
        let text = draw(15, 50, &[40]);
        assert!(
            text.contains("15 episodes were asked for") && text.contains("have 14"),
            "{text}"
        );
        let text = draw(1, 50, &[25, 3]);
        assert!(
            text.contains("have 0") && text.contains("the longest has 25 rows"),
            "{text}"
        );
    }
}
