//! Training on recordings and on the model's own rollouts.

use burn::module::Module;
use burn::tensor::{Device, Tensor};
use pusht_data::Episode;
use pusht_training::{TrainData, TrainModel, TrainOutput};
use rand::RngExt;
use rand_pcg::Pcg64;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use training::{FitOptions, Objective, ObjectiveError, Step, TrainConfig, fit, init_seeded};

use crate::data::{Course, Demonstrated, Recordings, generator, jitter};
use crate::error::PixelWorldError;
use crate::input::{StepInput, input};
use crate::loss::{Target, chosen, loss};
use crate::net::{Net, NetConfig};
use crate::palette::{IndexedFrame, Palette};
use crate::play::{self, RandomPlay};
use crate::window::{Point, WINDOW, Window};
use crate::world::{PixelWorld, WorldProvenance};

/// Every how many-th frame of the demonstrations the palette is made from.
const PALETTE_STRIDE: usize = 37;
/// Frames of random play that the base model's palette is made from.
const PALETTE_FRAMES: u64 = 1000;
/// Their seed.
const PALETTE_SEED: u64 = 0xC0107;
/// Number of batches of the validation loss.
const VALIDATION_BATCHES: u64 = 4;
/// Rollouts of such a batch.
const VALIDATION_ROLLOUTS: usize = 16;
/// Their steps.
const VALIDATION_STEPS: usize = 8;
/// How far the window of a training step moves, px.
const JITTER: f32 = 3.0;
/// Seed of the validation batches.
const VALIDATION_SEED: u64 = 0x5EED;

/// How long the rollouts are that the model learns from: every step but the first begins with its own frames.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct OwnRollouts {
    /// From this fraction of the training on; before it, batches are single steps.
    pub from: f64,
    /// The kinds of batches; the rest are single steps.
    pub lengths: Vec<RolloutLength>,
}

/// Batches of rollouts of one length.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RolloutLength {
    /// Steps of each rollout.
    pub steps: usize,
    /// Rollouts in a batch, at most [`TrainConfig::batch_size`].
    pub rollouts: usize,
    /// Fraction of the batches.
    pub share: f64,
}

impl Default for OwnRollouts {
    fn default() -> Self {
        let length = |steps, rollouts, share| RolloutLength { steps, rollouts, share };
        Self {
            from: 0.2,
            lengths: vec![
                length(4, 12, 0.25),
                length(8, 8, 0.25),
                length(16, 6, 0.2),
                length(32, 4, 0.1),
            ],
        }
    }
}

/// Settings of a pixel world and its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct PixelWorldSettings {
    /// The network.
    pub model: NetConfig,
    /// Own rollouts.
    pub own: OwnRollouts,
    /// Weight of a pixel whose next color is not the one that the model sees, where every other has weight 1.
    pub changed_weight: f32,
    /// Settings of the training loop.
    pub fit: TrainConfig,
}

impl Default for PixelWorldSettings {
    fn default() -> Self {
        Self {
            model: NetConfig::default(),
            own: OwnRollouts::default(),
            changed_weight: 3.0,
            fit: TrainConfig {
                epochs: 10,
                steps_per_epoch: Some(600),
                batch_size: 32,
                learning_rate: 1.5e-3,
                final_learning_rate_fraction: 0.02,
                warmup_steps: 100,
                weight_decay: 1e-3,
                clip_norm: Some(1.0),
                ema_decay: Some(0.999),
                ..TrainConfig::default()
            },
        }
    }
}

impl PixelWorldSettings {
    /// Checks the settings.
    ///
    /// # Errors
    /// The first invalid setting.
    pub fn check(&self) -> Result<(), PixelWorldError> {
        self.model.check()?;
        if !(0.0..=1.0).contains(&self.own.from) {
            return Err(PixelWorldError::config("own.from", self.own.from, "0 to 1"));
        }
        let lengths = &self.own.lengths;
        let sum: f64 = lengths.iter().map(|length| length.share).sum();
        if lengths.iter().any(|length| !(0.0..=1.0).contains(&length.share)) || sum > 1.0 + 1e-9 {
            return Err(PixelWorldError::config(
                "own.lengths",
                sum,
                "shares that add up to 1 at most",
            ));
        }
        if lengths.iter().any(|length| length.steps == 0 || length.rollouts == 0) {
            return Err(PixelWorldError::config(
                "own.lengths",
                0,
                "at least 1 step and 1 rollout",
            ));
        }
        if !(self.changed_weight.is_finite() && self.changed_weight >= 1.0) {
            return Err(PixelWorldError::config(
                "changed_weight",
                self.changed_weight,
                "1 or more",
            ));
        }
        Ok(self.fit.check()?)
    }
}

