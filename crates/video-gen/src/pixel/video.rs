//! A pixel world and the path network of its clips.

use std::path::Path;

use burn::tensor::Device;
use pixel_world::{PixelWorld, PixelWorldError};
use pusht_data::{VideoModel, VideoModelError, VideoRequest};
use pusht_env::Frame;

use crate::planned::{PathFlow, PlanSettings, PlannedClip, PlannedVideo};
use object_latent::VideoGenError;

/// File of the path network.
const PATHS: &str = "paths.safetensors";

/// Errors of [`PixelVideo`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PixelVideoError {
    /// A folder of the pixel model that earlier versions trained.
    #[error(
        "{path:?} is the pixel model of an earlier version (a transformer over whole clips), which this version no longer has; train a new one: `pusht train video --model pixel`"
    )]
    Former {
        /// The folder.
        path: std::path::PathBuf,
    },
    /// The world model.
    #[error(transparent)]
    World(#[from] PixelWorldError),
    /// The path network.
    #[error(transparent)]
    Paths(#[from] VideoGenError),
    /// The training loop failed or was stopped.
    #[error(transparent)]
    Training(#[from] training::TrainingError),
    /// A folder that cannot be made.
    #[error("{path:?}: {source}")]
    Io {
        /// The folder.
        path: std::path::PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
}

/// The pixel world model along planned paths: every frame between the given ones is the world model's own.
pub struct PixelVideo {
    planned: PlannedVideo<PixelWorld>,
}

impl PixelVideo {
    /// File of the world in a folder of [`PixelVideo::save`].
    pub const WORLD_FILE: &str = "world.safetensors";
    /// File that only the pixel model of earlier versions has in its folder.
    pub const FORMER_FILE: &str = "model.safetensors.index.json";

    /// Combines a world and a path network.
    ///
    /// # Errors
    /// An invalid setting.
    pub fn new(world: PixelWorld, paths: PathFlow, settings: PlanSettings) -> Result<Self, PixelVideoError> {
        Ok(Self {
            planned: PlannedVideo::new(world, paths, settings)?,
        })
    }

    /// The world model.
    pub fn world(&self) -> &PixelWorld {
        self.planned.world()
    }

    /// The planner over it, which tells more about a clip than [`VideoModel::generate`].
    pub fn planned(&self) -> &PlannedVideo<PixelWorld> {
        &self.planned
    }

    /// Number of weights.
    pub fn parameters(&self) -> usize {
        self.world().parameters() + self.planned.paths().parameters()
    }

    /// Writes both to a folder.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), PixelVideoError> {
        std::fs::create_dir_all(folder).map_err(|source| PixelVideoError::Io {
            path: folder.to_path_buf(),
            source,
        })?;
        self.world().save(&folder.join(Self::WORLD_FILE))?;
        Ok(self.planned.paths().save(&folder.join(PATHS))?)
    }

    /// Loads a folder from [`PixelVideo::save`].
    ///
    /// # Errors
    /// A folder of an earlier version, files that are missing, damaged or of another kind.
    pub fn load(folder: &Path, device: &Device) -> Result<Self, PixelVideoError> {
        if folder.join(Self::FORMER_FILE).exists() {
            return Err(PixelVideoError::Former {
                path: folder.to_path_buf(),
            });
        }
        let world = PixelWorld::load(&folder.join(Self::WORLD_FILE), device)?;
        let paths = PathFlow::load(&folder.join(PATHS), device)?;
        Self::new(world, paths, PlanSettings::default())
    }

    /// Whether a folder looks like a pixel model, of this or an earlier version.
    pub(crate) fn is_at(folder: &Path) -> bool {
        folder.join(Self::WORLD_FILE).exists() || folder.join(Self::FORMER_FILE).exists()
    }

    /// The two files of a folder, for hashes.
    pub(crate) fn files(folder: &Path) -> [std::path::PathBuf; 2] {
        [folder.join(Self::WORLD_FILE), folder.join(PATHS)]
    }

    /// Plans clips and says how near they came to their ends.
    ///
    /// # Errors
    /// Those of [`VideoModel::generate`].
    pub fn plan(&self, requests: &[VideoRequest]) -> Result<Vec<PlannedClip>, VideoModelError> {
        self.planned.plan(requests)
    }
}

impl VideoModel for PixelVideo {
    fn name(&self) -> String {
        "pixel world model along planned paths".to_owned()
    }

    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        self.planned.generate(requests)
    }
}
