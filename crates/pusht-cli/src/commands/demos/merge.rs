//! `pusht demos merge`.

use std::path::PathBuf;

use anyhow::{Result, ensure};
use clap::Args;
use eval::{GoalRecord, Protocol, RolloutPart, RolloutScores};
use labeling::{Labeled, Layout, write_joined};
use pusht_data::SimulatedSet;
use pusht_jobs::counted;
use serde_json::{Value, json};

use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Join the parts that `pusht demos record`, `pusht rollout` or `pusht label` made with --shard
///
/// The result equals that of a run without --shard, byte for byte; for rollouts the scores are printed. Labels become
/// the folder of a dataset: a zarr replay buffer if --out ends in .zarr, otherwise a LeRobot dataset; the videos are read again.
/// Parts may be given in any order; missing or duplicate parts, and parts of different runs, are refused.
#[derive(Args)]
pub(crate) struct Merge {
    /// Files of all parts
    #[arg(required = true, value_name = "PART")]
    parts: Vec<PathBuf>,
    /// File or dataset to write; must not exist yet
    #[arg(long, value_name = "PATH")]
    out: PathBuf,
    /// Labels: add the seven flips and quarter turns of every episode
    #[arg(long)]
    augment: bool,
}

impl Merge {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let out = &self.out;
        ensure!(
            !out.exists(),
            "{} exists already; remove it or choose another name",
            out.display()
        );
        if let Some(folder) = self.parts.iter().find(|part| part.is_dir()) {
            anyhow::bail!(
                "{} is a folder; expected the files that `pusht demos record`, `pusht rollout` or `pusht label` wrote with \
                 --shard (`pusht train policy` takes several datasets by itself: --data A B)",
                folder.display()
            );
        }
        let labels = Labeled::is_ours(&self.parts[0]);
        ensure!(
            labels || !self.augment,
            "--augment: {} holds no labels of videos; only the dataset that is made of those can be augmented here",
            self.parts[0].display()
        );
        if labels {
            let labeled = Labeled::open(&self.parts)?;
            let zarr = out.extension().is_some_and(|e| e == "zarr");
            let layout = if zarr { Layout::Zarr } else { Layout::LeRobot };
            let summary = write_joined(&labeled, out, layout, self.augment, &mut session.ctx)?;
            if summary.episodes > 0 {
                let name = if zarr { "replay-buffer" } else { "lerobot" };
                cards::write(&cards::labeled(&summary, name), out, &mut session.ctx);
            }
            return self.joined(summary.episodes, "", json!({ "labels": summary }));
        }
        if SimulatedSet::is_ours(&self.parts[0]) {
            let set = SimulatedSet::merge(&self.parts)?;
            set.save(out)?;
            return self.joined(set.len(), "", json!({}));
        }
        if GoalRecord::is_ours(&self.parts[0]) {
            let record = GoalRecord::merge(&self.parts)?;
            record.write(out, None)?;
            let text = record.summary()? + "\n";
            let json = json!({ "policy": record.policy, "scores": record.scores()? });
            return self.joined(record.episodes.len(), &text, json);
        }
        let record = RolloutPart::merge(&self.parts)?;
        record.write(out)?;
        let (mut text, mut scores) = (String::new(), Vec::new());
        for protocol in Protocol::ALL.into_iter().filter(|p| p.steps() <= record.steps) {
            let score = RolloutScores::from_record(&record, protocol)?;
            text += &format!("{}: {}\n", record.policy, score.summary()?);
            scores.push(score);
        }
        self.joined(
            record.episodes.len(),
            &text,
            json!({ "policy": record.policy, "scores": scores }),
        )
    }

    fn joined(&self, episodes: usize, text: &str, mut json: Value) -> Result<Outcome> {
        let (parts, out) = (self.parts.len(), self.out.display());
        let text = format!(
            "{text}{} joined to {} in {out}",
            counted(parts, "part"),
            counted(episodes, "episode")
        );
        json["parts"] = parts.into();
        json["episodes"] = episodes.into();
        json["out"] = serde_json::to_value(&self.out)?;
        Ok(Outcome::new(text, &json)?)
    }
}
