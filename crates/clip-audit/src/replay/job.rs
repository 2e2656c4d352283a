//! Replays the clips of a dataset from their pixels, and with one source of error after the other removed.

use pusht_data::{Episode, Source};
use pusht_env::{Action, Pose};
use pusht_jobs::{JobContext, counted};
use pusht_vision::{ActionSmoother, InitialMotion, Tracked, Tracker, cross_fade};
use rayon::prelude::*;
use traj_metrics::Bootstrap;

use super::{
    Replay, ReplayCondition, ReplayError, ReplayReport, ReplayStart, ReplaySummary, replay, replay_from, restarts,
};

/// Further goals for which final coverage is measured.
const GOALS: [Pose; 2] = [
    Pose::new(230.0, 280.0, std::f64::consts::FRAC_PI_3),
    Pose::new(300.0, 300.0, std::f64::consts::FRAC_PI_2),
];

/// Replays the episodes of a dataset with frames and states: from the pixels alone, with recorded starts, with recorded
/// actions, and from starts in the middle. Also replays cross-fades from the first to the last frame, which no agent
/// can execute.
#[derive(Clone, Debug)]
pub struct ReplayJob {
    /// Number of episodes to replay, from the first on; `None`: all.
    pub episodes: Option<usize>,
    /// Interval between restarts in the middle, frames.
    pub every: usize,
    /// Bootstrap settings of the intervals.
    pub bootstrap: Bootstrap,
}

impl Default for ReplayJob {
    fn default() -> Self {
        Self {
            episodes: None,
            every: 10,
            bootstrap: Bootstrap::default(),
        }
    }
}

impl ReplayJob {
    /// Replays the episodes in parallel. Progress counts episodes.
    ///
    /// # Errors
    /// A dataset that cannot be read, has no states, or has fewer episodes than requested; an episode that cannot be
    /// replayed, with its index; a cancelled job.
    pub fn run(&self, source: &Source, ctx: &mut JobContext) -> Result<ReplayReport, ReplayError> {
        let count = source.first(self.episodes)?;
        let task = ctx.task("replay", count, "episode");
        let one = |index: usize| {
            task.check()?;
            let episode = source.episode(index)?;
            let replays = EpisodeReplays::of(&episode, self.every).map_err(|error| ReplayError::Episode {
                index,
                source: Box::new(error),
            })?;
            task.add(1);
            Ok::<_, ReplayError>(replays)
        };
        let all: Vec<EpisodeReplays> = (0..count).into_par_iter().map(one).collect::<Result<_, _>>()?;
        task.finish(&counted(count, "episode"));
        self.report(&source.name(), &all)
    }

    fn report(&self, data: &str, all: &[EpisodeReplays]) -> Result<ReplayReport, ReplayError> {
        let pick = |of: fn(&EpisodeReplays) -> &Replay| -> Vec<Replay> { all.iter().map(|r| of(r).clone()).collect() };
        let summary = |of: fn(&EpisodeReplays) -> &Replay| ReplaySummary::of(all.iter().map(of), &self.bootstrap);
        let starts: Vec<Vec<Replay>> = all.iter().map(|r| r.restarts.clone()).collect();
        let known_start = summary(|r| &r.known_start)?;
        let recorded_actions = summary(|r| &r.recorded_actions)?;
        let both_known = summary(|r| &r.both_known)?;
        let from_anywhere = ReplaySummary::of_restarts(&starts, &self.bootstrap)?;
        let faded: Vec<&Replay> = all.iter().filter_map(|r| r.faded.as_ref()).collect();
        let faded = match faded.is_empty() {
            true => None,
            false => Some(ReplaySummary::of(faded, &self.bootstrap)?),
        };
        let clips = pick(|r| &r.clip);
        let diverged = clips.iter().filter(|r| r.diverged).count();
        let conclusion = conclusion(
            clips.len(),
            diverged,
            [known_start.diverged, recorded_actions.diverged, both_known.diverged],
            faded.as_ref().map(|f| [f.diverged, f.replays]),
        );
        let condition = |name: &str, summary: ReplaySummary| ReplayCondition {
            name: name.to_owned(),
            summary,
        };
        let mut conditions = vec![
            condition("recorded, closed form", known_start),
            condition("tracked, recorded", recorded_actions),
            condition("recorded, recorded", both_known),
            condition(
                &format!("tracked at every {}th frame, closed form", self.every),
                from_anywhere,
            ),
        ];
        conditions.extend(faded.map(|summary| condition("cross-fade: tracked, closed form", summary)));
        let main = ("tracked, closed form", clips.as_slice());
        let report = ReplayReport::new(data, main, conditions, &GOALS, &self.bootstrap)?;
        Ok(ReplayReport { conclusion, ..report })
    }
}

