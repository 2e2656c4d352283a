//! The stretches of episodes in which a person acted.

use std::ops::Range;

use pusht_data::{DataError, Episode, SimulatedSet};
use pusht_jobs::JobContext;

/// The stretches of a set in which a person acted, as episodes of their own: for training on what a person does where a
/// policy went wrong (DAgger). An episode that was played without a policy is one stretch.
#[derive(Debug)]
pub struct InterventionSegments<'a> {
    set: &'a SimulatedSet,
    /// Episodes and the rows of each stretch.
    segments: Vec<(usize, Vec<Range<usize>>)>,
}

impl<'a> InterventionSegments<'a> {
    /// Finds the stretches.
    pub fn of(set: &'a SimulatedSet) -> Self {
        let rows = set.trajectories().iter().map(|trajectory| -> Vec<_> {
            match &trajectory.interventions {
                None => std::iter::once(0..trajectory.actions.len()).collect(),
                Some(interventions) => runs(&interventions.is_intervention).collect(),
            }
        });
        let segments = rows.enumerate().filter(|(_, rows)| !rows.is_empty()).collect();
        Self { set, segments }
    }

    /// Number of steps of each stretch.
    pub fn lengths(&self) -> Vec<usize> {
        let rows = self.segments.iter().flat_map(|(_, rows)| rows);
        rows.map(ExactSizeIterator::len).collect()
    }

    /// The stretches with their frames, simulated one episode at a time. Their provenance names the episode of the set.
    pub fn episodes(&self) -> impl Iterator<Item = Result<Episode, DataError>> + '_ {
        self.segments.iter().flat_map(|(index, rows)| {
            let simulated = self.set.episodes(*index..index + 1, &mut JobContext::silent());
            let cut = simulated.map(|episodes| {
                let parts = |episode: &Episode| rows.iter().map(|rows| part(episode, rows)).collect::<Vec<_>>();
                episodes.iter().flat_map(parts).collect::<Vec<_>>()
            });
            match cut {
                Ok(parts) => parts.into_iter().map(Ok).collect(),
                Err(error) => vec![Err(error)],
            }
        })
    }
}

/// The ranges of consecutive true values.
fn runs(flags: &[bool]) -> impl Iterator<Item = Range<usize>> + '_ {
    let mut from = 0;
    flags.chunk_by(|a, b| a == b).filter_map(move |run| {
        let rows = from..from + run.len();
        from = rows.end;
        run[0].then_some(rows)
    })
}

fn part(episode: &Episode, rows: &Range<usize>) -> Episode {
    Episode {
        frames: episode.frames[rows.clone()].to_vec(),
        actions: episode.actions[rows.clone()].to_vec(),
        states: episode.states.as_ref().map(|states| states[rows.clone()].to_vec()),
        goal: episode.goal,
        provenance: episode.provenance.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_those_of_true() {
        let cut = |flags: &[u8]| -> Vec<Range<usize>> {
            let flags: Vec<bool> = flags.iter().map(|f| *f == 1).collect();
            runs(&flags).collect()
        };
        assert!(cut(&[]).is_empty());
        assert!(cut(&[0, 0]).is_empty());
        assert_eq!(cut(&[1, 1, 0, 1]), [0..2, 3..4]);
        assert_eq!(cut(&[0, 1, 1, 0, 0, 1]), [1..3, 5..6]);
    }
}
