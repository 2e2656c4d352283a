//! Reads arrays from numpy's `.npz` files.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use npyz::npz::NpzArchive;
use npyz::{Deserialize, Order};

use crate::ParityError;

/// An open `.npz` file.
pub(crate) struct Npz {
    path: PathBuf,
    archive: NpzArchive<BufReader<File>>,
}

/// An array in C order.
pub(crate) struct Array<T> {
    pub data: Vec<T>,
    pub shape: Vec<usize>,
}

impl<T> Array<T> {
    /// Entries at one index of the first axis.
    pub fn row(&self, index: usize) -> &[T] {
        let size = self.shape[1..].iter().product::<usize>();
        &self.data[index * size..(index + 1) * size]
    }

    /// Entries at one index each of the first two axes.
    pub fn at(&self, i: usize, j: usize) -> &[T] {
        let size = self.shape[2..].iter().product::<usize>();
        &self.row(i)[j * size..(j + 1) * size]
    }

    /// Length of the first axis.
    pub fn len(&self) -> usize {
        self.shape[0]
    }
}

impl Npz {
    pub fn open(path: &Path) -> Result<Self, ParityError> {
        let archive = NpzArchive::open(path).map_err(|e| ParityError::unreadable(path, &e))?;
        Ok(Self {
            path: path.to_owned(),
            archive,
        })
    }

    /// Names of the arrays.
    pub fn names(&self) -> Vec<String> {
        self.archive.array_names().map(str::to_owned).collect()
    }

    /// Reads an array whose shape must match; `None` in `shape` matches any length.
    pub fn array<T: Deserialize>(&mut self, name: &str, shape: &[Option<usize>]) -> Result<Array<T>, ParityError> {
        let problem = |what: String| ParityError::Array {
            path: self.path.clone(),
            name: name.to_owned(),
            what,
        };
        let file = self.archive.by_name(name).map_err(|e| problem(e.to_string()))?;
        let file = file.ok_or_else(|| problem("is not in the file".to_owned()))?;
        let found: Vec<usize> = file.shape().iter().map(|&n| n as usize).collect();
        let fits = found.len() == shape.len() && found.iter().zip(shape).all(|(f, s)| s.is_none_or(|s| s == *f));
        if !fits {
            return Err(problem(format!(
                "has the shape {found:?}, expected {}",
                describe(shape)
            )));
        }
        if file.order() != Order::C {
            return Err(problem("is in Fortran order, expected C order".to_owned()));
        }
        let data = file.into_vec().map_err(|e| problem(e.to_string()))?;
        if data.len() != found.iter().product::<usize>() {
            return Err(problem("is truncated".to_owned()));
        }
        Ok(Array { data, shape: found })
    }
}

fn describe(shape: &[Option<usize>]) -> String {
    let axes: Vec<String> = shape
        .iter()
        .map(|n| n.map_or("*".to_owned(), |n| n.to_string()))
        .collect();
    format!("[{}]", axes.join(", "))
}