/// The replays of one episode.
#[derive(Clone, Debug)]
struct EpisodeReplays {
    /// Start and actions from the pixels.
    clip: Replay,
    known_start: Replay,
    recorded_actions: Replay,
    both_known: Replay,
    /// As `clip`, from starts in the middle.
    restarts: Vec<Replay>,
    /// Replay of a cross-fade; `None` if no frame of it shows both agent and T.
    faded: Option<Replay>,
}

impl EpisodeReplays {
    fn of(episode: &Episode, every: usize) -> Result<Self, ReplayError> {
        let (goal, recorded) = (episode.goal, &episode.actions);
        let tracker = Tracker::new(goal)?;
        let track = tracker.track_video(&episode.frames)?;
        let actions = closed_form(&track, InitialMotion::Rest)?;
        let first = episode.states.as_ref().and_then(|states| states.first());
        let known = ReplayStart::at_rest(0, *first.ok_or(ReplayError::NoStates)?);
        let last = episode.frames.len() - 1;
        let faded = tracker.track_video(&cross_fade(&episode.frames[0], &episode.frames[last], last + 1))?;
        Ok(Self {
            clip: replay(&track, &actions, InitialMotion::Rest, goal)?,
            known_start: replay_from(known, &track, &actions, goal)?,
            recorded_actions: replay(&track, recorded, InitialMotion::Rest, goal)?,
            both_known: replay_from(known, &track, recorded, goal)?,
            restarts: restarts(&track, &actions, InitialMotion::Rest, goal, every)?,
            faded: closed_form(&faded, InitialMotion::Moving)
                .and_then(|actions| replay(&faded, &actions, InitialMotion::Moving, goal))
                .ok(),
        })
    }
}

fn closed_form(track: &[Tracked], start: InitialMotion) -> Result<Vec<Action>, ReplayError> {
    let agents: Vec<_> = track.iter().map(|t| t.agent).collect();
    Ok(ActionSmoother::default().smooth(&agents, start)?.actions)
}

/// One sentence on what limits the replays: how many diverge with the pixels alone, with the recorded start, with the
/// recorded actions, and with both.
fn conclusion(clips: usize, diverged: usize, without: [usize; 3], faded: Option<[usize; 2]>) -> String {
    let kept = clips - diverged;
    let mut text =
        format!("Actions read off the pixels reproduce {kept} of {clips} clips in the simulator to their end");
    if diverged > 0 {
        let [start, actions, both] = without;
        text += &format!(
            "; {diverged} part from it, {start} with the recorded start, {actions} with the recorded actions and {both} with both"
        );
    }
    if let Some([diverged, replays]) = faded {
        text += &format!("; of cross-fades, which nobody can execute, {diverged} of {replays} part");
    }
    text + "."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_conclusion_is_one_sentence() {
        assert_eq!(
            conclusion(206, 7, [4, 6, 0], Some([205, 206])),
            "Actions read off the pixels reproduce 199 of 206 clips in the simulator to their end; 7 part from it, 4 with the \
             recorded start, 6 with the recorded actions and 0 with both; of cross-fades, which nobody can execute, 205 of \
             206 part."
        );
        assert_eq!(
            conclusion(3, 0, [0; 3], None),
            "Actions read off the pixels reproduce 3 of 3 clips in the simulator to their end."
        );
    }
}
