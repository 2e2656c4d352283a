//! Checkpoints as training scripts write them: keys and prefixes around the weights, other contents, and files that are
//! made to take memory.

#![allow(clippy::unwrap_used)]

mod files;

use std::path::Path;

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::{Device, TensorData};
use files::{Value, dict, tensor, write_pickle, write_zip};
use nn_kit::{Checkpoint, CheckpointError, published_values};
use zip::CompressionMethod;

#[derive(Module, Debug)]
struct Net {
    first: Linear,
    second: Linear,
}

fn net() -> Net {
    let device = Device::flex();
    Net {
        first: LinearConfig::new(3, 2).init(&device),
        second: LinearConfig::new(2, 1).init(&device),
    }
}

/// The weights of [`Net`], each name after a prefix.
fn weights(prefix: &str) -> Vec<(String, Value)> {
    let tensors: [(&str, &[usize]); 4] = [
        ("first.weight", &[2, 3]),
        ("first.bias", &[2]),
        ("second.weight", &[1, 2]),
        ("second.bias", &[1]),
    ];
    let tensors = tensors.into_iter().enumerate();
    let named = tensors.map(|(i, (name, shape))| (format!("{prefix}{name}"), tensor(shape, 10.0 * i as f32)));
    named.collect()
}

fn load(path: &Path) -> Result<Net, CheckpointError> {
    let both = Checkpoint::open(path)?;
    let by_names = both.load_weights(net(), "", &[])?;
    let by_modules = both.load_into(&net(), &[])?;
    let values = |net: &Net| published_values(net, &[]);
    assert_eq!(values(&by_names), values(&by_modules));
    Ok(by_names)
}

fn open(value: &Value) -> Result<Net, CheckpointError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    write_pickle(&path, value);
    load(&path)
}

#[track_caller]
fn refused(value: &Value, parts: &[&str]) {
    let text = open(value).unwrap_err().to_string();
    parts
        .iter()
        .for_each(|part| assert!(text.contains(part), "{part:?} is not in: {text}"));
}

#[test]
fn keys_and_prefixes_around_the_weights_are_removed() {
    let plain = open(&dict(weights(""))).unwrap();
    let expected = published_values(&plain, &[]);
    assert_eq!(
        expected["first.weight"],
        TensorData::new((0..6_u8).map(f32::from).collect(), [2, 3])
    );
    for prefix in [
        "module.",
        "_orig_mod.",
        "module._orig_mod.",
        "_orig_mod.module.",
        "model.",
        "net.",
        "model.module.",
        "ema_model.",
        "_fsdp_wrapped_module.",
        "policy.encoder.backbone.",
    ] {
        for keys in [
            &[][..],
            &["state_dict"],
            &["model_state_dict"],
            &["model"],
            &["checkpoint", "state_dict"],
        ] {
            let mut value = dict(weights(prefix));
            for key in keys.iter().rev() {
                let state = dict([("state", dict([("0", dict([("exp_avg", tensor(&[2, 3], 0.0))]))]))]);
                value = dict([("epoch", Value::Int(3)), ("optimizer", state), (key, value)]);
            }
            let found = open(&value).unwrap();
            assert_eq!(published_values(&found, &[]), expected, "{keys:?} {prefix}");
        }
    }
    // Wrappers of single layers.
    let inner = weights("")
        .into_iter()
        .map(|(name, value)| (name.replace('.', "._orig_mod."), value));
    assert_eq!(published_values(&open(&dict(inner)).unwrap(), &[]), expected);
}

#[test]
fn of_several_copies_none_is_taken_by_chance() {
    let moving = weights("").into_iter().map(|(name, _)| name);
    let moving = dict(moving.map(|name| (name.clone(), tensor(&[if name.contains("first") { 2 } else { 1 }], 1.0))));
    refused(
        &dict([("teacher", dict(weights(""))), ("student", dict(weights("module.")))]),
        &[
            "2 copies",
            "\"student.module.\"",
            "\"teacher.\"",
            "save the copy that is meant",
        ],
    );
    // The key of the weights themselves is preferred to that of an average.
    let both = dict([("model", dict(weights("module."))), ("ema", moving)]);
    let found = open(&both).unwrap();
    assert_eq!(
        published_values(&found, &[]),
        published_values(&open(&dict(weights(""))).unwrap(), &[])
    );
}

#[test]
fn a_file_of_other_contents_is_told_what_it_holds() {
    let state = dict([(
        "0",
        dict([("step", tensor(&[1], 1.0)), ("exp_avg", tensor(&[2, 3], 0.0))]),
    )]);
    refused(
        &dict([("state", state), ("param_groups", Value::List(Vec::new()))]),
        &[
            "the state of an optimizer",
            "param_groups, state",
            "expected weights with the names first.bias",
        ],
    );
    refused(
        &dict([
            ("epoch", Value::Int(1)),
            ("encoder", dict([("0.weight", tensor(&[1], 1.0))])),
        ]),
        &["1 tensors (encoder.0.weight)", "under the keys encoder, epoch"],
    );
    refused(&Value::List(vec![tensor(&[1], 1.0)]), &["a list of 1"]);
    refused(&tensor(&[1], 1.0), &["a single tensor"]);
    let mut few = weights("state_dict.");
    few.remove(1);
    refused(&dict(few), &["first.bias is missing (expected shape [2])"]);
}

