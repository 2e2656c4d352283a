//! Options for reading a dataset, of every command that reads one.

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use clap::Args;
use hub_files::RepoKind;
use pusht_data::{Source, SourceOptions, open_with};
use pusht_jobs::JobContext;

use crate::arguments::finite;
use crate::hub;

/// How a dataset is read, where it leaves a choice.
#[derive(Args)]
pub struct DataOptions {
    /// LeRobot sets with several cameras: the one that shows the board, with or without `observation.images.`
    #[arg(long, value_name = "NAME")]
    camera: Option<String>,
    /// LeRobot sets: largest distance in time between a row and its frame, below 0.1 [default: 0.0001, as LeRobot]
    #[arg(long, value_name = "SECONDS", value_parser = finite, allow_negative_numbers = true)]
    tolerance: Option<f64>,
}

impl DataOptions {
    /// The options for the library.
    pub fn source(&self) -> SourceOptions {
        let default = SourceOptions::default();
        SourceOptions {
            camera: self.camera.clone(),
            tolerance: self.tolerance.unwrap_or(default.tolerance),
        }
    }

    /// The local path of the dataset of --data, which may be on the Hub.
    ///
    /// # Errors
    /// A failed download; a repository without a dataset.
    pub fn locate(&self, path: &Path, ctx: &mut JobContext) -> Result<PathBuf> {
        self.locate_of("--data", path, ctx)
    }

    fn locate_of(&self, option: &str, path: &Path, ctx: &mut JobContext) -> Result<PathBuf> {
        let layouts = hub::layouts::dataset(self.camera.as_deref());
        hub::locate(option, path, RepoKind::Dataset, &layouts, ctx)
    }

    /// As [`Self::locate`], where a dataset may be given.
    ///
    /// # Errors
    /// Those of [`Self::locate`].
    pub fn locate_given(&self, path: Option<&Path>, ctx: &mut JobContext) -> Result<Option<PathBuf>> {
        path.map(|path| self.locate(path, ctx)).transpose()
    }

    /// Opens the dataset of --data.
    ///
    /// # Errors
    /// Those of [`Self::locate`]; a dataset that cannot be read.
    pub fn open(&self, path: &Path, ctx: &mut JobContext) -> Result<Source> {
        self.open_of("--data", path, ctx)
    }

    /// Opens the dataset of another option, which is named in messages.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_of(&self, option: &str, path: &Path, ctx: &mut JobContext) -> Result<Source> {
        Ok(open_with(self.locate_of(option, path, ctx)?, &self.source())?)
    }

    /// As [`Self::open`], where a dataset may be given.
    ///
    /// # Errors
    /// Those of [`Self::open`].
    pub fn open_given(&self, path: Option<&Path>, ctx: &mut JobContext) -> Result<Option<Source>> {
        path.map(|path| self.open(path, ctx)).transpose()
    }

    /// Refuses the options where there is no dataset.
    ///
    /// # Errors
    /// The first option that is given without a dataset.
    pub fn need(&self, data: bool) -> Result<()> {
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
