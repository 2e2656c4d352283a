//! Peak memory of loading a checkpoint. It has its own process, since the peak is measured per process.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use burn::tensor::{Device, FloatDType};
use ltx_video::{Config, Layout, Transformer, transformer_shapes};

/// Writes a checkpoint of zeros as a sparse file.
fn zeros(path: &Path, shapes: &BTreeMap<String, Vec<usize>>, dtype: &str, bytes: usize) -> usize {
    let mut header = serde_json::Map::new();
    let mut end = 0;
    for (name, shape) in shapes {
        let start = end;
        end += shape.iter().product::<usize>() * bytes;
        let place = serde_json::json!({ "dtype": dtype, "shape": shape, "data_offsets": [start, end] });
        header.insert(name.clone(), place);
    }
    let header = serde_json::Value::Object(header).to_string();
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len((8 + header.len() + end) as u64).unwrap();
    end
}

/// Reads a line of the process status on Linux, in bytes.
fn account(line: &str) -> Option<usize> {
    let text = std::fs::read_to_string("/proc/self/status").ok()?;
    let value = text.lines().find_map(|l| l.strip_prefix(line))?;
    Some(1024 * value.split_whitespace().nth(1)?.parse::<usize>().ok()?)
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "the peak is read from Linux's /proc/self/status")]
fn loading_takes_little_more_than_the_weights() {
    let config = Config {
        attention_head_dim: 16,
        cross_attention_dim: 512,
        num_layers: 10,
        ..Config::default()
    };
    let shapes = transformer_shapes(&config, Layout::Single).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let device = Device::flex();
    // The first model is kept, so that the second cannot reuse its memory.
    let mut kept = Vec::new();
    for (dtype, bytes, as_type) in [("BF16", 2, FloatDType::BF16), ("F32", 4, FloatDType::F32)] {
        let path = folder.path().join(format!("{dtype}.safetensors"));
        let weights = zeros(&path, &shapes, dtype, bytes);
        let before = account("VmRSS").unwrap();
        let model = Transformer::open(&path, as_type, &device).unwrap();
        let peak = account("VmHWM").unwrap() - before;
        let share = peak as f64 / weights as f64;
        println!("{dtype}: {weights} bytes of weights, {peak} at the peak: {share:.3}");
        assert!(share < 1.15, "{dtype}: {share}");
        assert_eq!(model.width(), 512);
        kept.push(model);
    }
}
