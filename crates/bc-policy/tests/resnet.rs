//! ResNet-18 against torchvision (`fixtures/make_resnet18.py`): outputs in both modes, running statistics, gradients; and
//! the checkpoints that PyTorch writes, sound and not.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use bc_policy::{ResNet18, ResNet18Config};
use burn::module::{Module, ModuleMapper, Param};
use burn::optim::GradientsParams;
use burn::store::burn_pack::Tensor as Entry;
use burn::store::{BurnToPyTorchAdapter, ModuleSnapshot, ModuleStore, PyTorchToBurnAdapter, SafetensorsStore, bridge};
use burn::tensor::{Device, Tensor, TensorData};
use nn_kit::{Checkpoint, CheckpointError};

/// Of every number, whatever its size.
const TOLERANCE: f32 = 1e-4;

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name)
}

/// `filled` of the script.
fn filled(name: &str, shape: &[usize]) -> Vec<f32> {
    let seed = name.bytes().fold(2_166_136_261_u32, |seed, byte| {
        (seed ^ u32::from(byte)).wrapping_mul(16_777_619)
    });
    let number = |index: usize| {
        let mut x = (index as u32).wrapping_mul(2_654_435_761).wrapping_add(seed);
        x ^= x >> 16;
        x = x.wrapping_mul(0x45d_9f3b);
        x ^= x >> 16;
        (f64::from(x >> 8) / f64::from(1 << 23) - 1.0) as f32
    };
    (0..shape.iter().product()).map(number).collect()
}

/// `value` of the script.
fn value(name: &str, shape: &[usize]) -> Vec<f32> {
    let norm = name.contains("bn") || name.contains("downsample.1");
    let (offset, scale) = if name.ends_with("running_var") {
        (1.0, 0.5)
    } else if norm && name.ends_with("weight") {
        (1.0, 0.3)
    } else if norm || shape.len() < 2 {
        (0.0, 0.2)
    } else {
        let inputs: usize = shape[1..].iter().product();
        (0.0, (6.0 / inputs as f64).sqrt() as f32)
    };
    filled(name, shape).into_iter().map(|x| offset + scale * x).collect()
}

fn tensors(model: &ResNet18) -> Vec<Entry> {
    model.collect(None, Some(Box::new(BurnToPyTorchAdapter)), true)
}

fn named(model: &ResNet18) -> BTreeMap<String, Vec<f32>> {
    let values = |tensor: &Entry| bridge::to_data(tensor).unwrap().try_to_vec::<f32>().unwrap();
    tensors(model).iter().map(|t| (t.name.clone(), values(t))).collect()
}

fn network(width: usize) -> ResNet18 {
    let mut model = ResNet18Config::new()
        .with_outputs(Some(2))
        .with_width(width)
        .init(&Device::flex());
    let state = tensors(&model).into_iter().map(|tensor| {
        let shape = tensor.shape.to_vec();
        let data = TensorData::new(value(&tensor.name, &shape), shape);
        bridge::from_data(data, tensor.name, None)
    });
    let result = model.apply(state.collect(), None, Some(Box::new(PyTorchToBurnAdapter)), true);
    assert_eq!((result.applied.len(), result.missing.len()), (102, 0));
    model
}

fn reference() -> BTreeMap<String, Vec<f32>> {
    let mut store = SafetensorsStore::from_file(fixture("resnet18.safetensors"));
    let tensors = store.get_all_tensors().unwrap();
    let values = |tensor: &Entry| bridge::to_data(tensor).unwrap().try_to_vec::<f32>().unwrap();
    tensors.iter().map(|(name, t)| (name.clone(), values(t))).collect()
}

struct Replace(GradientsParams);

impl ModuleMapper for Replace {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        match self.0.remove::<D>(param.id) {
            Some(grad) => param.map(|_| grad),
            None => param,
        }
    }
}

#[track_caller]
fn close(what: &str, ours: &[f32], theirs: &[f32], tolerance: f32) {
    assert_eq!(ours.len(), theirs.len(), "{what}");
    let error = ours.iter().zip(theirs).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(error <= tolerance, "{what}: {error} off");
}

