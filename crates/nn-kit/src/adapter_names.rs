//! Names of adapters as trainers publish them.
//!
//! | written by | name |
//! |---|---|
//! | diffusers | `transformer.transformer_blocks.0.attn1.to_q.lora_A.weight` |
//! | peft | `base_model.model.….lora_A.weight`, `….lora_A.default.weight` |
//! | ComfyUI, and trainers for it | `diffusion_model.….lora_A.weight` |
//! | kohya | `lora_unet_transformer_blocks_0_attn1_to_q.lora_down.weight`, `….alpha` |
//! | none of these | `transformer_blocks.….lora_A.weight` |
//!
//! `lora_A` is also called `lora_down` or `lora.down`, `lora_B` `lora_up` or `lora.up`. Cosmos-Predict1's own names of
//! layers (`blocks.block0.blocks.0.block.attn.to_q.0`) are known as well.

use crate::ADAPTED_LAYERS;

/// Prefix of the names of blocks.
const BLOCKS: &str = "transformer_blocks.";

/// Names of [`ADAPTED_LAYERS`] in Cosmos-Predict1's own files, below `blocks.block<N>.`.
const COSMOS_LAYERS: [&str; ADAPTED_LAYERS.len()] = [
    "blocks.0.block.attn.to_q.0",
    "blocks.0.block.attn.to_k.0",
    "blocks.0.block.attn.to_v.0",
    "blocks.0.block.attn.to_out.0",
    "blocks.1.block.attn.to_q.0",
    "blocks.1.block.attn.to_k.0",
    "blocks.1.block.attn.to_v.0",
    "blocks.1.block.attn.to_out.0",
    "blocks.2.block.layer1",
    "blocks.2.block.layer2",
];

/// What a tensor is to its adapter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    /// A, `[rank, inputs]`.
    Down,
    /// B, `[outputs, rank]`.
    Up,
    /// A single number.
    Alpha,
}

/// Ends of names, and the part that they stand for. The name of peft's adapter may stand before the last `.weight`.
const PARTS: [(&str, Part); 9] = [
    (".lora_A.weight", Part::Down),
    (".lora_A", Part::Down),
    (".lora_down.weight", Part::Down),
    (".lora.down.weight", Part::Down),
    (".lora_B.weight", Part::Up),
    (".lora_B", Part::Up),
    (".lora_up.weight", Part::Up),
    (".lora.up.weight", Part::Up),
    (".alpha", Part::Alpha),
];

/// Parts of adapters in forms other than LoRA, which are not computed, and the form's name.
const FORMS: [(&str, &str); 6] = [
    (".hada_", "LoHa"),
    (".lokr_", "LoKr"),
    (".oft_", "OFT"),
    (".boft_", "BOFT"),
    (".vera_", "VeRA"),
    (".ia3_", "(IA)³"),
];

/// Additions to LoRA that are not computed, and their names.
const UNSUPPORTED: [(&str, &str); 7] = [
    ("magnitude", "DoRA"),
    ("dora_scale", "DoRA"),
    ("lora_mid", "a convolution in three parts"),
    ("lora_embedding", "an adapted embedding"),
    (".bias", "an adapted bias"),
    (".diff_b", "an adapted bias"),
    (".diff", "a difference of weights"),
];

/// The form of the adapter that a tensor belongs to, if it is not LoRA.
pub(crate) fn other_form(name: &str) -> Option<&'static str> {
    FORMS
        .iter()
        .find_map(|(text, form)| name.contains(text).then_some(*form))
}

/// Says that a tensor belongs to a form of adapter that is not computed, and what to do.
pub(crate) fn not_computed(name: &str, form: &str) -> String {
    format!(
        "{name} belongs to {form}; expected LoRA: lora_A and lora_B of linear layers (train LoRA in its place, or merge the \
         adapter into the model's weights with the program that trained it and give those)"
    )
}

/// A tensor of an adapter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct AdapterName {
    /// Text before the name of the block.
    pub(crate) prefix: String,
    /// The layer, as diffusers names it: `transformer_blocks.0.attn1.to_q`.
    pub(crate) layer: String,
    /// One of [`ADAPTED_LAYERS`].
    pub(crate) kind: &'static str,
    pub(crate) part: Part,
}

impl AdapterName {
    /// Reads the name of a tensor; the error says what is wrong with it.
    pub(crate) fn parse(name: &str) -> Result<Self, String> {
        let Some((layer, part)) = split(name) else {
            let addition = || UNSUPPORTED.iter().find(|(text, _)| name.contains(text));
            return Err(match other_form(name).or_else(|| addition().map(|(_, kind)| *kind)) {
                Some(kind) => not_computed(name, kind),
                None => format!("{name} is no part of an adapter; expected lora_A, lora_B and alpha of layers"),
            });
        };
        let found = known_layer(&layer).ok_or_else(|| {
            format!(
                "{name} is on no layer that can carry an adapter; expected {BLOCKS}N. and one of {}",
                ADAPTED_LAYERS.join(", ")
            )
        })?;
        Ok(Self { part, ..found })
    }
}

