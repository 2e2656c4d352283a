//! `pusht audit world`.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use clap::{Args, ValueEnum};
use clip_generation::SplitName;
use named_parts::{DataOptions, WorldChoice, device_name, hub};
use pusht_data::{Source, Split, SplitProtocol, WorldModel};
use pusht_env::EnvConfig;
use pusht_jobs::{claim_folder, write_bytes, write_json};
use serde_json::json;
use traj_metrics::Bootstrap;
use video_gen::{LoadOptions, LoadedModel};
use world_eval::{DemonstrationPaths, ExpertPaths, GateJob, GateReference, PathClip, TrainingWindows, WorldFilms};

use super::beside::Beside;
use crate::outcome::Outcome;
use crate::session::Session;

/// The table in the folder of --out.
const TABLE: &str = "gate.md";

/// Judge a world model by the gate: rolled out along given paths of the agent, beside the exact simulator with the same
/// actions
///
/// Measures the number of agents, how near the agent is to its path, the T's shape and pose, the steps that the simulator
/// reproduces, the audit's findings and the time of sampling, each beside its limit; and the same of the recorded clips,
/// cross-fades and the nearest training clips. Exit status 3: the world does not pass.
#[derive(Args)]
pub(crate) struct World {
    /// A pixel world: `pixel`, the base that comes with the program, pixel:DIR (a folder of `pusht train video --model
    /// pixel`), or a file; or `simulator`: the exact simulator, which shows what a perfect model could reach
    #[arg(long, value_name = "pixel[:DIR]|FILE|simulator")]
    world: WorldChoice,
    /// Another model in the same table: a pixel world (`pixel` or FILE), or a video model (object:FILE, pixel:DIR, ltx:PATH,
    /// …) that makes clips between the same first and last frames; may be repeated
    #[arg(long, value_name = "pixel|FILE|KIND:PATH")]
    beside: Vec<String>,
    /// Demonstrations to take paths from, and training clips for comparison
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: DataOptions,
    /// Part of --data that the paths are taken from: test (episodes held out of every training), train or all
    #[arg(long, value_name = "NAME", default_value_t)]
    part: SplitName,
    /// Where the paths come from
    #[arg(long, value_enum, default_value_t)]
    starts: Starts,
    /// Number of clips
    #[arg(long, value_name = "N", default_value_t = 100)]
    clips: usize,
    /// Frames per clip
    #[arg(long, value_name = "N", default_value_t = 48)]
    frames: usize,
    /// Seed of the choice of paths; of the expert's starts, the number added to the first seed
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Folder for the table, film strips and films
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
    /// cpu, cuda, cuda:N, wgpu or auto
    #[arg(long, default_value = "cpu", value_parser = device_name)]
    device: String,
}

/// Where paths come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, ValueEnum)]
enum Starts {
    /// Windows of the demonstrations of --data.
    #[default]
    Demonstrations,
    /// What the expert does from new starts.
    Expert,
}

