//! Which files of a repository each loader reads.

use hub_files::{FileGroup, HubLayout};

/// Datasets that `pusht_data::open_with` reads; of a LeRobot dataset the videos of one camera.
pub fn dataset(camera: Option<&str>) -> Vec<HubLayout> {
    let videos = camera.into_iter().flat_map(|camera| {
        // LeRobot's names of cameras have prefixes, which --camera may leave out.
        ["", "observation.images.", "observation."].map(|prefix| format!("videos/{prefix}{camera}/**"))
    });
    let lerobot = HubLayout::new("a LeRobot v3 dataset")
        .with(FileGroup::required(["meta/info.json"]))
        .with(FileGroup::required(["meta/episodes/**.parquet"]))
        .with(FileGroup::required(["data/**.parquet"]))
        .with(FileGroup::required(videos.chain(["videos/**".to_owned()])))
        .with(FileGroup::optional(["meta/pusht.json"]))
        .with_hint("of a dataset of an earlier version of LeRobot another revision may be of version 3, such as @v3.0");
    let zarr = HubLayout::new("a zarr replay buffer")
        .with(FileGroup::required([".zgroup", "zarr.json", ".zmetadata"]))
        .with(FileGroup::required(["**"]));
    vec![
        lerobot,
        zarr,
        HubLayout::file("a set of simulated episodes", ["*.jsonl"]),
    ]
}

/// Video models of a kind of `video_gen::ModelSpec`; `text`: without the text encoder.
pub fn video_model(kind: &str, text: bool) -> Vec<HubLayout> {
    let with_text = |layout: HubLayout| if text { layout } else { text_encoder(layout) };
    match kind {
        "ltx" => {
            let layout = HubLayout::new("a diffusers folder of LTX-Video");
            let layout = part(part(layout, "transformer"), "vae").with_hint(
                "of a single file with weights add its path to the name, and give --text for the text encoder (docs/ltx-video.md)",
            );
            vec![with_text(layout).with(FileGroup::optional(["scheduler/scheduler_config.json"]))]
        }
        "cosmos" => {
            let layout = HubLayout::new("a folder of Cosmos-Predict1")
                .with(FileGroup::required(["transformer/config.json", "model.pt"]))
                .with(FileGroup::required(
                    weights("transformer", "diffusion_pytorch_model")
                        .into_iter()
                        .chain(["model.pt".to_owned()]),
                ))
                .with(shards("transformer", "diffusion_pytorch_model"));
            let layout = part(layout, "vae").with_hint("docs/cosmos.md lists the published folders that have it");
            vec![with_text(layout).with(FileGroup::optional(["scheduler/scheduler_config.json"]))]
        }
        "pixel" => vec![pixel_world()],
        _ => vec![HubLayout::file(
            "a model of `pusht train video`",
            ["object-latent.safetensors", "*.safetensors"],
        )],
    }
}

/// Folders of the pixel model.
pub fn pixel_world() -> HubLayout {
    HubLayout::new("a folder of `pusht train video --model pixel`")
        .with(FileGroup::required(["world.safetensors"]))
        .with(FileGroup::optional(["paths.safetensors"]))
        .with(FileGroup::optional(["plan.json"]))
}

/// Folders with a text encoder.
pub fn text() -> HubLayout {
    text_encoder(HubLayout::new("a folder with a text encoder"))
}

/// LoRA adapters, with the record of their training.
pub fn adapters() -> HubLayout {
    HubLayout::file("a file of adapters", ["*.safetensors", "*.bin"])
        .with(FileGroup::optional(["finetune.json"]))
        .with(FileGroup::optional(["adapter_config.json"]))
}

/// Policies: LeRobot's, and those of `pusht train policy`.
pub fn policy() -> Vec<HubLayout> {
    let lerobot = HubLayout::new("a LeRobot policy")
        .with(FileGroup::required(["config.json"]))
        .with(FileGroup::required(["model.safetensors"]))
        .with(FileGroup::optional(["policy_preprocessor.json"]))
        .with(FileGroup::optional(["policy_preprocessor_*.safetensors"]))
        .with(FileGroup::optional(["policy_postprocessor.json"]))
        .with(FileGroup::optional(["policy_postprocessor_*.safetensors"]));
    vec![
        lerobot,
        HubLayout::file("a policy of `pusht train policy`", ["policy.safetensors"]),
    ]
}

/// The learned inverse dynamics model.
pub fn learned_idm() -> HubLayout {
    HubLayout::file("a model of `pusht train idm`", ["idm.safetensors"])
}

/// Checkpoints of Unified Video Action.
pub fn uva() -> HubLayout {
    HubLayout::file(
        "a checkpoint of Unified Video Action",
        ["*.ckpt", "*.pt", "*.safetensors"],
    )
}

/// Adds a part of a diffusers folder: settings and weights.
fn part(layout: HubLayout, folder: &str) -> HubLayout {
    weights_of(
        layout.with(FileGroup::required([format!("{folder}/config.json")])),
        folder,
        "diffusion_pytorch_model",
    )
}

fn text_encoder(layout: HubLayout) -> HubLayout {
    let layout = layout
        .with(FileGroup::required(["tokenizer/tokenizer.json"]))
        .with(FileGroup::required(["text_encoder/config.json"]));
    weights_of(layout, "text_encoder", "model")
}

fn weights_of(layout: HubLayout, folder: &str, name: &str) -> HubLayout {
    layout
        .with(FileGroup::required(weights(folder, name)))
        .with(shards(folder, name))
}

/// Patterns of weights, as `nn_kit::Checkpoint::open_folder` prefers them: one file or the index of shards, without variants in other
/// precisions.
fn weights(folder: &str, name: &str) -> Vec<String> {
    let plain = ["safetensors.index.json", "safetensors", "bin.index.json", "bin"];
    let mut patterns: Vec<String> = plain.iter().map(|end| format!("{folder}/{name}.{end}")).collect();
    patterns.extend(["safetensors*", "bin*"].map(|end| format!("{folder}/*.{end}")));
    patterns
}

fn shards(folder: &str, name: &str) -> FileGroup {
    FileGroup::optional(["safetensors", "bin"].map(|end| format!("{folder}/{name}-*-of-*.{end}")))
}