/// The objective: courses of recordings, some of which the model follows with its own frames.
pub(crate) struct NextFrame<'a, R> {
    pub(crate) recordings: &'a R,
    pub(crate) valid: Option<&'a R>,
    pub(crate) palette: &'a Palette,
    pub(crate) settings: &'a PixelWorldSettings,
}

impl<R: Recordings> NextFrame<'_, R> {
    /// Steps and number of the rollouts of a batch.
    fn length(&self, step: Step) -> (usize, usize) {
        if step.progress < self.settings.own.from {
            return (1, usize::MAX);
        }
        let mut drawn: f64 = generator(step.seed, u64::MAX).random();
        for length in &self.settings.own.lengths {
            if drawn < length.share {
                return (length.steps, length.rollouts);
            }
            drawn -= length.share;
        }
        (1, usize::MAX)
    }

    /// The mean loss over all steps of rollouts along the courses: the first step begins with recorded frames, every
    /// other with the model's own. No gradient flows from a step to the one before. A rollout that its course cannot
    /// follow begins anew with recorded frames.
    fn rollout_loss(&self, net: &Net, mut courses: Vec<R::Course>, seed: u64) -> Result<Tensor<1>, ObjectiveError> {
        let device = net.devices().remove(0);
        let colors = self.settings.model.colors;
        let steps = courses.iter().map(Course::steps).min().unwrap_or(0);
        let recorded = |course: &R::Course| {
            let [before, now, _] = course.frames();
            [before.clone(), now.clone()]
        };
        let mut shown: Vec<[IndexedFrame; 2]> = courses.iter().map(recorded).collect();
        let mut sum: Option<Tensor<1>> = None;
        for at in 0..steps {
            let example = |(i, (course, shown)): (usize, (&R::Course, &[IndexedFrame; 2]))| {
                let mut rng = generator(seed, (at * courses.len() + i) as u64);
                self.example(course, shown, at == 0, &mut rng)
            };
            let examples: Vec<Example> = courses.par_iter().zip(&shown).enumerate().map(example).collect();
            let (inputs, targets): (Vec<StepInput>, Vec<Target>) = examples.into_iter().unzip();
            let scores = net.forward(input(&inputs, self.palette, &device));
            let value = loss(net, scores.clone(), &inputs, &targets, colors)?;
            sum = Some(match sum {
                Some(sum) => sum + value,
                None => value,
            });
            if at + 1 < steps {
                let windows = chosen(net, scores.without_autodiff(), &inputs, colors)?;
                let follow = |(((course, shown), input), window): (((&mut R::Course, &mut _), &StepInput), Vec<u8>)| {
                    let [_, now]: &mut [IndexedFrame; 2] = shown;
                    let next = input.window.paste(&window, now);
                    *shown = if course.follow(&next, self.palette) {
                        [now.clone(), next]
                    } else {
                        recorded(course)
                    };
                };
                let rollouts = courses.par_iter_mut().zip(&mut shown);
                rollouts.zip(&inputs).zip(windows).for_each(follow);
            }
        }
        let sum = sum.ok_or("the batch has no steps")?;
        Ok(sum.div_scalar(steps as f64))
    }

    /// The present step of a course from the frames shown, and what it should lead to.
    fn example(&self, course: &R::Course, shown: &[IndexedFrame; 2], fresh: bool, rng: &mut Pcg64) -> Example {
        let [from, to]: [Point; 2] = course.agent();
        // The window moves a little, so that its place tells the model less than the spots do.
        let window = Window::around(from.map(|x| x + jitter(JITTER, rng)));
        let mut input = StepInput::within(window, [course.memory(), &shown[0], &shown[1]], from, to);
        if fresh {
            spoil(&mut input.current, rng);
        }
        let [_, _, next] = course.frames();
        let next = window.cut(next);
        // By the frame that the model sees: what it has to repair counts as much as what moves. Weights by the recording
        // make a T swell, as a pixel that becomes gray counts more than one that should not have been.
        let weight = |(shown, next): (&u8, &u8)| {
            if shown == next {
                1.0
            } else {
                self.settings.changed_weight
            }
        };
        let weights = input.current.iter().zip(&next).map(weight).collect();
        (input, Target { next, weights })
    }

    fn courses(&self, of: &R, items: &[usize], steps: usize, seed: u64) -> Vec<R::Course> {
        let course = |(i, item): (usize, &usize)| of.course(*item, steps, nn_kit::mix_seed(seed, i as u64));
        items.par_iter().enumerate().map(course).collect()
    }
}

/// A step and what it should lead to.
type Example = (StepInput, Target);

