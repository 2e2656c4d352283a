//! Motion in a dataset, without its images.

use crate::{DataError, Source};

/// Actions and agent positions of every episode, px, in the form that trajectory measures take.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Trajectories {
    /// The actions of each episode.
    pub actions: Vec<Vec<[f64; 2]>>,
    /// The agent's position before each action; `None` if an episode has no states.
    pub agent: Option<Vec<Vec<[f64; 2]>>>,
}

impl Source {
    /// The trajectories of all episodes, without the first `skip_first` steps of each. No frame is decoded or rendered.
    ///
    /// # Errors
    /// Episodes that cannot be read or simulated.
    pub fn trajectories(&self, skip_first: usize) -> Result<Trajectories, DataError> {
        let (mut actions, mut agent) = (Vec::new(), Some(Vec::new()));
        for episode in 0..self.len() {
            let all = self.actions(episode)?.iter().skip(skip_first);
            actions.push(all.map(|action| action.map(f64::from)).collect());
            let states = self.states(episode)?;
            agent = agent.zip(states).map(|(mut agent, states)| {
                agent.push(states.iter().skip(skip_first).map(|state| state.agent).collect());
                agent
            });
        }
        Ok(Trajectories { actions, agent })
    }
}