impl World {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        self.reading.need(self.data.is_some())?;
        let expert = self.starts == Starts::Expert;
        ensure!(
            self.data.is_some() || expert,
            "expected --data PATH: the demonstrations to take paths from; or --starts expert"
        );
        if let Some(out) = &self.out {
            claim_folder(out, &[TABLE]).with_context(|| out.display().to_string())?;
        }
        let beside = Beside::parse(&self.beside)?;
        let world = self.load("--world", &self.world, session)?;
        let others = beside.iter().map(|model| self.other(model, session));
        let others: Vec<Other> = others.collect::<Result<_>>()?;
        let titles: Vec<Option<String>> = others.iter().map(Other::title).collect();
        let names = Beside::names(&self.world, &beside, &titles);
        let source = self.reading.open_given(self.data.as_deref(), &mut session.ctx)?;
        let (clips, starts) = match &source {
            Some(source) if !expert => self.demonstrations(source, session)?,
            _ => {
                let paths = ExpertPaths {
                    first_seed: ExpertPaths::FIRST_SEED.wrapping_add(self.seed),
                    ..ExpertPaths::new(self.clips, self.frames)
                };
                let starts = format!("along the expert's paths from seed {} on", paths.first_seed);
                (paths.play(&mut session.ctx)?, starts)
            }
        };
        let training = match &source {
            Some(source) => {
                let split = Split::new(&source.lengths(), SplitProtocol::ByEpisode, 1, Split::SEED)?;
                let episodes = Split::episodes_of(&split.train);
                Some(TrainingWindows::new(source, &episodes, &mut session.ctx)?)
            }
            None => None,
        };
        let job = GateJob {
            clips: &clips,
            starts,
            recorded: if expert { "expert" } else { "demonstrations" }.to_owned(),
            beside: names[1..]
                .iter()
                .zip(&others)
                .map(|(name, other)| (name.clone(), other.reference()))
                .collect(),
            training: training.as_ref(),
            bootstrap: Bootstrap::default(),
        };
        let judged = job.run(&names[0], world.as_ref(), &mut session.ctx)?;
        let (table, conclusion) = (judged.report.markdown(), judged.report.conclusion());
        let json = json!({ "gate": judged.report, "passes": judged.report.passes(), "conclusion": conclusion,
            "clips": judged.clips });
        let mut text = format!("{table}\n{conclusion}");
        if let Some(out) = &self.out {
            let page = out.join(TABLE);
            let title = format!("# The gate: {}\n\n{text}\n", judged.report.world.name);
            write_bytes(&page, title.as_bytes()).with_context(|| page.display().to_string())?;
            let file = out.join("gate.json");
            write_json(&file, &json).with_context(|| file.display().to_string())?;
            WorldFilms::default().write(out, &clips, &judged, &mut session.ctx)?;
            text += &format!("\n{}: {TABLE}, gate.json, sheet.png, worst.png, films/", out.display());
        }
        Ok(Outcome::new(text, &json)?.failed_if(!judged.report.passes()))
    }

    fn load(&self, option: &str, world: &WorldChoice, session: &mut Session) -> Result<Box<dyn WorldModel>> {
        Ok(world
            .load(option, EnvConfig::gym_pusht(), &self.device, &mut session.ctx)?
            .model)
    }

    /// Loads a model of --beside.
    fn other(&self, model: &Beside, session: &mut Session) -> Result<Other> {
        match model {
            Beside::World(world) => Ok(Other::World(self.load("--beside", world, session)?)),
            Beside::Video(spec) => {
                let spec = hub::locate_model("--beside", spec.clone(), false, &mut session.ctx)?;
                Ok(Other::Video(Box::new(spec.load(&LoadOptions {
                    frames: Some(self.frames),
                    memory: training::free_memory(&self.device),
                    device: training::device(&self.device)?,
                    ..LoadOptions::default()
                })?)))
            }
        }
    }

    fn demonstrations(&self, source: &Source, session: &mut Session) -> Result<(Vec<PathClip>, String)> {
        let lengths = source.lengths();
        let episodes = match self.part {
            SplitName::All => (0..lengths.len()).collect(),
            part => {
                let split = Split::new(&lengths, SplitProtocol::ByEpisode, 1, Split::SEED)?;
                Split::episodes_of(if part == SplitName::Train {
                    &split.train
                } else {
                    &split.test
                })
            }
        };
        let part = match self.part {
            SplitName::All => String::new(),
            part => format!(" of the {} part", part.name()),
        };
        let starts = format!(
            "along recorded paths from {} episodes{part} of {}",
            episodes.len(),
            source.name()
        );
        let paths = DemonstrationPaths {
            episodes,
            clips: self.clips,
            frames: self.frames,
            seed: self.seed,
        };
        Ok((paths.read(source, &mut session.ctx)?, starts))
    }
}

/// A loaded model of --beside.
enum Other {
    World(Box<dyn WorldModel>),
    Video(Box<LoadedModel>),
}

impl Other {
    /// A video model's own name.
    fn title(&self) -> Option<String> {
        match self {
            Self::World(_) => None,
            Self::Video(model) => Some(model.model.name()),
        }
    }

    fn reference(&self) -> GateReference<'_> {
        match self {
            Self::World(world) => GateReference::World(world.as_ref()),
            Self::Video(model) => GateReference::Video(model.as_ref()),
        }
    }
}
