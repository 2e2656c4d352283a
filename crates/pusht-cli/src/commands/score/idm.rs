//! `pusht score idm`.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use corruptions::Degradation;
use idm::{IdmEvaluation, LearnedIdm, PaperExtraction};
use named_parts::DataOptions;
use pusht_data::Split;
use serde_json::json;

use crate::outcome::Outcome;
use crate::session::Session;

/// Compare extracted with recorded actions on the test part of a dataset, for the closed form and a trained model
///
/// Reports distance, smoothness, directness, and the coverage of the 90 % intervals, beside baselines and the paper's
/// figures.
#[derive(Args)]
pub(crate) struct Idm {
    /// Demonstrations: a zarr replay buffer or LeRobot v3 set (folders), or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Model from `pusht train idm`
    #[arg(long, value_name = "FILE")]
    learned: Option<PathBuf>,
    /// Only the first N episodes
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Seed of the split by episode, as in the model's training, so that the test part was held out
    #[arg(long, value_name = "N", default_value_t = Split::SEED)]
    split_seed: u64,
    /// Encode the videos with H.264 first, with this quantizer (12 to 51), scaled to --side
    #[arg(long, value_name = "QP")]
    coded: Option<u8>,
    /// Side of the encoded video, px
    #[arg(long, value_name = "PX", default_value_t = 96, requires = "coded")]
    side: u32,
}

impl Idm {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        let device = training::device("cpu")?;
        let learned = self
            .learned
            .as_ref()
            .map(|path| LearnedIdm::load(path, &device))
            .transpose()?;
        let (source, episodes) = session.read(&self.data, &self.reading, self.episodes)?;
        let count = episodes.len();
        let evaluation = IdmEvaluation {
            learned: learned.as_ref(),
            seed: self.split_seed,
            corruption: self.coded.map(|quantizer| Degradation::coded(self.side, quantizer)),
        };
        let scores = evaluation.run(episodes, &mut session.ctx)?;
        let json = json!({
            "data": source.name(), "episodes": count, "split": "by-episode", "split_seed": self.split_seed, "coded": self.coded,
            "side": self.side, "rows": scores.rows, "floors": scores.floors, "paper": PaperExtraction::ALL,
        });
        Ok(Outcome::new(scores.to_string(), &json)?)
    }
}
