//! Model files keep PyTorch's layout, are restored bit by bit, and errors name what does not match.

#![allow(clippy::unwrap_used)]

#[path = "../../nn-kit/tests/files/mod.rs"]
mod files;

use burn::Tensor;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Device;
use files::{Value, dict, tensor, write_pickle, write_zip};
use serde::{Deserialize, Serialize};
use training::{ModelFile, save_model, save_model_in_bf16};

#[derive(Module, Debug)]
struct Net {
    layer: Linear,
}

#[derive(Serialize, Deserialize)]
struct Config {
    width: usize,
}

fn net(inputs: usize, width: usize, seed: u64) -> Net {
    training::init_seeded(seed, &Device::flex(), |device| Net {
        layer: LinearConfig::new(inputs, width).init(device),
    })
}

fn weights(net: &Net) -> Vec<f32> {
    net.layer.weight.val().try_into_vec_as().unwrap()
}

#[test]
fn models_come_back_and_misfits_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/net.safetensors");
    let model = net(3, 4, 1);
    save_model(&path, &model, "net", &Config { width: 4 }).unwrap();

    let again = folder.path().join("again.safetensors");
    save_model(&again, &model, "net", &Config { width: 4 }).unwrap();
    assert_eq!(std::fs::read(&again).unwrap(), std::fs::read(&path).unwrap());

    let file = ModelFile::open(&path).unwrap();
    let config: Config = file.config("net").unwrap();
    assert_eq!((file.kind(), config.width), ("net", 4));
    let loaded = file.load_into(&net(3, 4, 2)).unwrap();
    assert_eq!(weights(&loaded), weights(&model));

    // PyTorch's nn.Linear stores [out, in].
    let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
    assert!(
        text.contains("\"layer.weight\":{") && text.contains("\"dtype\":\"F32\",\"shape\":[4,3]"),
        "{text}"
    );

    let error = file.config::<Config>("other").err().unwrap().to_string();
    assert!(error.contains("\"net\"") && error.contains("\"other\""), "{error}");
    let error = file.load_into(&net(3, 5, 2)).err().unwrap().to_string();
    assert!(error.contains("layer.weight"), "{error}");

    let bytes = std::fs::read(&path).unwrap();
    for (length, what) in [
        (0, "it is empty"),
        (5, "it has only 5 bytes"),
        (40, "cut short"),
        (bytes.len() - 1, "cut short"),
    ] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = ModelFile::open(&path).and_then(|file| file.load_into(&net(3, 4, 2)));
        let error = error.err().unwrap().to_string();
        assert!(error.contains(what), "{length}: {error}");
    }
    // A kind or a configuration that someone has changed is noticed, as changed weights are.
    for (from, to) in [("width\\\":4", "width\\\":5"), ("\"net\"", "\"nut\"")] {
        let place = bytes.windows(from.len()).position(|w| w == from.as_bytes()).unwrap();
        let mut edited = bytes.clone();
        edited[place..place + to.len()].copy_from_slice(to.as_bytes());
        std::fs::write(&path, &edited).unwrap();
        let error = ModelFile::open(&path).unwrap_err().to_string();
        assert!(error.contains("kind or configuration"), "{error}");
    }
    let mut flipped = bytes.clone();
    *flipped.last_mut().unwrap() ^= 1;
    std::fs::write(&path, &flipped).unwrap();
    let error = ModelFile::open(&path).unwrap_err().to_string();
    assert!(error.contains("damaged"), "{error}");
    // A file of another writer has no hash and is read as it is.
    let key = b"pusht.sha256";
    let place = flipped.windows(key.len()).position(|w| w == key).unwrap();
    flipped[place..place + key.len()].copy_from_slice(b"other.sha256");
    std::fs::write(&path, &flipped).unwrap();
    ModelFile::open(&path).unwrap().load_into(&net(3, 4, 2)).unwrap();

    std::fs::write(&path, "Notes on the model, as text.").unwrap();
    let error = ModelFile::open(&path).unwrap_err().to_string();
    assert!(error.contains("does not begin as safetensors"), "{error}");
    std::fs::write(&path, [&9u64.to_le_bytes()[..], b"{\"a\": 1}\n"].concat()).unwrap();
    let error = ModelFile::open(&path).unwrap_err().to_string();
    assert!(error.contains("metadata"), "{error}");

    let mut broken = net(3, 4, 1);
    broken.layer.weight = burn::module::Param::from_tensor(Tensor::full([3, 4], f32::NAN, &Device::flex()));
    save_model(&path, &broken, "net", &Config { width: 4 }).unwrap();
    let error = ModelFile::open(&path).unwrap().load_into(&net(3, 4, 2)).err().unwrap();
    assert!(error.to_string().contains("layer.weight"), "{error}");
}