fn picture(batch: usize, side: usize, device: &Device) -> Tensor<4> {
    let shape = [batch, 3, side, side];
    Tensor::from_data(TensorData::new(filled("picture", &shape), shape), device)
}

/// Everything the script wrote about one network; returns how many tensors were compared.
fn equal_to_torchvision(prefix: &str, width: usize, batch: usize, side: usize) -> usize {
    let mut reference = reference();
    let mut take = |name: &str| reference.remove(&format!("{prefix}.{name}")).unwrap();
    let cpu = Device::flex();
    let model = network(width);
    let eval = model
        .forward(picture(batch, side, &cpu))
        .try_into_vec_as::<f32>()
        .unwrap();
    close("evaluation", &eval, &take("eval"), TOLERANCE);

    let device = cpu.autodiff();
    let model = model.train();
    let y = Tensor::<2>::from_data(TensorData::new(filled("target", &[batch, 2]), [batch, 2]), &device);
    let predicted = model.forward(picture(batch, side, &device));
    let outputs = predicted.clone().without_autodiff().try_into_vec_as::<f32>().unwrap();
    close("training", &outputs, &take("train"), TOLERANCE);
    let loss = (predicted - y).square().mean();
    let value = loss.clone().without_autodiff().try_into_vec_as::<f32>().unwrap();
    close("loss", &value, &take("loss"), TOLERANCE);
    let grads = GradientsParams::from_grads(loss.backward(), &model);
    let after = named(&model.valid());
    let grads = named(&model.valid().map(&mut Replace(grads)));

    let mut compared = 0;
    for (name, theirs) in reference
        .iter()
        .filter_map(|(name, values)| Some((name.strip_prefix(prefix)?, values)))
    {
        compared += 1;
        if let Some(name) = name.strip_prefix(".after.") {
            close(name, &after[name], theirs, TOLERANCE);
        } else if let Some(name) = name.strip_prefix(".grad.") {
            close(name, &grads[name], theirs, TOLERANCE);
        } else if let Some(name) = name.strip_prefix(".sums.") {
            let grad = &grads[name];
            let sum: f64 = grad.iter().map(|&g| f64::from(g)).sum();
            let squares: f64 = grad.iter().map(|&g| f64::from(g).powi(2)).sum();
            // The sum of n numbers that are each 1e-4 off at random is √n times as far off.
            let of_sum = TOLERANCE * (grad.len() as f32).sqrt();
            close(name, &[sum as f32], &theirs[..1], of_sum);
            close(name, &[squares as f32], &theirs[1..], TOLERANCE * theirs[1].max(1.0));
        }
    }
    compared
}

#[test]
fn the_full_network_is_torchvisions() {
    // Sums of 62 parameters, three gradients, one running variance.
    assert_eq!(equal_to_torchvision("full", 64, 2, 96), 66);
}

#[test]
fn every_gradient_and_running_statistic_is_torchvisions() {
    assert_eq!(equal_to_torchvision("narrow", 2, 3, 64), 2 * 62 + 40);
}

fn narrow() -> ResNet18 {
    ResNet18Config::new()
        .with_outputs(Some(5))
        .with_width(1)
        .init(&Device::flex())
}

#[test]
fn pytorch_checkpoints_load_with_the_head_replaced() {
    let expected = named(&network(1));
    let model = narrow();
    let head = named(&model)["fc.weight"].clone();
    // `nested` has the weights below `model` and `module.`.
    for kind in ["zip", "legacy", "nested"] {
        let file = Checkpoint::open(&fixture(&format!("resnet18_narrow.{kind}.pth"))).unwrap();
        let loaded = named(&file.load_into(&model, &["fc."]).unwrap());
        assert_eq!(loaded["fc.weight"], head, "{kind}");
        for (name, values) in expected.iter().filter(|(name, _)| !name.starts_with("fc.")) {
            assert_eq!(&loaded[name], values, "{kind}: {name}");
        }
    }
    // With a head that fits, all of it; and from safetensors.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("weights.safetensors");
    let mut store = SafetensorsStore::from_file(&path)
        .with_to_adapter(BurnToPyTorchAdapter)
        .skip_enum_variants(true);
    network(1).save_into(&mut store).unwrap();
    let whole = ResNet18Config::new()
        .with_outputs(Some(2))
        .with_width(1)
        .init(&Device::flex());
    let loaded = Checkpoint::open(&path).unwrap().load_into(&whole, &[]).unwrap();
    assert_eq!(named(&loaded), expected);
}

