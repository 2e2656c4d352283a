//! Begins an episode, or continues the one that the folder holds.

use pusht_data::Simulation;

use crate::episode::LiveEpisode;
use crate::folder::PlayFolder;
use crate::journal::{EpisodeJournal, JournalHeader, PolicyName, Step};
use crate::{GuidedPolicy, PlayError, PlaySettings};

/// An episode with its file.
pub(super) struct Begun {
    pub journal: EpisodeJournal,
    pub episode: LiveEpisode,
    /// The policy that it was begun with.
    pub policy: Option<PolicyName>,
}

/// What an episode is made of.
#[derive(Debug)]
pub(super) struct Played {
    pub seed: u64,
    pub steps: Vec<Step>,
    /// The policy that it was begun with.
    pub policy: Option<PolicyName>,
}

impl Begun {
    /// The unfinished episode of a folder, or the next one.
    pub(super) fn open(
        folder: &PlayFolder,
        settings: &PlaySettings,
        mut guide: Option<&mut GuidedPolicy>,
    ) -> Result<Self, PlayError> {
        let found = Self::unfinished(folder, settings.simulation, guide.as_deref_mut())?;
        let seed = match found {
            Some(found) if !found.episode.steps().is_empty() => return Ok(found),
            Some(found) => found.episode.seed(),
            None => folder.next_seed().unwrap_or(0).max(settings.first_seed),
        };
        Self::at(folder, settings.simulation, seed, guide)
    }

    /// The start of a seed, in the file too.
    pub(super) fn at(
        folder: &PlayFolder,
        simulation: Simulation,
        seed: u64,
        guide: Option<&mut GuidedPolicy>,
    ) -> Result<Self, PlayError> {
        let played = Played {
            seed,
            steps: Vec::new(),
            policy: guide.as_deref().map(|guide| guide.name().clone()),
        };
        Self::after(folder, simulation, played, guide)
    }

    /// An episode that was played before, in the file too.
    pub(super) fn after(
        folder: &PlayFolder,
        simulation: Simulation,
        Played { seed, steps, policy }: Played,
        guide: Option<&mut GuidedPolicy>,
    ) -> Result<Self, PlayError> {
        let episode = replay(simulation, seed, &steps, guide)?;
        let header = JournalHeader::new(simulation, seed, policy.clone());
        Ok(Self {
            journal: EpisodeJournal::create(folder.journal(), &header, &steps)?,
            episode,
            policy,
        })
    }

    /// The unfinished episode of a folder, unless it is the one that was saved last: the server was killed before the next
    /// one began.
    fn unfinished(
        folder: &PlayFolder,
        simulation: Simulation,
        guide: Option<&mut GuidedPolicy>,
    ) -> Result<Option<Self>, PlayError> {
        let Some((journal, header, steps)) = EpisodeJournal::resume(folder.journal())? else {
            return Ok(None);
        };
        if header.simulation != simulation {
            return Err(PlayError::OtherSimulation {
                path: folder.journal().to_path_buf(),
                found: Box::new(header.simulation),
                expected: Box::new(simulation),
            });
        }
        let episode = replay(simulation, header.seed, &steps, guide)?;
        let policy = header.policy;
        let is_saved = folder.saved().last() == Some(&episode.trajectory(policy.as_ref()));
        Ok((!is_saved).then_some(Self {
            journal,
            episode,
            policy,
        }))
    }
}

/// An episode after these steps, which the policy has observed as far back as it looks.
pub(super) fn replay(
    simulation: Simulation,
    seed: u64,
    steps: &[Step],
    mut guide: Option<&mut GuidedPolicy>,
) -> Result<LiveEpisode, PlayError> {
    let history = guide.as_deref().map_or(0, GuidedPolicy::history);
    let first = steps.len().saturating_sub(history);
    let episode = LiveEpisode::replay(simulation, seed, steps, |index, env| match guide.as_deref_mut() {
        Some(guide) if index == first => guide.begin(env),
        Some(guide) if index > first => guide.observe(env),
        _ => {}
    })?;
    Ok(episode)
}
