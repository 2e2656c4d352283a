//! A trained pixel world.

use std::path::Path;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use pusht_data::{History, WorldModel, WorldModelError};
use pusht_env::{Action, Frame};
use serde::{Deserialize, Serialize};
use training::{ModelFile, save_model, save_model_in_bf16};

use crate::background::Background;
use crate::error::PixelWorldError;
use crate::input::{StepInput, input};
use crate::loss::chosen;
use crate::net::{Net, NetConfig};
use crate::palette::{IndexedFrame, Palette};
use crate::window::in_frame;

/// The kind in a model file.
const KIND: &str = "pixel-world/2";
/// Steps that the network computes together.
const BATCH: usize = 16;
/// The base model; `docs/video-models.md` has the command that trains it.
static BASE: &[u8] = include_bytes!("../weights/base.safetensors");
/// Side of the board, px.
const BOARD: f64 = 512.0;

/// What a model was trained on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorldProvenance {
    /// Steps of random play in the simulator, drawn anew for every update.
    pub play_steps: usize,
    /// Demonstrations: number of episodes.
    pub episodes: usize,
    /// Their frames.
    pub frames: usize,
    /// Their sources, without repetition.
    pub sources: Vec<String>,
}

/// Contents of a model file besides the weights.
#[derive(Serialize, Deserialize)]
struct Card {
    model: NetConfig,
    palette: Palette,
    trained_on: WorldProvenance,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    background: Option<Background>,
}

/// A world model in pixels: the first and the last two frames and the agent's next position give the
/// next frame.
#[derive(Clone, Debug)]
pub struct PixelWorld {
    config: NetConfig,
    net: Net,
    palette: Palette,
    trained_on: WorldProvenance,
    /// That of the demonstrations it was trained on.
    background: Option<Background>,
    device: Device,
}

impl PixelWorld {
    pub(crate) fn new(
        config: NetConfig,
        net: Net,
        palette: Palette,
        trained_on: WorldProvenance,
        device: &Device,
    ) -> Self {
        Self {
            config,
            net,
            palette,
            trained_on,
            background: None,
            device: device.clone(),
        }
    }

    /// The same world, which knows the background.
    pub(crate) fn before(mut self, background: Option<Background>) -> Self {
        self.background = background;
        self
    }

    /// The base model that comes with this crate: trained on random play in the simulator, on no demonstration.
    ///
    /// # Errors
    /// Does not fail.
    pub fn base(device: &Device) -> Result<Self, PixelWorldError> {
        let file = ModelFile::from_bytes("the base model of pixel-world", BASE.to_vec())?;
        Self::from_file(&file, device)
    }

    /// SHA-256 of the base model's file: part of the identity of what is trained from it.
    pub fn base_sha256() -> String {
        pusht_jobs::hash_bytes(BASE)
    }

    /// Settings of the network.
    pub fn config(&self) -> &NetConfig {
        &self.config
    }

    /// Number of weights.
    pub fn parameters(&self) -> usize {
        self.net.num_params()
    }

    /// The colors of its frames.
    pub fn palette(&self) -> &Palette {
        &self.palette
    }

    /// What the model was trained on.
    pub fn trained_on(&self) -> &WorldProvenance {
        &self.trained_on
    }

    /// The network on a device, as training begins with it.
    pub(crate) fn trainable(&self, device: &Device) -> Net {
        self.net.clone().to_device(&device.clone().autodiff()).train()
    }

    pub(crate) fn with_play_steps(mut self, steps: usize) -> Self {
        self.trained_on.play_steps = steps;
        self
    }

    /// A number that changes with any weight.
    pub(crate) fn fingerprint(&self) -> String {
        let mut sum = Fingerprint(0);
        self.net.visit(&mut sum);
        format!("{:016x}", sum.0)
    }

