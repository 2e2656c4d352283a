//! Checks of the settings, before any stage runs.

use super::refusal::wrong;
use super::settings::Config;
use super::video::{OtherGeneratorConfig, VideoChoice, VideoConfig, unset};
use crate::PipelineError;
use crate::arm_names::{ARM_NAMES, NEEDED, needs_pool};

impl Config {
    /// Checks the settings; datasets and model files are checked when they are opened.
    pub(super) fn check(&self) -> Result<(), PipelineError> {
        let positive = [
            ("demonstrations.episodes", self.demonstrations.episodes),
            ("rollout.episodes", self.rollout.episodes),
            ("rollout.steps", self.rollout.steps),
        ];
        for (key, value) in positive {
            if value == 0 {
                return wrong(key, "is 0; expected at least 1");
            }
        }
        for (index, name) in self.arms.iter().enumerate() {
            if !ARM_NAMES.contains(&name.as_str()) {
                return wrong("arms", &format!("names {name}; expected {}", ARM_NAMES.join(", ")));
            }
            if self.arms[..index].contains(name) {
                return wrong("arms", &format!("names {name} twice; expected each arm once"));
            }
        }
        if let Some(missing) = NEEDED
            .iter()
            .find(|needed| !self.arms.iter().any(|name| name == *needed))
        {
            return wrong("arms", &format!("has no {missing}, which the verdict needs"));
        }
        if let Some(arm) = self.arms.iter().find(|name| needs_pool(name))
            && self.demonstrations.pool == 0
        {
            return wrong(
                "demonstrations.pool",
                &format!("is 0; the arm {arm} needs episodes that are held back"),
            );
        }
        // Invalid training settings are found now instead of in their stage.
        let checks: [(&str, Result<(), String>); 2] = [
            ("policy", self.policy.check().map_err(|e| e.to_string())),
            ("idm.learned", self.idm.learned.train.check().map_err(|e| e.to_string())),
        ];
        for (section, result) in checks {
            if let Err(reason) = result {
                return wrong(section, &reason);
            }
        }
        for (index, policy) in self.other_policies.iter().enumerate() {
            let section = format!("other_policies[{index}]");
            policy.check().or_else(|error| wrong(&section, &error.to_string()))?;
            if self.other_policies[..index]
                .iter()
                .any(|before| before.kind() == policy.kind())
            {
                return wrong(&section, "is of a kind that was there before; expected each kind once");
            }
        }
        self.video.check()?;
        if self.policy.train.steps_per_epoch.is_none() {
            return wrong(
                "policy.train.steps_per_epoch",
                "is missing; arms of different size need the same number of updates",
            );
        }
        if self.seeds.is_empty() {
            return wrong(
                "seeds",
                "is empty; expected at least one seed (three or more give intervals over seeds)",
            );
        }
        let mut seeds = self.seeds.clone();
        seeds.sort_unstable();
        seeds.dedup();
        if seeds.len() != self.seeds.len() {
            return wrong("seeds", "names a seed twice; expected different seeds");
        }
        if self.name.is_empty() || self.name.contains(['/', '\\']) || self.name.starts_with('.') {
            return wrong("name", "names the run's folder; expected a plain folder name");
        }
        if self.rollout.expert_episodes > self.rollout.episodes {
            return wrong(
                "rollout.expert_episodes",
                "is larger than rollout.episodes; the expert is paired by start",
            );
        }
        Ok(())
    }
}

impl VideoConfig {
    /// Checks the settings; model files are checked when they are opened.
    pub(super) fn check(&self) -> Result<(), PipelineError> {
        for (section, result) in [
            ("video.train", self.train.check().map_err(|e| e.to_string())),
            ("video.pixel", self.pixel.check().map_err(|e| e.to_string())),
        ] {
            if let Err(reason) = result {
                return wrong(section, &reason);
            }
        }
        if self.clips == 0 {
            return wrong("video.clips", "is 0; expected at least 1");
        }
        let (frames, longest) = (self.frames, self.train.model.max_frames);
        match self.model {
            VideoChoice::Object if frames > longest => {
                return wrong(
                    "video.frames",
                    &format!(
                        "is {frames}, more than the model makes; expected at most video.train.model.max_frames = {longest}"
                    ),
                );
            }
            _ => {}
        }
        if self.new_starts.clips == 0 || self.new_starts.frames < 4 {
            return wrong(
                "video.new_starts",
                "has no clips, or fewer than 4 frames; expected at least 1 and 4",
            );
        }
        if !matches!(self.model, VideoChoice::Ready(_)) && (self.prompt.is_some() || !unset(&self.sampling)) {
            return wrong(
                "video",
                "has a prompt or sampling, which only models that are there already (object:FILE, ltx:PATH, …) take",
            );
        }
        if self.fps == Some(0) || (self.fps.is_some() && !matches!(self.model, VideoChoice::Clips(_))) {
            return wrong(
                "video.fps",
                "is the rate of videos that are there already; expected at least 1, with video.model = clips:DIR",
            );
        }
        if frames < 4 {
            return wrong("video.frames", "is below 4; the measures of actions need at least 4");
        }
        self.others
            .iter()
            .enumerate()
            .try_for_each(|(index, other)| self.check_other(index, other))
    }

    fn check_other(&self, index: usize, other: &OtherGeneratorConfig) -> Result<(), PipelineError> {
        let key = format!("video.others[{index}]");
        if matches!(self.model, VideoChoice::Clips(_)) {
            return wrong(
                &key,
                "has no ends to generate between: video.model = clips:DIR brings none; expected a model that generates",
            );
        }
        let before = &self.others[..index];
        match &other.model {
            VideoChoice::Clips(_) => {
                return wrong(
                    &key,
                    "is a folder of videos, which are not between ends of demonstrations; expected a model (`pusht audit` judges folders)",
                );
            }
            VideoChoice::Object | VideoChoice::Pixel => {
                if other.model == self.model || before.iter().any(|earlier| earlier.model == other.model) {
                    return wrong(&key, "is trained here already; expected each of object and pixel once");
                }
                if other.frames.is_some() || other.prompt.is_some() || !unset(&other.sampling) {
                    return wrong(
                        &key,
                        "has frames, a prompt or sampling, which only models that are there already (pixel:DIR, ltx:PATH, …) take",
                    );
                }
            }
            VideoChoice::Ready(_) => {
                if before.contains(other) {
                    return wrong(&key, "is the same as one before it; expected each generator once");
                }
            }
        }
        if other.frames.is_some_and(|frames| frames < 4) {
            return wrong(&key, "has clips of fewer than 4 frames; expected at least 4");
        }
        Ok(())
    }
}
