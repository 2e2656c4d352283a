//! `pusht train video`.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail, ensure};
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use clip_generation::{SampleOptions, write_samples};
use named_parts::{DataOptions, device_name};
use pixel_world::PixelWorldSettings;
use pusht_data::{Split, SplitProtocol, VideoModel};
use pusht_training::{TrainData, TrainModel, TrainSpec};
use training::out_folder;
use video_gen::{PathTrainSettings, PixelVideoSettings, TrainSettings};

use crate::cards;
use crate::outcome::Outcome;
use crate::session::Session;

/// Train a video model for PushT, and write sample clips between held-out start and end frames
///
/// A stopped run (Ctrl-C) resumes from its last checkpoint when run again with the same arguments. The split by episode
/// does not depend on --seed, so that the test part of `pusht generate` is held out.
#[derive(Args)]
pub(crate) struct TrainVideo {
    /// Model to train: object (motion of agent and T, drawn by the environment) or pixel (the pixel world model that
    /// comes with the program, fine-tuned, and the paths of its agent); or, anew, what comes with the program:
    /// pixel-base (that world model, from random play in the simulator) or pixel-paths (the paths of its agent, from
    /// the expert in the simulator)
    #[arg(long, value_name = "NAME", default_value = "object")]
    model: Model,
    /// Demonstrations: a zarr replay buffer, a LeRobot v3 set or a file of `pusht demos record`; none for
    /// pixel-base and pixel-paths
    #[arg(long, value_name = "PATH")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: DataOptions,
    /// Folder for the model, its checkpoints and the samples
    #[arg(long, value_name = "DIR")]
    pub(super) out: PathBuf,
    /// pixel-base: train this base model further, at a lower learning rate
    #[arg(long, value_name = "FILE")]
    pub(super) base: Option<PathBuf>,
    /// Device: cpu, cuda, cuda:N, wgpu, auto, or several GPUs: cuda:0,1
    #[arg(long, value_name = "NAME", default_value = "cpu", value_parser = device_name)]
    device: String,
    /// Seed of the training and the samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(super) seed: u64,
    /// Use only the first episodes of the data; pixel-paths: number of episodes that the expert plays [default: 185]
    #[arg(long, value_name = "N")]
    pub(super) episodes: Option<usize>,
    /// Number of updates; the defaults take about two minutes (object, pixel-paths), three (pixel) and an hour and a
    /// half (pixel-base) on two cores
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// object: maximum frames per clip [default: 48]
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// Number of sample clips to write, each as film strip and MP4
    #[arg(long, value_name = "N", default_value_t = 4)]
    samples: usize,
}

/// Frames of the sample clips of the pixel model.
const SAMPLE_FRAMES: usize = 48;

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Model {
    Object,
    Pixel,
    PixelBase,
    PixelPaths,
}

impl Model {
    /// Where the training takes its data from, if not from --data.
    const fn own_data(self) -> Option<&'static str> {
        match self {
            Self::Object | Self::Pixel => None,
            Self::PixelBase => Some("pixel-base is trained on random play in the simulator"),
            Self::PixelPaths => Some("pixel-paths is trained on the expert in the simulator"),
        }
    }
}

