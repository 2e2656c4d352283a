//! Model files keep PyTorch's layout, are restored bit by bit, and errors name what does not match.

#![allow(clippy::unwrap_used)]

use burn::Tensor;
use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use training::{ModelFile, save_model, save_shards};

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
        (0, "cut short"),
        (5, "cut short"),
        (40, "cut short"),
        (bytes.len() - 1, "cut short"),
    ] {
        std::fs::write(&path, &bytes[..length]).unwrap();
        let error = ModelFile::open(&path).and_then(|file| file.load_into(&net(3, 4, 2)));
        let error = error.err().unwrap().to_string();
        assert!(error.contains(what), "{length}: {error}");
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

#[derive(Module, Debug)]
struct Wide {
    first: Linear,
    second: Linear,
}

#[test]
fn shards_hold_sixteen_bits_and_what_is_wrong_with_them_is_named() {
    let wide = |seed| {
        training::init_seeded(seed, &Device::flex(), |device| Wide {
            first: LinearConfig::new(2048, 2100).init(device),
            second: LinearConfig::new(2048, 2100).init(device),
        })
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide");
    let (old, model) = (wide(2), wide(1));
    save_shards(&path, &old, "wide", &Config { width: 1 }).unwrap();
    save_shards(&path, &model, "wide", &Config { width: 2 }).unwrap();
    let mut names: Vec<_> = std::fs::read_dir(&path)
        .unwrap()
        .map(|entry| entry.unwrap())
        .inspect(|entry| assert!(entry.metadata().unwrap().len() <= 15 << 20))
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors",
            "model.safetensors.index.json"
        ]
    );

    let file = ModelFile::open(&path).unwrap();
    assert_eq!(file.config::<Config>("wide").unwrap().width, 2);
    let loaded = file.load_into(&old).unwrap();
    let values = |model: &Wide| -> Vec<f32> { model.second.weight.val().try_into_vec_as().unwrap() };
    for (loaded, exact) in values(&loaded).iter().zip(values(&model)) {
        assert!((loaded - exact).abs() <= exact.abs() / 256.0, "{loaded} {exact}");
    }

    let [first, second] = [0, 1].map(|k| path.join(&names[k]));
    let error = || ModelFile::open(&path).err().unwrap().to_string();
    let whole = std::fs::read(&second).unwrap();
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    std::fs::write(&second, &damaged).unwrap();
    assert!(
        error().contains("model-00002") && error().contains("damaged"),
        "{}",
        error()
    );
    std::fs::remove_file(&second).unwrap();
    assert!(error().contains("model-00002"), "{}", error());
    std::fs::write(&second, &whole).unwrap();
    save_shards(&folder.path().join("old"), &old, "wide", &Config { width: 1 }).unwrap();
    std::fs::copy(folder.path().join("old").join(&names[0]), &first).unwrap();
    assert!(error().contains("another model"), "{}", error());
    let index = path.join(&names[2]);
    let text = std::fs::read_to_string(&index).unwrap();
    std::fs::write(&index, text.replace("model-00001", "../model-00001")).unwrap();
    assert!(error().contains("same folder"), "{}", error());
    std::fs::remove_file(&index).unwrap();
    assert!(error().contains("index.json"), "{}", error());

    // A folder with other content is left unchanged.
    let taken = save_shards(&path, &model, "wide", &Config { width: 2 }).err().unwrap();
    assert!(taken.to_string().contains("other files"), "{taken}");
}