/// Splits a name into layer and part.
fn split(name: &str) -> Option<(String, Part)> {
    let ends = |text: &str| {
        PARTS
            .iter()
            .find_map(|(end, part)| Some((text.strip_suffix(end)?.to_string(), *part)))
    };
    ends(name).or_else(|| {
        // lora_A.<adapter>.weight
        let (front, _) = name.strip_suffix(".weight")?.rsplit_once('.')?;
        ends(front).filter(|_| front.ends_with(".lora_A") || front.ends_with(".lora_B"))
    })
}

/// Finds the layer at the end of a text, in any of the spellings.
fn known_layer(text: &str) -> Option<AdapterName> {
    let spellings = [(BLOCKS, &ADAPTED_LAYERS), ("blocks.block", &COSMOS_LAYERS)];
    for (kind, known) in ADAPTED_LAYERS.into_iter().enumerate() {
        for (blocks, layers) in spellings {
            // kohya writes underscores in place of dots.
            for separator in [".", "_"] {
                let spelled = |text: &str| text.replace('.', separator);
                let number_at = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
                let before = text.strip_suffix(&spelled(layers[kind]));
                let Some(before) = before.and_then(|before| before.strip_suffix(separator)) else {
                    continue;
                };
                let (front, number) = before.split_at(number_at(before));
                let Some(prefix) = front.strip_suffix(&spelled(blocks)) else {
                    continue;
                };
                if !number.is_empty() && (prefix.is_empty() || prefix.ends_with(['.', '_'])) {
                    return Some(AdapterName {
                        prefix: prefix.to_string(),
                        layer: format!("{BLOCKS}{}.{known}", number.parse::<usize>().ok()?),
                        kind: known,
                        part: Part::Alpha,
                    });
                }
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_names_are_read() {
        let layers = [
            ("transformer.transformer_blocks.12.attn1.to_out.0", "transformer."),
            (
                "base_model.model.transformer_blocks.12.attn1.to_out.0",
                "base_model.model.",
            ),
            (
                "diffusion_model.transformer_blocks.12.attn1.to_out.0",
                "diffusion_model.",
            ),
            ("transformer_blocks.12.attn1.to_out.0", ""),
            ("lora_unet_transformer_blocks_12_attn1_to_out_0", "lora_unet_"),
            ("net.blocks.block12.blocks.0.block.attn.to_out.0", "net."),
        ];
        let parts = [
            (".lora_A.weight", Part::Down),
            (".lora_A.default.weight", Part::Down),
            (".lora_down.weight", Part::Down),
            (".lora.up.weight", Part::Up),
            (".lora_B.my_style.weight", Part::Up),
            (".alpha", Part::Alpha),
        ];
        for (layer, prefix) in layers {
            for (end, part) in parts {
                let found = AdapterName::parse(&format!("{layer}{end}")).unwrap();
                assert_eq!(found.layer, "transformer_blocks.12.attn1.to_out.0", "{layer}");
                assert_eq!((found.prefix.as_str(), found.part), (prefix, part));
            }
        }
        let found = AdapterName::parse("lora_unet_transformer_blocks_3_ff_net_0_proj.lora_up.weight").unwrap();
        assert_eq!(
            (found.layer.as_str(), found.kind),
            ("transformer_blocks.3.ff.net.0.proj", "ff.net.0.proj")
        );
    }

    #[test]
    fn what_cannot_be_computed_is_named() {
        let layer = "transformer.transformer_blocks.0.attn1.to_q";
        for (name, part) in [
            (format!("{layer}.lora_magnitude_vector.default.weight"), "DoRA"),
            (format!("{layer}.dora_scale"), "DoRA"),
            (format!("{layer}.hada_w1_a"), "LoHa"),
            (format!("{layer}.lokr_w2_b"), "LoKr"),
            (format!("{layer}.oft_blocks"), "OFT"),
            (format!("{layer}.lora_B.bias"), "bias"),
            (format!("{layer}.diff"), "difference"),
            ("transformer.proj_in.weight".into(), "no part of an adapter"),
            ("transformer.proj_in.lora_A.weight".into(), "no layer that can carry"),
            (
                "text_encoder.block.0.attn1.to_q.lora_A.weight".into(),
                "no layer that can carry",
            ),
            (
                "transformer_blocks.x.attn1.to_q.lora_A.weight".into(),
                "no layer that can carry",
            ),
            (
                "my_transformer_blocks_.0.attn1.to_q.lora_A.weight".into(),
                "no layer that can carry",
            ),
        ] {
            let text = AdapterName::parse(&name).unwrap_err();
            assert!(text.contains(part) && text.contains(&name), "{text}");
        }
    }
}
