//! Errors of tracks relative to recorded states, and of the actions derived from them relative to recorded actions.

use std::fmt;

use pusht_env::{Action, Pose, State};
use pusht_vision::{ActionSmoother, InitialMotion, Tracked, VisionError, actions_from_track, unwrap_angle};
use serde::Serialize;

/// Collects the errors of tracks over any number of episodes, by kind.
#[derive(Clone, Debug, Default)]
pub struct TrackingErrors {
    frames: usize,
    missed: usize,
    /// Errors by name and unit, in the order of their first occurrence.
    errors: Vec<(&'static str, Vec<f64>)>,
}

/// The tracks have no frame to compare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nothing to compare for {what}: no frame shows both agent and T")]
pub struct NothingTracked {
    /// The kind of error.
    pub what: &'static str,
}

/// Statistics of one kind of error.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct TrackingErrorRow {
    /// Name of the error, with its unit.
    pub name: &'static str,
    /// Number of frames or actions.
    pub count: usize,
    /// Mean error.
    pub mean: f64,
    /// Median error.
    pub median: f64,
    /// 90th percentile of the errors.
    pub p90: f64,
    /// Largest error.
    pub max: f64,
}

impl TrackingErrors {
    /// An empty collection.
    pub fn new() -> Self {
        Self::default()
    }

    /// Number of frames compared.
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// Number of compared frames in which agent or T was not found.
    pub fn missed(&self) -> usize {
        self.missed
    }

    /// Compares the track of one episode with its recorded states and actions, one per frame. An episode of one frame,
    /// or one that begins without an agent, has no actions to compare.
    ///
    /// # Errors
    /// Positions that are not finite.
    pub fn add(&mut self, track: &[Tracked], states: &[State], actions: &[Action]) -> Result<(), VisionError> {
        self.frames += track.len();
        self.missed += track.iter().filter(|t| t.state().is_none()).count();
        let both: Vec<(State, State)> = track
            .iter()
            .zip(states)
            .filter_map(|(t, recorded)| Some((t.state()?, *recorded)))
            .collect();
        let apart = |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]).hypot(a[1] - b[1]);
        let origin = |block: Pose| [block.x, block.y];
        let turned = |a: f64, b: f64| unwrap_angle(0.0, a - b).abs();
        self.push("agent, px", both.iter().map(|(t, r)| apart(t.agent, r.agent)));
        self.push(
            "T origin, px",
            both.iter().map(|(t, r)| apart(origin(t.block), origin(r.block))),
        );
        self.push(
            "T angle, rad",
            both.iter().map(|(t, r)| turned(t.block.angle, r.block.angle)),
        );

        let recorded: Vec<[f64; 2]> = states.iter().map(|s| s.agent).collect();
        let seen: Vec<Option<[f64; 2]>> = track.iter().map(|t| t.agent).collect();
        if recorded.len() < 2 || seen.first().is_none_or(Option::is_none) {
            return Ok(());
        }
        let exact = actions_from_track(&recorded, InitialMotion::Rest)?;
        self.push_actions("action of recorded positions, px", &exact, actions);
        if let Some(all) = seen.iter().copied().collect::<Option<Vec<_>>>() {
            let found = actions_from_track(&all, InitialMotion::Rest)?;
            self.push_actions("action of the track, px", &found, actions);
        }
        let smoothed = ActionSmoother::default().smooth(&seen, InitialMotion::Rest)?;
        self.push_actions("action of the smoothed track, px", &smoothed.actions, actions);
        let next: Vec<Action> = recorded[1..].iter().map(|p| p.map(|c| c as f32)).collect();
        self.push_actions("floor: next position as action, px", &next, actions);
        Ok(())
    }

    /// Statistics of each kind of error.
    ///
    /// # Errors
    /// A kind with nothing to compare: no frame shows both agent and T.
    pub fn rows(&self) -> Result<Vec<TrackingErrorRow>, NothingTracked> {
        let row = |(name, all): &(&'static str, Vec<f64>)| {
            let mut all = all.clone();
            all.sort_by(f64::total_cmp);
            let &max = all.last().ok_or(NothingTracked { what: name })?;
            let [median, p90] = [50, 90].map(|q| all[(all.len() - 1) * q / 100]);
            Ok(TrackingErrorRow {
                name,
                count: all.len(),
                mean: all.iter().sum::<f64>() / all.len() as f64,
                median,
                p90,
                max,
            })
        };
        self.errors.iter().map(row).collect()
    }

    fn push(&mut self, name: &'static str, errors: impl IntoIterator<Item = f64>) {
        match self.errors.iter_mut().find(|(n, _)| *n == name) {
            Some((_, all)) => all.extend(errors),
            None => self.errors.push((name, errors.into_iter().collect())),
        }
    }

    fn push_actions(&mut self, name: &'static str, found: &[Action], recorded: &[Action]) {
        let l2 = |(a, b): (&Action, &Action)| f64::from(a[0] - b[0]).hypot(f64::from(a[1] - b[1]));
        self.push(name, found.iter().zip(recorded).map(l2));
    }
}

/// One line of a table: name, mean, median, 90th percentile, maximum.
impl fmt::Display for TrackingErrorRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            name,
            mean,
            median,
            p90,
            max,
            ..
        } = self;
        write!(f, "{name:<43} {mean:>10.5} {median:>10.5} {p90:>10.5} {max:>10.5}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(t: usize) -> State {
        State {
            agent: [100.0 + 10.0 * t as f64, 200.0],
            block: Pose::new(300.0, 300.0, 0.5),
        }
    }

    #[test]
    fn errors_are_taken_over_frames_that_show_agent_and_t() {
        let states: Vec<State> = (0..4).map(state).collect();
        let mut track: Vec<Tracked> = states.iter().map(|&s| s.into()).collect();
        track[1].agent = Some([113.0, 204.0]);
        track[3].block = None;
        let next: Vec<Action> = (1..5).map(|t| state(t).agent.map(|c| c as f32)).collect();
        let mut errors = TrackingErrors::new();
        errors.add(&track, &states, &next).unwrap();
        assert_eq!((errors.frames(), errors.missed()), (4, 1));
        let rows = errors.rows().unwrap();
        let row = |name: &str| rows.iter().find(|row| row.name.starts_with(name)).unwrap();
        let agent = row("agent");
        assert_eq!((agent.count, agent.max, agent.median), (3, 5.0, 0.0));
        assert!((agent.mean - 5.0 / 3.0).abs() < 1e-12);
        assert_eq!((row("T origin").max, row("T angle").max), (0.0, 0.0));
        // Three actions follow from four frames; here they are the next positions.
        assert_eq!((row("floor").count, row("floor").max), (3, 0.0));
        assert!(row("agent").to_string().ends_with("5.00000"));
        assert_eq!(rows.len(), 7);
    }

    #[test]
    fn what_shows_nothing_has_no_errors() {
        let mut errors = TrackingErrors::new();
        let nothing = Tracked {
            agent: None,
            block: None,
            agent_confidence: 0.0,
            block_confidence: 0.0,
        };
        errors
            .add(&[nothing; 2], &[state(0), state(1)], &[[0.0, 0.0]; 2])
            .unwrap();
        assert_eq!(errors.missed(), 2);
        let text = errors.rows().unwrap_err().to_string();
        assert_eq!(
            text,
            "nothing to compare for agent, px: no frame shows both agent and T"
        );
        assert_eq!(TrackingErrors::new().rows(), Ok(Vec::new()));
    }
}
