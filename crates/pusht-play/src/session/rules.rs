//! What each command and each step does.

use super::begin::{Begun, Played, replay};
use super::{PlaySession, Pointer};
use crate::episode::LiveEpisode;
use crate::journal::{PolicyName, Step};
use crate::{Actor, GuidedPolicy, Phase, PlayError};

/// Distance from the disc's center within which the pointer starts the episode, px: diffusion_policy's.
const REACH: f64 = 30.0;
/// Steps that one undo takes back: a second.
const SECOND: usize = 10;
/// Side of the board, px; targets of the pointer are moved into it.
const BOARD: f64 = 512.0;

impl PlaySession {
    pub(super) fn actor(&self) -> Actor {
        match self.guide {
            Some(_) if !(self.is_latched || self.pointer.is_down) => Actor::Policy,
            _ => Actor::Human,
        }
    }

    pub(super) fn point(&mut self, [x, y]: [f64; 2], down: bool) -> Result<(), PlayError> {
        if !(x.is_finite() && y.is_finite()) {
            return Err(PlayError::Target { x, y });
        }
        let at = [x, y].map(|c| c.clamp(0.0, BOARD));
        let pressed = down && !self.pointer.is_down;
        let near = distance(at, self.episode.env().state().agent) <= REACH;
        // Of a policy the person takes over anywhere; alone, the disc must not jump at the start.
        let starts = match self.guide {
            Some(_) => pressed,
            None => near && (pressed || self.pointer.was_away),
        };
        if down != self.pointer.is_down && self.guide.is_some() {
            self.revision += 1;
        }
        let was_away = self.pointer.was_away || !near;
        self.pointer = Pointer {
            at: Some(at),
            is_down: down,
            was_away,
        };
        if starts && self.phase == Phase::Ready {
            self.phase = Phase::Running;
            self.revision += 1;
        }
        Ok(())
    }

    pub(super) fn start(&mut self) -> Result<(), PlayError> {
        match self.phase {
            Phase::Ready | Phase::Running => self.phase = Phase::Running,
            Phase::Foreign => return Err(self.other_policy()),
            Phase::Solved | Phase::OutOfTime => return Err(PlayError::Over),
        }
        Ok(())
    }

    pub(super) fn pause(&mut self) {
        if self.phase == Phase::Running {
            self.rest();
        }
    }

    pub(super) fn latch(&mut self, human: bool) -> Result<(), PlayError> {
        if self.guide.is_none() {
            return Err(PlayError::NoPolicy);
        }
        self.is_latched = human;
        Ok(())
    }

    /// Plays one step.
    pub(super) fn step(&mut self) -> Result<(), PlayError> {
        let human = self.actor() == Actor::Human;
        let env = self.episode.env();
        let action = match &mut self.guide {
            Some(guide) if !human => guide.act(env)?,
            guide => {
                if let Some(guide) = guide {
                    guide.interrupt();
                }
                // Without a pointer the disc stays.
                self.pointer.at.unwrap_or(env.state().agent).map(|c| c as f32)
            }
        };
        let step = Step { action, human };
        self.journal.step(step)?;
        self.episode.step(step)?;
        if let Some(guide) = &mut self.guide {
            guide.observe(self.episode.env());
        }
        if self.phase_at_rest() != Phase::Ready {
            self.rest();
        }
        Ok(())
    }

    pub(super) fn undo(&mut self) -> Result<(), PlayError> {
        let steps = self.episode.steps();
        if steps.is_empty() {
            let played = self.discarded.take().ok_or(PlayError::NothingToUndo)?;
            let begun = Begun::after(&self.folder, self.episode.simulation(), played, self.guide.as_mut());
            return self.go_on_with(begun);
        }
        let keep = steps.len().saturating_sub(SECOND);
        let (simulation, seed) = (self.episode.simulation(), self.episode.seed());
        let episode = replay(simulation, seed, &steps[..keep], self.guide.as_mut())?;
        self.journal
            .keep(keep)
            .inspect_err(|_| observe_again(&self.episode, self.guide.as_mut()))?;
        self.episode = episode;
        self.rest();
        Ok(())
    }