#[test]
fn half_the_bits_can_be_kept_and_a_file_may_be_part_of_a_program() {
    let folder = tempfile::tempdir().unwrap();
    let (exact, half) = (folder.path().join("exact"), folder.path().join("half"));
    let model = net(64, 64, 1);
    save_model(&exact, &model, "net", &Config { width: 64 }).unwrap();
    save_model_in_bf16(&half, &model, "net", &Config { width: 64 }).unwrap();
    let size = |path| std::fs::metadata(path).unwrap().len();
    assert!(size(&half) < size(&exact) * 6 / 10, "{} {}", size(&half), size(&exact));

    let bytes = std::fs::read(&half).unwrap();
    let file = ModelFile::from_bytes("in the program", bytes.clone()).unwrap();
    assert_eq!(file.config::<Config>("net").unwrap().width, 64);
    let loaded = file.load_into(&net(64, 64, 2)).unwrap();
    assert_eq!(loaded.layer.weight.val().dtype(), burn::tensor::DType::F32);
    for (loaded, exact) in weights(&loaded).iter().zip(weights(&model)) {
        assert!((loaded - exact).abs() <= exact.abs() / 256.0, "{loaded} {exact}");
    }
    let mut damaged = bytes;
    *damaged.last_mut().unwrap() ^= 1;
    let error = ModelFile::from_bytes("in the program", damaged)
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("in the program") && error.contains("not those that were written"),
        "{error}"
    );
}

/// Files of PyTorch in the place of a model that `pusht train` wrote: what each holds is said.
#[test]
fn pytorch_files_are_named_by_what_they_hold() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("policy.pt");
    let refused = |parts: &[&str]| {
        let text = ModelFile::open(&path).unwrap_err().to_string();
        for part in parts.iter().chain(&["policy.pt", "what `pusht train` writes"]) {
            assert!(text.contains(part), "{part:?} is not in: {text}");
        }
    };
    let script =
        ["m/data.pkl", "m/constants.pkl", "m/code/x.py"].map(|name| (name.to_string(), b"\x80\x02}.".to_vec()));
    write_zip(&path, zip::CompressionMethod::Stored, script);
    refused(&["it is a PyTorch file and holds a TorchScript program", "state_dict()"]);

    let weights = dict([("conv.weight", tensor(&[2, 3], 0.0))]);
    write_pickle(&path, &weights);
    refused(&["holds 1 tensors (conv.weight)"]);

    let training = dict([
        ("epoch", Value::Int(3)),
        ("state_dicts", dict([("model", weights.clone())])),
    ]);
    write_pickle(&path, &training);
    refused(&["holds 1 tensors (state_dicts.model.conv.weight) under the keys epoch, state_dicts"]);

    let tables = ["_parameters", "_buffers", "_modules"].map(|table| (table.to_string(), Value::Dict(Vec::new())));
    let mut module = tables.to_vec();
    module[0].1 = weights.clone();
    write_pickle(&path, &Value::Instance(module));
    refused(&["holds 1 tensors (conv.weight)"]);
    write_pickle(&path, &Value::Instance(vec![("net".into(), weights)]));
    refused(&[
        "an object of the Python class __main__.Net with tensors",
        "whole saved model",
    ]);

    write_pickle(&path, &dict([("agent", Value::Object("__main__", "Agent"))]));
    refused(&["agent is a __main__.Agent"]);
    // A plain pickle, without an archive around it.
    std::fs::write(&path, b"\x80\x04]\x94(K\x01K\x02e.").unwrap();
    refused(&["a list of 2, not tensors by name"]);
    std::fs::write(&path, b"\x80\x04garbage\x00\x00").unwrap();
    refused(&["nothing that can be read as weights"]);
}
