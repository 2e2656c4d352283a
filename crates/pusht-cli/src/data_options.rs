//! Options for reading a dataset, of every command that reads one.

use std::path::Path;

use anyhow::{Result, ensure};
use clap::Args;
use pusht_data::{DataError, Source, SourceOptions, open_with};

use crate::arguments::finite;

/// How a dataset is read, where it leaves a choice.
#[derive(Args)]
pub(crate) struct DataOptions {
    /// LeRobot sets with several cameras: the one that shows the board, with or without `observation.images.`
    #[arg(long, value_name = "NAME")]
    camera: Option<String>,
    /// LeRobot sets: largest distance in time between a row and its frame, below 0.1 [default: 0.0001, as LeRobot]
    #[arg(long, value_name = "SECONDS", value_parser = finite, allow_negative_numbers = true)]
    tolerance: Option<f64>,
}

impl DataOptions {
    /// The options for the library.
    pub(crate) fn source(&self) -> SourceOptions {
        let default = SourceOptions::default();
        SourceOptions {
            camera: self.camera.clone(),
            tolerance: self.tolerance.unwrap_or(default.tolerance),
        }
    }

    /// Opens a dataset.
    pub(crate) fn open(&self, path: &Path) -> Result<Source, DataError> {
        open_with(path, &self.source())
    }

    /// Refuses the options where there is no dataset.
    pub(crate) fn need(&self, data: bool) -> Result<()> {
        let given = [
            ("--camera", self.camera.is_some()),
            ("--tolerance", self.tolerance.is_some()),
        ];
        for (option, given) in given {
            ensure!(data || !given, "{option} is for the dataset of --data; leave it out");
        }
        Ok(())
    }
}
