//! Settings of `pusht train policy`, in layers: defaults of a kind or the paper's, a file, single keys, options.

use std::path::PathBuf;

use anyhow::{Context, Result, ensure};
use bc_policy::{Augmentation, PolicyConfig, PolicyKind};
use clap::Args;
use pusht_jobs::SettingLayers;

/// Options that set the policy and its training.
#[derive(Args)]
pub(super) struct PolicySettings {
    /// Kind of policy: tracked, cnn, resnet18, diffusion-lowdim or diffusion [default: that of --config, else tracked]
    #[arg(long, value_name = "KIND")]
    policy: Option<PolicyKind>,
    /// TOML file whose settings override the policy's defaults: one table per section, and `[train]`
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Override one setting of defaults and file, for example --set tracked.width=128 or --set train.weight_decay=0.01;
    /// may be repeated
    #[arg(long = "set", value_name = "KEY=VALUE")]
    settings: Vec<String>,
    /// cnn, resnet18: use the paper's settings as defaults (25 epochs)
    #[arg(long)]
    paper: bool,
    /// cnn, resnet18: augment the data with the eight symmetries of every frame
    #[arg(long)]
    augment: bool,
    /// cnn, resnet18: side of the random square crop of the frame, px
    #[arg(long, value_name = "PX")]
    crop: Option<usize>,
    /// cnn, resnet18: number of actions predicted at once, and all taken before the next observation [default: 1]
    #[arg(long, value_name = "N")]
    chunk: Option<usize>,
    /// resnet18: start from the weights of a torchvision checkpoint (.pth or .safetensors), or `imagenet` for
    /// torchvision's own (downloaded once); the head is replaced
    #[arg(long, value_name = "FILE")]
    init: Option<PathBuf>,
    /// Number of epochs; the default depends on the policy
    #[arg(long, value_name = "N")]
    epochs: Option<usize>,
    /// Updates per epoch, instead of one pass over the data
    #[arg(long, value_name = "N")]
    steps_per_epoch: Option<usize>,
    /// Batch size: frames per update
    #[arg(long, value_name = "N")]
    batch_size: Option<usize>,
    /// Peak learning rate
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// Seed of the weights, the order of the data and the noise [default: 0]
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
}

impl PolicySettings {
    /// The settings. A setting that the policy does not read is an error.
    pub(super) fn resolve(&self) -> Result<PolicyConfig> {
        let file = self.config.as_ref().map(|path| {
            let text = pusht_jobs::read_text(path)
                .with_context(|| format!("--config {}: expected a TOML file of settings", path.display()))?;
            anyhow::Ok((path.display().to_string(), text))
        });
        let file = file.transpose()?;
        let kind = self.kind(file.as_ref())?;
        let defaults = if self.paper {
            let paper = PolicyConfig::paper(kind, 0);
            paper.with_context(|| format!("--paper: the paper has no policy {kind}; expected cnn or resnet18"))?
        } else {
            PolicyConfig::new(kind, 0)
        };
        let layers = SettingLayers::new(&defaults, kind.name())?;
        let mut layers = layers.with_former_keys(PolicyConfig::FORMER_KEYS);
        if let Some((origin, text)) = &file {
            layers.lay(text, origin)?;
        }
        for setting in &self.settings {
            layers.set(setting)?;
        }
        self.lay_options(&mut layers)?;
        for (origin, key) in layers.keys().filter(|(_, key)| *key != "kind") {
            kind.reads(key).with_context(|| origin.to_owned())?;
        }
        let mut config: PolicyConfig = layers.read()?;
        ensure!(config.kind() == kind, "kind cannot be changed by --set; use --policy");
        // A run that is shorter than its warm-up would never reach its learning rate.
        if let Some(steps) = config
            .train
            .steps_per_epoch
            .filter(|_| !is_set(&layers, "train.warmup_steps"))
        {
            let most = config.train.epochs.saturating_mul(steps) / 2;
            config.train.warmup_steps = config.train.warmup_steps.min(most);
        }
        config.check()?;
        Ok(config)
    }

    fn kind(&self, file: Option<&(String, String)>) -> Result<PolicyKind> {
        #[derive(serde::Deserialize)]
        struct Kind {
            kind: Option<PolicyKind>,
        }
        let mut named = None;
        if let Some((origin, text)) = file {
            let mut layers = SettingLayers::new(&std::collections::BTreeMap::<String, u8>::new(), origin)?;
            layers.lay(text, origin)?;
            named = layers.read::<Kind>()?.kind;
            if let (Some(asked), Some(found)) = (self.policy, named) {
                ensure!(
                    asked == found,
                    "--policy {asked}: {origin} has the settings of {found}; leave one of them out"
                );
            }
        }
        Ok(self.policy.or(named).unwrap_or(PolicyKind::TRACKED))
    }

    fn lay_options(&self, layers: &mut SettingLayers) -> Result<()> {
        let numbers = [
            ("--crop", "image.crop", self.crop),
            ("--chunk", "image.chunk", self.chunk),
            ("--epochs", "train.epochs", self.epochs),
            ("--steps-per-epoch", "train.steps_per_epoch", self.steps_per_epoch),
            ("--batch-size", "train.batch_size", self.batch_size),
        ];
        for (option, key, value) in numbers {
            if let Some(value) = value {
                layers.set_value(key, &value, option)?;
            }
        }
        if self.augment {
            layers.set_value("augmentation", &Augmentation::Dihedral, "--augment")?;
        }
        if let Some(path) = &self.init {
            layers.set_value("image.init", path, "--init")?;
        }
        if let Some(rate) = self.learning_rate {
            layers.set_value("train.learning_rate", &rate, "--learning-rate")?;
        }
        if let Some(seed) = self.seed {
            layers.set_value("train.seed", &seed, "--seed")?;
        }
        Ok(())
    }
}

fn is_set(layers: &SettingLayers, wanted: &str) -> bool {
    layers.keys().any(|(_, key)| key == wanted)
}