/// Replaces up to 2 % of the pixels by neighbors, as rough as the model's own frames.
fn spoil(window: &mut [u8], rng: &mut Pcg64) {
    let share = 0.02 * rng.random::<f32>();
    let shift = [
        rng.random_range(-2..=2_i32) as isize,
        rng.random_range(-2..=2_i32) as isize,
    ];
    let clean = window.to_vec();
    let side = WINDOW as isize;
    for (at, pixel) in window.iter_mut().enumerate() {
        if rng.random::<f32>() < share {
            let (x, y) = (at as isize % side + shift[0], at as isize / side + shift[1]);
            *pixel = clean[(y.rem_euclid(side) * side + x.rem_euclid(side)) as usize];
        }
    }
}

impl<R: Recordings> Objective<Net> for NextFrame<'_, R> {
    fn items(&self) -> usize {
        self.recordings.items()
    }

    fn loss(&self, model: &Net, items: &[usize], step: Step) -> Result<Tensor<1>, ObjectiveError> {
        let (steps, rollouts) = self.length(step);
        let items = &items[..rollouts.min(items.len())];
        self.rollout_loss(model, self.courses(self.recordings, items, steps, step.seed), step.seed)
    }

    /// The loss over rollouts of 8 steps, on held-out recordings.
    fn validate(&self, model: &Net) -> Result<Option<f64>, ObjectiveError> {
        let Some(valid) = self.valid.filter(|valid| valid.items() > 0) else {
            return Ok(None);
        };
        let mut sum = 0.0;
        for batch in 0..VALIDATION_BATCHES {
            let seed = nn_kit::mix_seed(VALIDATION_SEED, batch);
            let mut rng = generator(seed, u64::MAX);
            let items: Vec<usize> = (0..VALIDATION_ROLLOUTS)
                .map(|_| rng.random_range(0..valid.items()))
                .collect();
            let courses = self.courses(valid, &items, VALIDATION_STEPS, seed);
            sum += f64::from(self.rollout_loss(model, courses, seed)?.try_into_scalar::<f32>()?);
        }
        Ok(Some(sum / VALIDATION_BATCHES as f64))
    }

    fn describe_validation(&self, value: f64) -> String {
        format!("loss over rollouts of {VALIDATION_STEPS} steps {value:.5}")
    }
}

/// Trains the model on the training part, from random weights; the validation part may be empty. Episodes without states
/// are tracked.
impl TrainModel for PixelWorldSettings {
    type Model = PixelWorld;
    type Error = PixelWorldError;

    fn label(&self) -> String {
        "pixel world model".to_owned()
    }

    fn train_config(&mut self) -> &mut TrainConfig {
        &mut self.fit
    }

    fn model_settings(&self) -> impl Serialize {
        (&self.model, &self.own, self.changed_weight)
    }

    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<PixelWorld>, PixelWorldError> {
        self.check()?;
        let frames = data.train_episodes().into_iter().flat_map(|e| &e.frames);
        let palette = Palette::fit(frames.step_by(PALETTE_STRIDE), self.model.colors);
        self.on_demonstrations(self.random(device), palette, data, device, options)
    }
}

/// Training of a base model further on demonstrations; it keeps network and palette.
#[derive(Clone, Debug)]
pub struct FineTuneSettings {
    /// The base model.
    pub base: PixelWorld,
    /// Settings of the training; those of the network are the base model's.
    pub settings: PixelWorldSettings,
}

impl FineTuneSettings {
    /// Settings for a training of a few minutes on two cores.
    pub fn new(base: PixelWorld) -> Self {
        let mut settings = PixelWorldSettings {
            model: base.config().clone(),
            ..PixelWorldSettings::default()
        };
        settings.own.from = 0.0;
        settings.fit = Self::training();
        Self { base, settings }
    }

    /// The training loop of [`Self::new`].
    pub fn training() -> TrainConfig {
        TrainConfig {
            epochs: 1,
            steps_per_epoch: Some(800),
            learning_rate: 5e-4,
            warmup_steps: 20,
            ema_decay: Some(0.99),
            ..PixelWorldSettings::default().fit
        }
    }
}

impl TrainModel for FineTuneSettings {
    type Model = PixelWorld;
    type Error = PixelWorldError;

    fn label(&self) -> String {
        "pixel world model".to_owned()
    }

    fn train_config(&mut self) -> &mut TrainConfig {
        &mut self.settings.fit
    }

    fn model_settings(&self) -> impl Serialize {
        let PixelWorldSettings {
            model,
            own,
            changed_weight,
            ..
        } = &self.settings;
        (model, own, changed_weight, self.base.fingerprint())
    }