    pub(super) fn save(&mut self) -> Result<(), PlayError> {
        if self.episode.steps().is_empty() {
            return Err(PlayError::NothingToSave);
        }
        let next = self.seed_after()?;
        let trajectory = self.episode.trajectory(self.begun_with.as_ref());
        // Saved already, if the next episode could not be begun afterwards.
        if self.folder.saved().last() != Some(&trajectory) {
            self.folder.save(trajectory)?;
        }
        let text = format!(
            "Episode {} is saved: {} s, score {:.2}.",
            self.folder.saved().len(),
            seconds(self.episode.steps().len()),
            self.episode.best()
        );
        self.say(text);
        self.discarded = None;
        self.begin(next)
    }

    /// Begins another episode. What was played can be brought back until more is discarded or saved.
    pub(super) fn discard_for(&mut self, seed: u64) -> Result<(), PlayError> {
        let played = Played {
            seed: self.episode.seed(),
            steps: self.episode.steps().to_vec(),
            policy: self.begun_with.clone(),
        };
        self.begin(seed)?;
        if !played.steps.is_empty() {
            self.discarded = Some(played);
        }
        Ok(())
    }

    fn begin(&mut self, seed: u64) -> Result<(), PlayError> {
        let begun = Begun::at(&self.folder, self.episode.simulation(), seed, self.guide.as_mut());
        self.go_on_with(begun)
    }

    fn go_on_with(&mut self, begun: Result<Begun, PlayError>) -> Result<(), PlayError> {
        let begun = begun.inspect_err(|_| observe_again(&self.episode, self.guide.as_mut()))?;
        (self.journal, self.episode, self.begun_with) = (begun.journal, begun.episode, begun.policy);
        self.rest();
        Ok(())
    }

    fn rest(&mut self) {
        self.pointer.was_away = false;
        self.phase = self.phase_at_rest();
    }

    /// The phase of the episode when the clock stands.
    pub(super) fn phase_at_rest(&self) -> Phase {
        if self.episode.is_solved() {
            Phase::Solved
        } else if self.episode.steps().len() >= self.max_steps {
            Phase::OutOfTime
        } else if self.begun_with.as_ref() != self.guide.as_ref().map(GuidedPolicy::name) {
            Phase::Foreign
        } else {
            Phase::Ready
        }
    }

    /// The next start, if the environment has one.
    pub(super) fn seed_after(&self) -> Result<u64, PlayError> {
        let next = self.episode.seed().saturating_add(1);
        self.episode.simulation().seeding.draw(next)?;
        Ok(next)
    }

    fn other_policy(&self) -> PlayError {
        let with = |name: Option<&PolicyName>| match name {
            Some(PolicyName { name, .. }) => format!("with the policy {name}"),
            None => "without a policy".to_owned(),
        };
        let (begun, now) = (
            with(self.begun_with.as_ref()),
            with(self.guide.as_ref().map(GuidedPolicy::name)),
        );
        let now = if now == begun {
            format!("{now}, whose file has changed")
        } else {
            now
        };
        PlayError::OtherPolicy { begun, now }
    }
}

/// Shows the policy the episode that goes on, after it has seen another that could not be begun.
fn observe_again(episode: &LiveEpisode, guide: Option<&mut GuidedPolicy>) {
    // It was played before, so it can be played again.
    let _ = replay(episode.simulation(), episode.seed(), episode.steps(), guide);
}

fn distance(a: [f64; 2], b: [f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// Steps as seconds, for people.
pub(super) fn seconds(steps: usize) -> String {
    format!("{}.{}", steps / 10, steps % 10)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::journal::tests::on_a_full_disk;
    use crate::{PlayCommand, PlaySettings};

    #[test]
    fn a_full_disk_stops_the_clock_and_the_step_is_not_played() {
        let folder = tempfile::tempdir().unwrap();
        let mut session = PlaySession::open(&PlaySettings::new(folder.path()), None).unwrap();
        session.handle(PlayCommand::Start).unwrap();
        session.tick().unwrap();
        let before = session.view();
        session.journal = on_a_full_disk();
        let error = session.tick().unwrap_err().to_string();
        assert!(error.contains("No space left"), "{error}");
        assert!(!session.is_running());
        assert_eq!(
            (session.view().steps, session.view().agent),
            (before.steps, before.agent)
        );
        assert!(session.handle(PlayCommand::Undo).is_err());
        assert_eq!(session.view().steps, before.steps);
        // What was played can still be saved, which also begins another file.
        session.handle(PlayCommand::Save).unwrap();
        session.handle(PlayCommand::Start).unwrap();
        session.tick().unwrap();
        assert_eq!((session.view().saved, session.view().steps), (1, 1));
    }
}
