//! Comparison of encoder and tokenizer with recordings of the published implementation (see `model-parity`).

use burn::tensor::{Device, FloatDType, Int, Tensor};
use model_parity::{Case, Check, MODULE, Model, ParityError};
use serde::Deserialize;

use crate::t5::{Config, Encoder};
use crate::tokenizer::Tokenizer;

/// Models whose recordings can be compared here.
pub const MODELS: &[Model] = &[
    Model {
        class: "T5EncoderModel",
        run: t5,
    },
    Model {
        class: "tokenizer",
        run: tokenizer,
    },
];

/// A recorded encoder and its inputs.
pub struct RecordedT5 {
    /// Encoder with the recorded weights.
    pub encoder: Encoder,
    /// Token ids `[prompts, tokens]`.
    pub ids: Tensor<2, Int>,
    /// 1 for tokens, 0 for padding: `[prompts, tokens]`.
    pub mask: Tensor<2>,
}

impl RecordedT5 {
    /// Reads the configuration at the JSON pointer `config` and the weights with the prefix `weights`.
    ///
    /// # Errors
    /// Settings, weights or tokens that are missing or do not fit.
    pub fn new(case: &Case, config: &str, weights: &str, device: &Device) -> Result<Self, ParityError> {
        let config: Config = case.setting(config)?;
        let checkpoint = case.weights()?.clone();
        let encoder = Encoder::load(&config, checkpoint, weights, FloatDType::F32, device);
        let encoder = encoder.map_err(|error| case.config_error(error.to_string()))?;
        let shape = case.shape("input_ids")?;
        let [prompts, tokens] = shape[..] else {
            return Err(case.config_error(format!("input_ids has shape {shape:?}; expected 2 dimensions")));
        };
        let ids = case.indices("input_ids", prompts * tokens, config.vocab_size)?;
        let ids: Vec<i64> = ids.into_iter().map(|id| id as i64).collect();
        Ok(Self {
            encoder,
            ids: Tensor::<1, Int>::from_data(ids.as_slice(), device).reshape([prompts, tokens]),
            mask: case.shaped("attention_mask", [prompts, tokens], device)?,
        })
    }
}

fn t5(case: &Case, device: &Device) -> Result<Vec<Check>, ParityError> {
    let RecordedT5 { encoder, ids, mask } = RecordedT5::new(case, "/model", "", device)?;
    let tokens = mask.dims()[1];
    let mut checks = Vec::new();
    // The states after the blocks were recorded in the last run.
    let mut blocks = Vec::new();
    for (name, mask) in [("output", Some(mask)), ("output_without_mask", None)] {
        if case.has(name) {
            blocks.clear();
            let output = encoder.forward_and(ids.clone(), mask, &mut |i, x| blocks.push((i, x.clone())));
            checks.push(case.check(name, output, MODULE)?);
        }
    }
    for (i, x) in blocks {
        let name = format!("mid.encoder.block.{i}");
        if case.has(&name) {
            checks.push(case.check(&name, x, MODULE)?);
        }
    }
    if case.has("position_bias") {
        checks.push(case.check("position_bias", encoder.position_bias(tokens), MODULE)?);
    }
    Ok(checks)
}

#[derive(Deserialize)]
struct Text {
    text: String,
    ids: Vec<u32>,
    mask: Vec<u8>,
}

/// One check per text: the number of wrong tokens.
fn tokenizer(case: &Case, _: &Device) -> Result<Vec<Check>, ParityError> {
    let tokenizer = Tokenizer::open(&case.folder().join("tokenizer.json"));
    let tokenizer = tokenizer.map_err(|error| case.config_error(error.to_string()))?;
    let texts: Vec<Text> = case.setting("/cases")?;
    let check = |(i, text): (usize, &Text)| {
        let tokens = tokenizer.encode(&text.text, text.ids.len());
        let tokens = tokens.map_err(|error| case.config_error(error.to_string()))?;
        let real: Vec<u8> = tokens.real.iter().map(|r| u8::from(*r)).collect();
        let wrong = |a: &[u32], b: &[u32]| a.iter().zip(b).filter(|(a, b)| a != b).count();
        let masks = real.iter().zip(&text.mask).filter(|(a, b)| a != b).count();
        Ok(Check {
            name: format!("text {i}"),
            values: text.ids.len(),
            error: (wrong(&tokens.ids, &text.ids) + masks) as f64,
            limit: 0.0,
        })
    };
    texts.iter().enumerate().map(check).collect()
}