    fn train(
        &self,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<PixelWorld>, PixelWorldError> {
        let settings = PixelWorldSettings {
            model: self.base.config().clone(),
            ..self.settings.clone()
        };
        settings.check()?;
        let net = self.base.trainable(device);
        let palette = self.base.palette().clone();
        let trained = settings.on_demonstrations(net, palette, data, device, options)?;
        let play_steps = self.base.trained_on().play_steps;
        Ok(trained.map(|world| world.with_play_steps(play_steps)))
    }
}

impl PixelWorldSettings {
    /// Settings of the base model.
    pub fn base() -> Self {
        let mut settings = Self::default();
        (settings.fit.epochs, settings.fit.steps_per_epoch) = (40, Some(500));
        settings
    }

    /// Settings for training a base model further.
    pub fn base_further() -> Self {
        let mut settings = Self::base();
        settings.own.from = 0.0;
        (settings.fit.epochs, settings.fit.learning_rate) = (28, 7.5e-4);
        settings
    }

    fn random(&self, device: &Device) -> Net {
        let autodiff = device.clone().autodiff();
        init_seeded(nn_kit::mix_seed(self.fit.seed, 0), &autodiff, |device| {
            self.model.init(device)
        })
    }

    /// Trains a base model: on random play in the simulator, which every update plays anew from its seed. With `from`,
    /// that model is trained further and keeps its palette; its network must have the settings of `self.model`.
    ///
    /// # Errors
    /// Those of [`fit`]; another network in `from`.
    pub fn train_on_play(
        &self,
        from: Option<&PixelWorld>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<PixelWorld>, PixelWorldError> {
        self.check()?;
        let (net, palette, played) = match from {
            Some(world) if *world.config() != self.model => {
                return Err(PixelWorldError::OtherNetwork {
                    found: format!("{:?}", world.config()),
                    expected: format!("{:?}", self.model),
                });
            }
            Some(world) => (
                world.trainable(device),
                world.palette().clone(),
                world.trained_on().play_steps,
            ),
            None => {
                let frames = play::frames(PALETTE_FRAMES, PALETTE_SEED);
                (self.random(device), Palette::fit(&frames, self.model.colors), 0)
            }
        };
        let play = RandomPlay::new(&palette);
        let objective = NextFrame {
            recordings: &play,
            valid: Some(&play),
            palette: &palette,
            settings: self,
        };
        let trained_on = WorldProvenance {
            play_steps: played + self.fit.epochs * self.fit.epoch_steps(play.items()) * self.fit.batch_size,
            ..WorldProvenance::default()
        };
        let from = from.map(|world| format!("{} from {}", options.identity, world.fingerprint()));
        let options = match &from {
            Some(identity) => options.with_identity(identity),
            None => options,
        };
        self.fitted(net, &objective, trained_on, device, options)
    }

    fn on_demonstrations(
        &self,
        net: Net,
        palette: Palette,
        data: &TrainData<'_>,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<PixelWorld>, PixelWorldError> {
        let episodes = long(data.train_episodes());
        if episodes.is_empty() {
            return Err(PixelWorldError::NoSteps {
                episodes: data.train_episodes().len(),
            });
        }
        let train = Demonstrated::new(&episodes, &palette)?;
        let background = train.background_of(&episodes, &palette);
        let train = train.before(background.clone());
        let valid = Demonstrated::new(&long(data.validation_episodes()), &palette)?.before(background.clone());
        let objective = NextFrame {
            recordings: &train,
            valid: Some(&valid),
            palette: &palette,
            settings: self,
        };
        let mut sources: Vec<String> = episodes.iter().map(|e| e.provenance.source.clone()).collect();
        sources.sort();
        sources.dedup();
        let trained_on = WorldProvenance {
            play_steps: 0,
            episodes: episodes.len(),
            frames: episodes.iter().map(|e| e.len()).sum(),
            sources,
        };
        let output = self.fitted(net, &objective, trained_on, device, options)?;
        Ok(output.map(|world| world.before(background)))
    }

    fn fitted<R: Recordings>(
        &self,
        net: Net,
        objective: &NextFrame<'_, R>,
        trained_on: WorldProvenance,
        device: &Device,
        options: FitOptions<'_>,
    ) -> Result<TrainOutput<PixelWorld>, PixelWorldError> {
        let identity = format!(
            "{} pixel-world with backgrounds {:?} {:?} {}",
            options.identity, objective.palette, self.own, self.changed_weight
        );
        let fitted = fit(net, objective, &self.fit, options.with_identity(&identity))?;
        let palette = objective.palette.clone();
        let model = PixelWorld::new(self.model.clone(), fitted.last, palette, trained_on, device);
        Ok(TrainOutput::new(model, fitted.curve).with_best(fitted.best_epoch, fitted.best_valid))
    }
}

/// The episodes with at least one step that has a frame before it.
fn long(mut episodes: Vec<&Episode>) -> Vec<&Episode> {
    episodes.retain(|episode| episode.len() >= 3);
    episodes
}
