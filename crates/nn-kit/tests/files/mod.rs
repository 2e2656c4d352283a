//! Files for the tests, written byte by byte: PyTorch archives and safetensors with metadata.

#![allow(dead_code, clippy::unwrap_used)]

use std::io::Write;
use std::path::Path;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// A value of a pickle.
#[derive(Clone, Debug)]
pub enum Value {
    Int(i32),
    Dict(Vec<(String, Value)>),
    List(Vec<Value>),
    /// f32 values in one dimension less than the shape's first; the numbers count up from the first.
    Tensor {
        shape: Vec<usize>,
        first: f32,
    },
    /// One number in the file, seen as a tensor of this shape.
    Repeated(Vec<usize>),
    /// An object of a class: module and name.
    Object(&'static str, &'static str),
    /// An object of the class `__main__.Net` with these attributes, as `torch.save(object)` writes it.
    Instance(Vec<(String, Value)>),
}

pub fn dict(items: impl IntoIterator<Item = (impl Into<String>, Value)>) -> Value {
    Value::Dict(items.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

pub fn tensor(shape: &[usize], first: f32) -> Value {
    Value::Tensor {
        shape: shape.to_vec(),
        first,
    }
}

#[derive(Default)]
struct Pickler {
    bytes: Vec<u8>,
    storages: Vec<Vec<u8>>,
}

impl Pickler {
    fn text(&mut self, text: &str) {
        self.bytes.push(b'X');
        self.bytes.extend((text.len() as u32).to_le_bytes());
        self.bytes.extend(text.as_bytes());
    }

    fn int(&mut self, number: i32) {
        self.bytes.push(b'J');
        self.bytes.extend(number.to_le_bytes());
    }

    fn ints(&mut self, numbers: &[usize]) {
        self.bytes.push(b'(');
        numbers.iter().for_each(|number| self.int(*number as i32));
        self.bytes.push(b't');
    }

    fn tensor(&mut self, values: &[f32], shape: &[usize], stride: &[usize]) {
        self.bytes.extend(b"ctorch._utils\n_rebuild_tensor_v2\n((");
        self.text("storage");
        self.bytes.extend(b"ctorch\nFloatStorage\n");
        self.text(&self.storages.len().to_string());
        self.text("cpu");
        self.int(values.len() as i32);
        self.bytes.extend(b"tQ");
        self.int(0);
        self.ints(shape);
        self.ints(stride);
        self.bytes.extend(b"\x89ccollections\nOrderedDict\n)RtR");
        self.storages
            .push(values.iter().flat_map(|value| value.to_le_bytes()).collect());
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Int(number) => self.int(*number),
            Value::Dict(items) => {
                self.bytes.extend(b"}(");
                for (key, value) in items {
                    self.text(key);
                    self.value(value);
                }
                self.bytes.push(b'u');
            }
            Value::List(items) => {
                self.bytes.extend(b"](");
                items.iter().for_each(|item| self.value(item));
                self.bytes.push(b'e');
            }
            Value::Tensor { shape, first } => {
                let count: usize = shape.iter().product();
                let values: Vec<f32> = (0..count).map(|i| first + i as f32).collect();
                let stride = |at: usize| shape[at + 1..].iter().product();
                let strides: Vec<usize> = (0..shape.len()).map(stride).collect();
                self.tensor(&values, shape, &strides);
            }
            Value::Repeated(shape) => self.tensor(&[1.0], shape, &vec![0; shape.len()]),
            Value::Object(module, name) => {
                self.bytes.extend(format!("c{module}\n{name}\n)R").bytes());
            }
            Value::Instance(attributes) => {
                self.bytes.extend(b"c__main__\nNet\n)\x81");
                self.value(&Value::Dict(attributes.clone()));
                self.bytes.push(b'b');
            }
        }
    }
}

/// Writes what `torch.save` writes.
pub fn write_pickle(path: &Path, value: &Value) {
    let mut pickler = Pickler::default();
    pickler.bytes.extend(b"\x80\x02");
    pickler.value(value);
    pickler.bytes.push(b'.');
    let storages = pickler.storages.iter().enumerate();
    let storages = storages.map(|(i, bytes)| (format!("archive/data/{i}"), bytes.clone()));
    let entries = std::iter::once(("archive/data.pkl".to_string(), pickler.bytes)).chain(storages);
    write_zip(path, CompressionMethod::Stored, entries);
}

pub fn write_zip(path: &Path, method: CompressionMethod, entries: impl IntoIterator<Item = (String, Vec<u8>)>) {
    let mut archive = ZipWriter::new(std::fs::File::create(path).unwrap());
    let options = SimpleFileOptions::default().compression_method(method);
    for (name, bytes) in entries {
        archive.start_file(name, options).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap();
}

/// Writes f32 tensors of these shapes and values, with metadata in the header.
pub fn write_safetensors(path: &Path, metadata: &[(&str, &str)], tensors: &[(String, Vec<usize>, Vec<f32>)]) {
    let mut header = serde_json::Map::new();
    let metadata = metadata
        .iter()
        .map(|(key, value)| ((*key).to_string(), (*value).into()));
    header.insert("__metadata__".into(), serde_json::Value::Object(metadata.collect()));
    let mut data: Vec<u8> = Vec::new();
    for (name, shape, values) in tensors {
        let start = data.len();
        data.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        let place = serde_json::json!({"dtype": "F32", "shape": shape, "data_offsets": [start, data.len()]});
        header.insert(name.clone(), place);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
    bytes.extend(header);
    bytes.extend(data);
    std::fs::write(path, bytes).unwrap();
}
