//! `pusht train video`.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use burn::tensor::Device;
use clap::{Args, ValueEnum};
use clip_generation::{SampleOptions, write_samples};
use pusht_data::{Split, SplitProtocol, VideoModel};
use pusht_training::{TrainData, TrainModel, TrainSpec};
use training::out_folder;
use video_gen::{PixelModel, PixelTrainSettings, TrainSettings};

use crate::data_options::DataOptions;
use crate::outcome::Outcome;
use crate::session::Session;

/// Train a video model for PushT from scratch, and write sample clips between held-out start and end frames
///
/// A stopped run (Ctrl-C) resumes from its last checkpoint when run again with the same arguments. The split by episode
/// does not depend on --seed, so that the test part of `pusht generate` is held out.
#[derive(Args)]
pub(crate) struct TrainVideo {
    /// Model to train: object (motion of agent and T, drawn by the environment), or pixel-small (two cores) or pixel (a
    /// GPU)
    #[arg(long, value_name = "NAME", default_value = "object")]
    model: Model,
    /// Demonstrations: a zarr replay buffer, a LeRobot v3 set or a file of `pusht demos record`
    #[arg(long, value_name = "PATH")]
    data: PathBuf,
    #[command(flatten)]
    reading: DataOptions,
    /// Folder for the model, its checkpoints and the samples
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Device: cpu, cuda, cuda:N, wgpu, or several GPUs: cuda:0,1
    #[arg(long, value_name = "NAME", default_value = "cpu")]
    device: String,
    /// Seed of the training and the samples
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Use only the first episodes of the data
    #[arg(long, value_name = "N")]
    episodes: Option<usize>,
    /// Number of updates; the defaults take about two minutes (object) and an hour (pixel-small) on two cores
    #[arg(long, value_name = "N")]
    steps: Option<usize>,
    /// object: maximum frames per clip [default: 48]
    #[arg(long, value_name = "N")]
    frames: Option<usize>,
    /// Number of sample clips to write, each as film strip and MP4
    #[arg(long, value_name = "N", default_value_t = 4)]
    samples: usize,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Model {
    Object,
    PixelSmall,
    Pixel,
}

impl TrainVideo {
    pub(crate) fn run(self, session: &mut Session) -> Result<Outcome> {
        ensure!(self.steps != Some(0), "--steps 0: expected at least 1");
        ensure!(
            self.frames.is_none() || self.model == Model::Object,
            "--frames is for --model object; clips of the pixel models have one length"
        );
        let mut object = TrainSettings::default();
        object.model.max_frames = self.frames.unwrap_or(object.model.max_frames);
        object.check()?;
        let mut pixel = match self.model {
            Model::Pixel => PixelTrainSettings::default(),
            _ => PixelTrainSettings::small(),
        };
        for fit in [&mut object.fit, &mut pixel.fit] {
            if let Some(steps) = self.steps {
                (fit.epochs, fit.steps_per_epoch) = (1, Some(steps));
            }
            fit.check()?;
        }
        let devices = training::devices(&self.device)?;
        out_folder(&self.out)?;
        let (source, episodes) = session.read(&self.data, &self.reading, self.episodes)?;
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
        let mut text = String::new();
        let (frames, file, model): (usize, PathBuf, Box<dyn VideoModel>) = match self.model {
            Model::Object => {
                let model = self.train(object, data, &devices, session)?;
                let file = self.out.join("object-latent.safetensors");
                model.save(&file)?;
                (model.max_frames(), file, Box::new(model))
            }
            Model::Pixel | Model::PixelSmall => {
                let file = self.out.join("pixel");
                self.train(pixel, data, &devices, session)?.save_shards(&file)?;
                // The model is evaluated with the saved weights.
                let model = PixelModel::load(&file, &devices[0])?;
                let lost = model.codec_loss(&test)?;
                text = format!("{lost}\n");
                json["codec"] = serde_json::to_value(lost)?;
                (model.config().frames(), file, Box::new(model))
            }
        };
        let options = SampleOptions {
            clips: self.samples,
            frames,
            seed: self.seed,
        };
        let samples = write_samples(model.as_ref(), &test, options, &self.out)?;
        (json["model"], json["samples"]) = (file.display().to_string().into(), samples.into());
        text += &format!(
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