    /// Writes weights, settings and palette to one file, atomically.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), PixelWorldError> {
        Ok(save_model(path, &self.net, KIND, &self.card())?)
    }

    /// Writes the same file with weights rounded to bf16, half as large.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save_in_bf16(&self, path: &Path) -> Result<(), PixelWorldError> {
        Ok(save_model_in_bf16(path, &self.net, KIND, &self.card())?)
    }

    fn card(&self) -> Card {
        Card {
            model: self.config.clone(),
            palette: self.palette.clone(),
            trained_on: self.trained_on.clone(),
            background: self.background.clone(),
        }
    }

    /// Loads a file from [`PixelWorld::save`].
    ///
    /// # Errors
    /// A file that is missing, damaged, inconsistent or of another kind.
    pub fn load(path: &Path, device: &Device) -> Result<Self, PixelWorldError> {
        Self::from_file(&ModelFile::open(path)?, device)
    }

    fn from_file(file: &ModelFile, device: &Device) -> Result<Self, PixelWorldError> {
        let card: Card = file.config(KIND)?;
        card.model.check()?;
        card.palette
            .check(card.model.colors)
            .map_err(|reason| PixelWorldError::Card { reason })?;
        if let Some(background) = &card.background
            && !background.fits(card.palette.colors().len())
        {
            let reason = "the background has other colors than the palette".to_owned();
            return Err(PixelWorldError::Card { reason });
        }
        let net = file.load_into(&card.model.init(device))?;
        let world = Self::new(card.model, net, card.palette, card.trained_on, device);
        Ok(world.before(card.background))
    }
}

/// The next frames of a network, each with its window replaced.
pub(crate) fn next_frames(
    net: &Net,
    config: &NetConfig,
    palette: &Palette,
    frames: &[&IndexedFrame],
    steps: &[StepInput],
    device: &Device,
) -> Result<Vec<IndexedFrame>, String> {
    let mut next = Vec::with_capacity(steps.len());
    for (steps, frames) in steps.chunks(BATCH).zip(frames.chunks(BATCH)) {
        let scores = net.forward(input(steps, palette, device));
        let windows = chosen(net, scores, steps, config.colors).map_err(|error| error.to_string())?;
        for ((step, frame), window) in steps.iter().zip(frames).zip(windows) {
            next.push(step.window.paste(&window, frame));
        }
    }
    Ok(next)
}

impl WorldModel for PixelWorld {
    fn name(&self) -> String {
        "pixel world model".to_owned()
    }

    /// Colors of the frames are replaced by the nearest ones of the palette.
    fn step(&self, histories: &[History], actions: &[Action]) -> Result<Vec<Frame>, WorldModelError> {
        if histories.len() != actions.len() {
            return Err(WorldModelError::Lengths {
                histories: histories.len(),
                actions: actions.len(),
            });
        }
        let mut frames = Vec::with_capacity(histories.len());
        let mut steps = Vec::with_capacity(histories.len());
        for (rollout, (history, action)) in histories.iter().zip(actions).enumerate() {
            let (step, current) = self
                .read(history, *action)
                .map_err(|reason| WorldModelError::Rollout { rollout, reason })?;
            steps.push(step);
            frames.push(current);
        }
        let frames: Vec<&IndexedFrame> = frames.iter().collect();
        let next = next_frames(&self.net, &self.config, &self.palette, &frames, &steps, &self.device);
        let next = next.map_err(|reason| WorldModelError::Failed {
            model: self.name(),
            reason,
        })?;
        Ok(next.iter().map(|frame| self.palette.paint(frame)).collect())
    }
}

impl PixelWorld {
    /// One step as the network sees it, and the frame that it begins with; the error says what was expected.
    fn read(&self, history: &History, action: Action) -> Result<(StepInput, IndexedFrame), String> {
        let on_board = |x: f64| (0.0..=BOARD).contains(&x);
        if !action.iter().all(|&x| on_board(f64::from(x))) {
            return Err(format!(
                "the action {action:?} is not on the board; expected 0 to 512 px"
            ));
        }
        let position = history.agent.position;
        if !position.iter().all(|&x| on_board(x)) || !history.agent.velocity.iter().all(|x| x.is_finite()) {
            return Err(format!(
                "the agent is at {position:?}; expected a position on the board, 0 to 512 px"
            ));
        }
        let indexed = |frame: &Frame| {
            let (width, height) = frame.dimensions();
            let frame = self.palette.index(frame);
            frame.ok_or_else(|| format!("the frame is {width} × {height} px; expected 96 × 96"))
        };
        let mut first = indexed(&history.first)?;
        if let Some(background) = &self.background {
            first = background.behind(&first);
        }
        let (previous, current) = (indexed(&history.previous)?, indexed(&history.current)?);
        let mut agent = history.agent;
        agent.step(action);
        let step = StepInput::new(
            [&first, &previous, &current],
            in_frame(position),
            in_frame(agent.position),
        );
        Ok((step, current))
    }
}

/// Mixes the bits of all weights.
struct Fingerprint(u64);

impl ModuleVisitor for Fingerprint {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        for value in param.val().into_data().iter::<f32>() {
            self.0 = nn_kit::mix_seed(self.0, u64::from(value.to_bits()));
        }
    }
}
