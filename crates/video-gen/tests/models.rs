//! Models by name: what is refused before anything is read.

#![allow(clippy::unwrap_used)]

use nn_kit::settings::Class;
use video_gen::{CosmosOptions, LoadOptions, LtxOptions, ModelSpec, SamplingOptions};

#[test]
fn what_is_no_model_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let open = |kind: &str, sampling: SamplingOptions, prompt: Option<&str>| {
        let spec = ModelSpec::new(kind, folder.path()).unwrap();
        let options = LoadOptions {
            sampling,
            prompt: prompt.map(str::to_owned),
            ..LoadOptions::default()
        };
        let error = spec.load(&options).err().unwrap().to_string();
        assert_eq!(spec.check(&options).unwrap_err().to_string(), error);
        error
    };
    let none = SamplingOptions::default;
    assert!(open("object", none(), None).contains("pusht train video"));
    assert!(open("ltx", none(), None).contains("docs/ltx-video.md"));
    assert!(open("cosmos", none(), None).contains("model.pt"));
    assert!(open("ltx", none(), Some(" ")).contains("empty"));
    // The other family's folder.
    let part = |name: &str| folder.path().join(name);
    std::fs::create_dir(part("transformer")).unwrap();
    std::fs::create_dir(part("vae")).unwrap();
    let settings = ltx_video::Config::default().named().unwrap().to_string();
    std::fs::write(part("transformer/config.json"), settings).unwrap();
    let shifted = CosmosOptions {
        end_frame: Some(cosmos_predict::EndFrame::Shifted),
        ..CosmosOptions::default()
    };
    assert!(open("ltx", shifted.into(), None).contains("LTX-Video models have no end_frame; leave it out"));
    let stopped = LtxOptions {
        frame_rate: Some(0.0),
        ..LtxOptions::default()
    };
    assert!(open("ltx", stopped.into(), None).contains("frame_rate is not above 0"));
    let error = open("cosmos", none(), None);
    assert!(
        error.contains("LTXVideoTransformer3DModel; expected a CosmosTransformer3DModel"),
        "{error}"
    );
}

#[test]
fn the_pixel_model_of_earlier_versions_is_refused_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let spec = ModelSpec::new("pixel", folder.path()).unwrap();
    let refused = || spec.load(&LoadOptions::default()).err().unwrap().to_string();
    assert!(refused().contains("pusht train video"), "{}", refused());
    std::fs::write(folder.path().join("model.safetensors.index.json"), "{}").unwrap();
    assert!(
        refused().contains("an earlier version") && refused().contains("--model pixel"),
        "{}",
        refused()
    );
}

#[test]
fn a_damaged_record_beside_adapters_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let part = |name: &str| folder.path().join(name);
    std::fs::create_dir(part("transformer")).unwrap();
    std::fs::create_dir(part("vae")).unwrap();
    let spec = ModelSpec::new("ltx", folder.path()).unwrap();
    let adapted = LtxOptions {
        lora: Some(part("adapters.safetensors")),
        ..LtxOptions::default()
    };
    let options = LoadOptions {
        sampling: adapted.into(),
        ..LoadOptions::default()
    };
    let refused = || spec.check(&options).unwrap_err().to_string();
    std::fs::write(part("finetune.json"), "{\"config\": {}}").unwrap();
    let text = refused();
    assert!(text.contains("finetune.json") && text.contains("frames"), "{text}");
    // Without one, adapters are sampled as the model itself.
    std::fs::remove_file(part("finetune.json")).unwrap();
    assert!(!refused().contains("finetune.json"));
}
