//! Comparison of the models with recordings of the published implementation (see `model-parity`).

mod runs;

use burn::tensor::{Device, Tensor};
use model_parity::{Case, Check, MODULE, Model, ParityError};

use crate::config::Config;
use crate::error::Error;
use crate::names::{transformer_names, vae_names};
use crate::rotary::{Coordinates, Rotary};
use crate::transformer::{Input, Seen, Timesteps, Transformer};
use crate::vae::{Stage, Vae, VaeConfig};

/// Models whose recordings can be compared here.
pub const MODELS: &[Model] = &[
    Model {
        class: "LTXVideoTransformer3DModel",
        run: transformer,
    },
    Model {
        class: "AutoencoderKLLTXVideo",
        run: autoencoder,
    },
    Model {
        class: "LTXPipeline",
        run: runs::pipeline,
    },
    Model {
        class: "LTXConditionPipeline",
        run: runs::pipeline,
    },
    Model {
        class: "sigma=sigmoid(normal+shift)",
        run: runs::training_step,
    },
];

/// Converts an error of a model to one of its recording.
pub(super) fn refused<T>(case: &Case, result: Result<T, Error>) -> Result<T, ParityError> {
    result.map_err(|error| case.config_error(error.to_string()))
}

/// Checks made while a model runs; the first error is kept.
struct Checks<'a> {
    case: &'a Case,
    found: Result<Vec<Check>, ParityError>,
}

impl Checks<'_> {
    fn tensor<const D: usize>(&mut self, name: &str, tensor: impl FnOnce() -> Tensor<D>) {
        let Ok(found) = &mut self.found else { return };
        if self.case.has(name) {
            match self.case.check(name, tensor(), MODULE) {
                Ok(check) => found.push(check),
                Err(error) => self.found = Err(error),
            }
        }
    }
}

/// Compares the transformer of a case, whose latent positions are a grid or recorded.
fn transformer(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let config: Config = case.setting("/model")?;
    let model = case.load_weights(refused(case, Transformer::new(&config, device))?, &transformer_names())?;
    let latents: Tensor<3> = case.tensor("hidden_states", device)?;
    let [clips, tokens, _] = latents.dims();
    let coordinates = if case.has("video_coords") {
        case.shaped("video_coords", [clips, 3, tokens], device)?;
        let values: Vec<f32> = case.numbers("video_coords")?.iter().map(|v| *v as f32).collect();
        Coordinates::explicit(clips, &values)
    } else {
        let scale: Option<[f64; 3]> = case.setting("/rope_interpolation_scale")?;
        let size = |name| case.size(name);
        Coordinates::grid(size("/num_frames")?, size("/height")?, size("/width")?, scale)
    };
    let rotary = Rotary::new(&coordinates, config.width(), device);
    if rotary.tokens() != tokens {
        return Err(case.config_error(format!(
            "hidden_states has {tokens} tokens; expected {}",
            rotary.tokens()
        )));
    }
    let mut checks = Checks {
        case,
        found: Ok(Vec::new()),
    };
    let (cos, sin) = rotary.parts();
    for (name, part) in [("mid.rope_cos", cos), ("mid.rope_sin", sin)] {
        let batch = clips / part.dims()[0];
        checks.tensor(name, || part.repeat_dim(0, batch));
    }
    let times = case.numbers("timestep")?;
    let input = Input {
        latents,
        timesteps: match times.len() {
            count if count == clips => Timesteps::Clip(times),
            count if count == clips * tokens => Timesteps::Token(times),
            count => return Err(case.config_error(format!("{count} timesteps for {clips} clips of {tokens} tokens"))),
        },
        text: case.tensor("encoder_hidden_states", device)?,
        text_mask: case
            .has("encoder_attention_mask")
            .then(|| case.tensor("encoder_attention_mask", device))
            .transpose()?,
        rotary,
    };
    let output = model.forward_and(input, &mut |seen| match seen {
        Seen::Tokens(x) => checks.tensor("mid.proj_in", || x.clone()),
        Seen::Text(x) => checks.tensor("mid.caption_projection", || x.clone()),
        Seen::Times(modulation) => checks.tensor("mid.time_embed", || {
            let [count, parts, width] = modulation.rows.dims();
            let rows = modulation.rows.clone().reshape([count, parts * width]);
            match &modulation.of_token {
                Some(of_token) => rows.select(0, of_token.clone()),
                None => rows,
            }
        }),
        Seen::SelfAttention(i, x) => checks.tensor(&format!("mid.transformer_blocks.{i}.attn1"), || x.clone()),
        Seen::Block(i, x) => checks.tensor(&format!("mid.transformer_blocks.{i}"), || x.clone()),
    });
    checks.tensor("output", || output);
    checks.found
}

fn autoencoder(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let config: VaeConfig = case.setting("/model")?;
    let vae = case.load_weights(refused(case, Vae::new(&config, device))?, &vae_names())?;
    let mut checks = Checks {
        case,
        found: Ok(Vec::new()),
    };
    let name = |part: &str, stage: Stage, blocks: &str| match stage {
        Stage::In => format!("mid.{part}.conv_in"),
        Stage::Middle => format!("mid.{part}.mid_block"),
        Stage::Block(i) => format!("mid.{part}.{blocks}.{i}"),
    };
    let clips = case.tensor("sample", device)?;
    let posterior = vae.encode_and(clips, &mut |stage, x| {
        checks.tensor(&name("encoder", stage, "down_blocks"), || x.clone());
    });
    let posterior = refused(case, posterior)?;
    checks.tensor("posterior_mean", || posterior.mean.clone());
    checks.tensor("posterior_logvar", || posterior.log_variance.clone());

    let latents: Tensor<5> = case.tensor("latent", device)?;
    let times = match case.has("decode_timestep") {
        true => case.numbers("decode_timestep")?,
        false => vec![0.0],
    };
    let mut planes = Vec::new();
    while case.has(&format!("inject_noise.{:03}", planes.len())) {
        planes.push(case.tensor::<2>(&format!("inject_noise.{:03}", planes.len()), device)?);
    }
    let mut planes = planes.into_iter();
    let mut lost = None;
    let mut draw = |shape: [usize; 2]| {
        let plane = planes.next().filter(|plane| plane.dims() == shape);
        plane.unwrap_or_else(|| {
            lost = Some(shape);
            Tensor::zeros(shape, device)
        })
    };
    let decoded = vae.decode_and(latents, &times, &mut draw, &mut |stage, x| {
        checks.tensor(&name("decoder", stage, "up_blocks"), || x.clone());
    });
    if let Some(shape) = lost {
        return Err(case.config_error(format!("inject_noise has no plane of {shape:?} where one is drawn")));
    }
    checks.tensor("decoded", || decoded);
    checks.found
}
