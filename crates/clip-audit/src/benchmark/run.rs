//! Runs the benchmark on simulated and recorded clips.

use corruptions::{Clip, ClipPlayer, Corruption};
use pusht_jobs::JobContext;
use rayon::prelude::*;

use super::case::{BenchmarkError, CaseResult, run_cases};
use crate::VideoAuditor;

/// Side of the clips that are corrupted, px.
const SIDE: u32 = 96;
/// Sides of further clips, which are audited without corruption, px.
const OTHER_SIDES: [u32; 4] = [64, 128, 256, 512];
/// Seed of the first of these clips.
const OTHER_SEED: u64 = 50_000;
/// Fewest frames of a recorded clip that is corrupted.
const FEWEST_FRAMES: usize = 16;

/// Settings of a benchmark of the audit. A corrupted clip takes about 20 s on one core, as it is audited a hundred
/// times.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditBenchmark {
    /// Number of simulated clips to corrupt; a quarter as many of each other size are audited without corruption.
    pub clips: u64,
    /// Seed of the first clip; seeds 0 to 99 were used to set the thresholds.
    pub first_seed: u64,
    /// Every `every`-th recorded clip is corrupted as well; all of them are audited without corruption.
    pub every: usize,
    /// Corruptions to apply.
    pub corruptions: Vec<Corruption>,
    /// Number of clean clips in addition, from `first_seed` on: half of them played by [`ClipPlayer::Pinning`], a
    /// quarter each by [`ClipPlayer::Random`] and [`ClipPlayer::Expert`].
    pub clean: u64,
}

/// 20 clips from seed 100 on and every fifth recorded clip, with all corruptions; 40 clean clips.
impl Default for AuditBenchmark {
    fn default() -> Self {
        Self {
            clips: 20,
            first_seed: 100,
            every: 5,
            corruptions: Corruption::TUNED.into_iter().chain(Corruption::HELD_OUT).collect(),
            clean: 40,
        }
    }
}

/// Recorded clips, read on demand from several threads.
pub struct RecordedClips<'a> {
    /// Number of clips.
    pub count: usize,
    /// Reads the clip with this index.
    #[allow(clippy::type_complexity, reason = "the error is whatever the caller's reader has")]
    pub read: &'a (dyn Fn(usize) -> Result<Clip, Box<dyn std::error::Error + Send + Sync>> + Sync),
}

impl AuditBenchmark {
    /// Audits all cases on several threads; [`BenchmarkTable::of`](super::BenchmarkTable::of) counts the results.
    ///
    /// # Errors
    /// A seed that the environment refuses; a clip that cannot be read, corrupted or audited; a cancelled job.
    pub fn run(
        &self,
        auditor: &VideoAuditor,
        recorded: Option<&RecordedClips<'_>>,
        ctx: &mut JobContext,
    ) -> Result<Vec<CaseResult>, BenchmarkError> {
        let look = |clip: &Clip, seed: u64, source: &str, damage: bool| -> Result<Vec<CaseResult>, BenchmarkError> {
            let audit = auditor.audit_frames(&clip.frames)?;
            let mut results = vec![CaseResult::clean(source, &format!("number {seed}"), &audit)];
            if damage {
                results.extend(run_cases(auditor, clip, seed, &self.corruptions)?);
            }
            Ok(results)
        };

        let task = ctx.task("simulated clips", self.clips as usize, "clip");
        let seeds = self.first_seed..self.first_seed.saturating_add(self.clips);
        let simulated = seeds.into_par_iter().map(|seed| {
            task.check()?;
            let results = look(&Clip::simulated(seed, SIDE)?, seed, "simulated", true);
            task.add(1);
            results
        });
        let mut results = simulated.collect::<Result<Vec<_>, BenchmarkError>>()?.concat();
        task.finish("done");

        let task = ctx.task("clean clips", self.clean as usize, "clip");
        for (player, share) in [
            (ClipPlayer::Pinning, 2),
            (ClipPlayer::Random, 4),
            (ClipPlayer::Expert, 4),
        ] {
            let source = format!("played, {}", player.name());
            let seeds = self.first_seed..self.first_seed.saturating_add(self.clean / share);
            let clips = seeds.into_par_iter().map(|seed| {
                task.check()?;
                let results = look(&Clip::played(player, seed, SIDE)?, seed, &source, false);
                task.add(1);
                results
            });
            results.extend(clips.collect::<Result<Vec<_>, BenchmarkError>>()?.concat());
        }
        task.finish("done");

        let cancel = ctx.cancel_flag().clone();
        for size in OTHER_SIDES {
            let source = format!("simulated, {size} × {size} px");
            let seeds = OTHER_SEED..OTHER_SEED + self.clips / 4;
            let clips = seeds.into_par_iter().map(|seed| {
                cancel.check()?;
                look(&Clip::simulated(seed, size)?, seed, &source, false)
            });
            results.extend(clips.collect::<Result<Vec<_>, BenchmarkError>>()?.concat());
        }

        if let Some(RecordedClips { count, read }) = recorded {
            let task = ctx.task("recorded clips", *count, "clip");
            let recorded = (0..*count).into_par_iter().map(|index| {
                task.check()?;
                let clip = read(index).map_err(|source| BenchmarkError::Recorded { index, source })?;
                let damage = index.is_multiple_of(self.every.max(1)) && clip.frames.len() >= FEWEST_FRAMES;
                let results = look(&clip, index as u64, "recorded", damage);
                task.add(1);
                results
            });
            results.extend(recorded.collect::<Result<Vec<_>, BenchmarkError>>()?.concat());
            task.finish("done");
        }
        Ok(results)
    }
}

#[cfg(test)]
mod tests {
    use corruptions::Strength;

    use super::super::case::Case;
    use super::*;

    #[test]
    fn simulated_and_recorded_clips_are_audited_clean_and_damaged() {
        let auditor = VideoAuditor::new().unwrap();
        let benchmark = AuditBenchmark {
            clips: 1,
            every: 2,
            corruptions: vec![Corruption::AgentGone],
            clean: 4,
            ..AuditBenchmark::default()
        };
        let mut clip = Clip::simulated(7, SIDE).unwrap();
        clip.frames.truncate(20);
        clip.states.truncate(20);
        let recorded = RecordedClips {
            count: 3,
            read: &|_| Ok(clip.clone()),
        };
        let mut ctx = JobContext::silent();
        let results = benchmark.run(&auditor, Some(&recorded), &mut ctx).unwrap();
        let count = |case: &Case| results.iter().filter(|o| o.case == *case).count();
        assert_eq!(count(&Case::Clean("simulated".to_owned())), 1);
        assert_eq!(count(&Case::Clean("recorded".to_owned())), 3);
        assert_eq!(count(&Case::Clean("played, pinning".to_owned())), 2);
        assert_eq!(count(&Case::Clean("played, random".to_owned())), 1);
        // Of the recorded ones the first and the third are damaged.
        assert_eq!(count(&Case::Corrupted(Corruption::AgentGone, Strength::Clear)), 3);
        let broken = RecordedClips {
            count: 1,
            read: &|_| Err("unreadable".into()),
        };
        let none = AuditBenchmark {
            clips: 0,
            clean: 0,
            ..benchmark
        };
        let error = none.run(&auditor, Some(&broken), &mut ctx).unwrap_err();
        assert_eq!(error.to_string(), "clip 0: unreadable");
        ctx.cancel_flag().cancel();
        assert!(matches!(
            none.run(&auditor, Some(&recorded), &mut ctx),
            Err(BenchmarkError::Cancelled(_))
        ));
    }
}
