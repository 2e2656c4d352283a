//! Flattened arrays from an `.npz` file, for the tests.
#![allow(clippy::unwrap_used, clippy::panic, dead_code)]

use std::path::Path;

pub struct Npz(npyz::npz::NpzArchive<std::io::BufReader<std::fs::File>>);

impl Npz {
    pub fn open(folder: &Path, name: &str) -> Self {
        Self(npyz::npz::NpzArchive::open(folder.join(name)).unwrap())
    }

    /// A u8 array.
    pub fn bytes(&mut self, key: &str) -> Vec<u8> {
        self.0.by_name(key).unwrap().unwrap().into_vec().unwrap()
    }

    /// A float or integer array as f64.
    pub fn numbers(&mut self, key: &str) -> Vec<f64> {
        let array = self.0.by_name(key).unwrap().unwrap();
        match array.dtype().descr().as_str() {
            "'<f8'" => array.into_vec().unwrap(),
            "'<f4'" => array.into_vec::<f32>().unwrap().into_iter().map(f64::from).collect(),
            "'<i8'" => array.into_vec::<i64>().unwrap().into_iter().map(|x| x as f64).collect(),
            other => panic!("{key} has the type {other}"),
        }
    }
}

/// Number of pixels that differ.
pub fn differing(a: &[u8], b: &[u8]) -> usize {
    assert_eq!(a.len(), b.len());
    a.chunks(3).zip(b.chunks(3)).filter(|(a, b)| a != b).count()
}
