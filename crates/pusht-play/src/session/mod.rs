//! The rules of play: a person or a policy leads the disc, one step at a time. Nothing here knows of time or of a browser.

mod begin;
mod rules;

use std::path::Path;

use crate::episode::LiveEpisode;
use crate::folder::PlayFolder;
use crate::journal::{EpisodeJournal, PolicyName};
use crate::picture::Picture;
use crate::{GuidedPolicy, Phase, PlayCommand, PlayError, PlaySettings, PlayView};
use begin::{Begun, Played};

/// Episodes played by a person, or by a policy from which a person takes over, recorded in a folder.
///
/// The caller keeps the time: [`PlaySession::tick`] plays one step of 0.1 s. The same commands and ticks lead to the same
/// episodes.
#[derive(Debug)]
pub struct PlaySession {
    folder: PlayFolder,
    journal: EpisodeJournal,
    episode: LiveEpisode,
    /// The policy that the episode was begun with.
    begun_with: Option<PolicyName>,
    /// What the last restart discarded.
    discarded: Option<Played>,
    guide: Option<GuidedPolicy>,
    picture: Picture,
    phase: Phase,
    pointer: Pointer,
    /// Whether the person leads without a pressed button.
    is_latched: bool,
    max_steps: usize,
    slow: u32,
    note: (u64, String),
    revision: u64,
}

/// The pointer of the person who plays.
#[derive(Clone, Copy, Debug, Default)]
struct Pointer {
    /// px of the board.
    at: Option<[f64; 2]>,
    is_down: bool,
    /// Whether it has been away from the disc since the clock stopped, so that its return starts the clock.
    was_away: bool,
}

impl PlaySession {
    /// Opens the folder of the settings and continues its unfinished episode, if there is one.
    ///
    /// # Errors
    /// A folder of other things, in use, or of another environment; a damaged file; settings out of range.
    pub fn open(settings: &PlaySettings, guide: Option<GuidedPolicy>) -> Result<Self, PlayError> {
        settings.check()?;
        let mut guide = guide;
        let folder = PlayFolder::open(&settings.out, settings.simulation)?;
        let picture = Picture::new(settings.simulation)?;
        let begun = Begun::open(&folder, settings, guide.as_mut())?;
        let text = match begun.episode.steps().len() {
            0 => String::new(),
            steps => format!("Your unfinished episode of {} s is still here.", rules::seconds(steps)),
        };
        let mut session = Self {
            folder,
            journal: begun.journal,
            episode: begun.episode,
            begun_with: begun.policy,
            discarded: None,
            guide,
            picture,
            phase: Phase::Ready,
            pointer: Pointer::default(),
            is_latched: false,
            max_steps: settings.max_steps,
            slow: 1,
            note: (0, text),
            revision: 0,
        };
        session.phase = session.phase_at_rest();
        Ok(session)
    }

    /// Does what the page asks for.
    ///
    /// # Errors
    /// What cannot be done now, or a file that cannot be written; the episode is as before.
    pub fn handle(&mut self, command: PlayCommand) -> Result<(), PlayError> {
        match command {
            // Moves alone change nothing that is shown.
            PlayCommand::Move { x, y, down } => return self.point([x, y], down),
            PlayCommand::Start => self.start()?,
            PlayCommand::Pause => self.pause(),
            PlayCommand::Restart => self.discard_for(self.episode.seed())?,
            PlayCommand::Next => self.discard_for(self.seed_after()?)?,
            PlayCommand::Undo => self.undo()?,
            PlayCommand::Save => self.save()?,
            PlayCommand::TakeOver => self.latch(true)?,
            PlayCommand::GiveBack => self.latch(false)?,
            PlayCommand::Slow { times } if [1, 2, 4].contains(&times) => self.slow = times,
            PlayCommand::Slow { times } => {
                let reason = format!("slow motion of {times}; expected 1, 2 or 4");
                return Err(PlayError::Message { reason });
            }
        }
        self.revision += 1;
        Ok(())
    }

    /// Plays one step of 0.1 s, if the clock runs.
    ///
    /// # Errors
    /// A policy that fails, or a file that cannot be written; the clock is stopped, and the step was not played.
    pub fn tick(&mut self) -> Result<(), PlayError> {
        if self.phase != Phase::Running {
            return Ok(());
        }
        self.revision += 1;
        let stepped = self.step();
        if stepped.is_err() {
            self.pause();
        }
        stepped
    }

    /// Whether the clock runs.
    pub fn is_running(&self) -> bool {
        self.phase == Phase::Running
    }

    /// How much slower than real time the clock runs.
    pub const fn slow(&self) -> u32 {
        self.slow
    }

    /// A number that changes with everything that is shown.
    pub const fn revision(&self) -> u64 {
        self.revision
    }

    /// The file of the saved episodes, for `pusht train policy --data`.
    pub fn data(&self) -> &Path {
        self.folder.set()
    }

    /// What the page shows besides the frame.
    pub fn view(&self) -> PlayView {
        let steps = self.episode.steps();
        PlayView {
            phase: self.phase,
            actor: self.actor(),
            policy: self.guide.as_ref().map(|guide| guide.name().name.clone()),
            latched: self.is_latched,
            undoable: !steps.is_empty() || self.discarded.is_some(),
            seed: self.episode.seed(),
            steps: steps.len(),
            human_steps: steps.iter().filter(|step| step.human).count(),
            max_steps: self.max_steps,
            coverage: self.episode.env().coverage(),
            score: self.episode.best(),
            agent: self.episode.env().state().agent,
            target: steps.last().map(|step| step.action),
            slow: self.slow,
            saved: self.folder.saved().len(),
            note: self.note.clone(),
        }
    }

    /// The board as a PNG file of 512 × 512 px.
    ///
    /// # Errors
    /// An image that cannot be made.
    pub fn png(&mut self) -> Result<Vec<u8>, PlayError> {
        self.picture.png(self.episode.env())
    }

    /// Tells the person who plays.
    pub(crate) fn say(&mut self, text: String) {
        self.note = (self.note.0 + 1, text);
        self.revision += 1;
    }

    /// Stops the clock and lets go of the pointer: nobody plays.
    pub(crate) fn release(&mut self) {
        self.is_latched = false;
        self.pointer = Pointer::default();
        self.pause();
        self.revision += 1;
    }

    /// Stops the clock and writes everything to disk.
    pub(crate) fn close(&mut self) -> Result<(), PlayError> {
        self.release();
        self.journal.sync()
    }

    pub(crate) const fn folder(&mut self) -> &mut PlayFolder {
        &mut self.folder
    }
}