/// Shapes and numbers by name.
type State = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// A safetensors file of the narrow network, changed.
fn changed(folder: &Path, change: impl FnOnce(&mut State)) -> PathBuf {
    let mut state: State = tensors(&network(1))
        .iter()
        .map(|t| (t.name.clone(), (t.shape.to_vec(), value(&t.name, &t.shape.to_vec()))))
        .collect();
    change(&mut state);
    let mut header = serde_json::Map::new();
    let mut bytes = Vec::new();
    for (name, (shape, values)) in state {
        let start = bytes.len();
        bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let entry = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [start, bytes.len()]});
        header.insert(name, entry);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let path = folder.join("changed.safetensors");
    let mut file = std::fs::File::create(&path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    file.write_all(&bytes).unwrap();
    path
}

fn refused(path: &Path) -> String {
    let result = Checkpoint::open(path).and_then(|file| file.load_into(&narrow(), &["fc."]));
    let error = result.err().map(|error| error.to_string());
    error.unwrap_or_else(|| format!("{path:?} was taken"))
}

#[track_caller]
fn says(text: &str, words: &[&str]) {
    for word in words {
        assert!(text.contains(word), "{word:?} is not in: {text}");
    }
}

#[test]
fn tensors_that_do_not_fit_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let with = |change: fn(&mut State)| refused(&changed(folder.path(), change));
    let missing = with(|state| drop(state.remove("layer3.1.conv2.weight")));
    says(
        &missing,
        &["layer3.1.conv2.weight is missing", "expected shape [4, 4, 3, 3]"],
    );
    let shape = with(|state| drop(state.insert("bn1.weight".into(), (vec![2], vec![1.0, 1.0]))));
    says(&shape, &["bn1.weight has shape [2]", "expected [1]"]);
    let extra = with(|state| drop(state.insert("layer1.0.conv3.weight".into(), (vec![1], vec![1.0]))));
    says(&extra, &["layer1.0.conv3.weight has no place in the model"]);
    let nan = with(|state| state.get_mut("layer2.0.bn1.running_mean").unwrap().1[1] = f32::NAN);
    says(&nan, &["layer2.0.bn1.running_mean", "not finite"]);
    // Another architecture: a few of its names, and how many more there are.
    let other = with(|state| {
        let renamed = std::mem::take(state).into_iter();
        *state = renamed
            .map(|(name, tensor)| (name.replace("layer", "stage"), tensor))
            .collect();
    });
    says(&other, &["layer1.0.bn1.bias is missing", " more"]);
}

#[test]
fn files_that_are_cut_short_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cut");
    let sound = changed(folder.path(), |_| {});
    for source in [
        sound,
        fixture("resnet18_narrow.zip.pth"),
        fixture("resnet18_narrow.legacy.pth"),
    ] {
        let bytes = std::fs::read(&source).unwrap();
        for length in [0, 7, 100, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..length]).unwrap();
            says(&refused(&path), &["expected"]);
        }
    }
    says(
        &refused(&folder.path().join("absent.pth")),
        &["absent.pth", "cannot be read"],
    );
}

#[test]
fn a_pickle_that_asks_for_code_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("evil.pth");
    let trace = folder.path().join("trace");
    // {"conv1.weight": os.system("touch …")}, as `__reduce__` writes it, in protocol 2.
    let mut pickle = b"\x80\x02}U\x0cconv1.weightcos\nsystem\nX".to_vec();
    let command = format!("touch {}", trace.display());
    pickle.extend((command.len() as u32).to_le_bytes());
    pickle.extend(command.as_bytes());
    pickle.extend(b"\x85Rs.");
    std::fs::write(&path, &pickle).unwrap();
    let error = Checkpoint::open(&path).err().unwrap();
    assert!(matches!(error, CheckpointError::Code { .. }), "{error}");
    says(&error.to_string(), &["conv1.weight", "os.system", "expected tensors"]);
    assert!(!trace.exists());
}