#[test]
fn objects_beside_the_weights_are_passed_over_and_within_refused() {
    let object = Value::Object("argparse", "Namespace");
    open(&dict([
        ("hyper_parameters", object.clone()),
        ("state_dict", dict(weights("model."))),
    ]))
    .unwrap();
    let mut within = weights("");
    within[3].1 = object.clone();
    refused(
        &dict(within),
        &["second.bias is a argparse.Namespace", "nothing was run"],
    );
    refused(
        &dict([("args", object)]),
        &["Python code", "args is a argparse.Namespace"],
    );
}

#[test]
fn files_that_are_no_weights_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    let text = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Checkpoint::open(&path).err().unwrap().to_string()
    };
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 46830571\n";
    assert!(text(pointer).contains("git lfs pull"));
    assert!(text(b"").contains("empty"));
    assert!(text(b"<!DOCTYPE html><html>").contains("web page"));
    assert!(text(b"\x1f\x8b\x08\x00").contains("gzip"));
    assert!(text(b"GGUF\x03\0\0\0\0\0").contains("GGUF"));
    let mut tar = vec![0; 512];
    tar[257..262].copy_from_slice(b"ustar");
    assert!(text(&tar).contains("tar archive"));
    let zip = |entries: &[(&str, &[u8])]| {
        let entries = entries
            .iter()
            .map(|(name, bytes)| ((*name).to_string(), bytes.to_vec()));
        write_zip(&path, CompressionMethod::Stored, entries);
        Checkpoint::open(&path).err().unwrap().to_string()
    };
    assert!(zip(&[("a.npy", b"")]).contains(".npz"));
    assert!(zip(&[("readme.txt", b"")]).contains("without a pickle"));
    let script = [
        ("m/data.pkl", b"\x80\x02}.".as_slice()),
        ("m/constants.pkl", b""),
        ("m/code/x.py", b""),
    ];
    assert!(zip(&script).contains("TorchScript"));
}

/// What `torch.save(model)` writes of [`Net`], with more attributes.
fn module(more: &[(&str, Value)]) -> Value {
    let tables = |parameters: Vec<(String, Value)>, modules: Vec<(String, Value)>| {
        let mut attributes = vec![
            ("training".to_string(), Value::Int(0)),
            ("_parameters".to_string(), Value::Dict(parameters)),
            ("_buffers".to_string(), Value::Dict(Vec::new())),
            ("_modules".to_string(), Value::Dict(modules)),
        ];
        attributes.extend(more.iter().map(|(name, value)| ((*name).to_string(), value.clone())));
        Value::Instance(attributes)
    };
    let layers = ["first", "second"].map(|layer| {
        let own = weights("").into_iter();
        let own = own.filter_map(|(name, value)| Some((name.strip_prefix(&format!("{layer}."))?.to_string(), value)));
        (layer.to_string(), tables(own.collect(), Vec::new()))
    });
    tables(Vec::new(), layers.into())
}

#[test]
fn a_whole_saved_module_is_read_like_its_state_dict_or_refused_by_its_class() {
    let plain = open(&dict(weights(""))).unwrap();
    let found = open(&module(&[("lr", Value::Int(1))])).unwrap();
    assert_eq!(published_values(&found, &[]), published_values(&plain, &[]));
    // Within a training state, too.
    let found = open(&dict([("epoch", Value::Int(3)), ("model", module(&[]))])).unwrap();
    assert_eq!(published_values(&found, &[]), published_values(&plain, &[]));
    // An object with tensors that is no module.
    let object = Value::Instance(vec![("net".into(), dict(weights("")))]);
    refused(
        &object,
        &["__main__.Net", "whole saved model", "save `model.state_dict()` alone"],
    );
    // An object without tensors, and a plain pickle without either.
    refused(
        &Value::Object("__main__", "Agent"),
        &[
            "an object of the Python class __main__.Agent",
            "expected a PyTorch .pth",
        ],
    );
    refused(&Value::Int(3), &["a single value, not tensors by name"]);
}

#[test]
fn small_files_that_would_grow_are_refused_before_they_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.pth");
    // 90 MB of None, compressed to 90 kB.
    let mut pickle = b"\x80\x02(".to_vec();
    pickle.resize(90_000_000, b'N');
    pickle.extend(b"l.");
    write_zip(&path, CompressionMethod::Deflated, [("a/data.pkl".to_string(), pickle)]);
    let text = Checkpoint::open(&path).err().unwrap().to_string();
    assert!(text.contains("its pickle would be 90000002 bytes"), "{text}");
    // One number, seen as 4 GiB.
    refused(
        &dict([("x", Value::Repeated(vec![1 << 15, 1 << 15]))]),
        &["x has 4294967296 bytes, the file"],
    );
}