impl TrainVideo {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        ensure!(self.steps != Some(0), "--steps 0: expected at least 1");
        ensure!(
            self.frames.is_none() || self.model == Model::Object,
            "--frames is for --model object; the pixel model makes clips of any length"
        );
        ensure!(
            self.base.is_none() || self.model == Model::PixelBase,
            "--base is for --model pixel-base, which trains that model further"
        );
        let mut object = TrainSettings::default();
        object.model.max_frames = self.frames.unwrap_or(object.model.max_frames);
        object.check()?;
        let mut pixel = PixelVideoSettings::default();
        let mut base = match self.base {
            Some(_) => PixelWorldSettings::base_further(),
            None => PixelWorldSettings::base(),
        };
        let mut paths = PathTrainSettings::default();
        for fit in [&mut object.fit, &mut pixel.world.fit, &mut base.fit, &mut paths.fit] {
            if let Some(steps) = self.steps {
                (fit.epochs, fit.steps_per_epoch) = (1, Some(steps));
            }
            fit.check()?;
        }
        let settings = match self.model {
            Model::Object => serde_json::to_value(&object)?,
            _ => serde_json::to_value(&pixel)?,
        };
        let path = match (&self.data, self.model.own_data()) {
            (None, Some(_)) => Path::new(""),
            (Some(_), Some(own)) => bail!("--data: {own}, without data"),
            (data, None) => data
                .as_deref()
                .context("--data is missing; expected demonstrations to train on")?,
        };
        let devices = training::devices(&self.device)?;
        out_folder(&self.out)?;
        match self.model {
            Model::PixelBase => {
                base.fit.seed = self.seed;
                return self.base_world(&base, &devices, session);
            }
            Model::PixelPaths => return self.base_paths(paths, &devices, session),
            Model::Object | Model::Pixel => {}
        }
        let (source, episodes) = session.read(path, &self.reading, self.episodes)?;
        // The split of `generate`: for any seed and number of episodes its test part is held out.
        let split = Split::new(&source.lengths(), SplitProtocol::ByEpisode, 1, Split::SEED)?;
        let data = TrainData::from_split(&episodes, &split);
        let test = data.test_episodes();
        let (train, valid) = (data.train_episodes().len(), data.validation_episodes().len());
        session.print(format!(
            "{train} training, {valid} validation, {} test episodes",
            test.len()
        ));

        let mut json = serde_json::json!({
            "training_episodes": train, "validation_episodes": valid, "test_episodes": test.len(),
        });
        let (frames, file, model): (usize, PathBuf, Box<dyn VideoModel>) = match self.model {
            Model::Object => {
                let model = self.train(object, data, &devices, session)?;
                let file = self.out.join("object-latent.safetensors");
                model.save(&file)?;
                (model.max_frames(), file, Box::new(model))
            }
            Model::Pixel | Model::PixelBase | Model::PixelPaths => {
                let model = self.train(pixel, data, &devices, session)?;
                let folder = self.out.join("pixel");
                model.save(&folder)?;
                (SAMPLE_FRAMES, folder, Box::new(model))
            }
        };
        let options = SampleOptions {
            clips: self.samples,
            frames,
            seed: self.seed,
        };
        let samples = write_samples(model.as_ref(), &test, options, &self.out)?;
        (json["model"], json["samples"]) = (file.display().to_string().into(), samples.into());
        let name = if self.model == Model::Object { "object" } else { "pixel" };
        let path = file.strip_prefix(&self.out).unwrap_or(&file).display().to_string();
        let card = cards::trained(
            &format!("A PushT video model, {name}"),
            &source.name(),
            &json,
            &[
                ("training episodes", "training_episodes"),
                ("validation episodes", "validation_episodes"),
                ("test episodes", "test_episodes"),
            ],
        );
        let card = card
            .with_task("image-to-video")
            .with_text(format!(
                "`{path}` makes clips of PushT between a first and a last frame."
            ))
            .with_usage(format!(
                "pusht generate --model {name}:{path} --data DEMONSTRATIONS --out clips"
            ))
            .with_settings(settings);
        cards::write(&card, &self.out, &mut session.ctx);
        let text = format!(
            "wrote {}\nwrote {samples} samples to {}",
            file.display(),
            self.out.display()
        );
        Ok(Outcome::new(text, &json)?)
    }

    fn train<S>(&self, settings: S, data: TrainData<'_>, devices: &[Device], session: &mut Session) -> Result<S::Model>
    where
        S: TrainModel<Error: std::error::Error + Send + Sync + 'static>,
    {
        let spec = TrainSpec::new(settings)
            .with_data(data)
            .with_label("video model")
            .with_seed(self.seed)
            .with_devices(devices.to_vec())
            .with_out(Path::new(&self.out));
        Ok(spec.run(&mut session.ctx)?.model)
    }
}
