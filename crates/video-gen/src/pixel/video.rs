//! A pixel world and the path network of its clips.

use std::path::Path;

use burn::tensor::Device;
use pixel_world::{PixelWorld, PixelWorldError};
use pusht_data::{VideoClip, VideoModel, VideoModelError, VideoRequest};
use pusht_env::Frame;
use pusht_jobs::{Hasher, write_json};

use crate::planned::{PathFlow, PlanSettings, PlannedClip, PlannedVideo};
use object_latent::VideoGenError;

/// File of the path network.
const PATHS: &str = "paths.safetensors";
/// File of the settings of the search.
const PLAN: &str = "plan.json";

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
    /// The settings of the search cannot be read.
    #[error(
        "{path:?}: {reason}; expected the settings of the search for paths as training writes them (without the file: the defaults)"
    )]
    Plan {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// The training loop failed or was stopped.
    #[error(transparent)]
    Training(#[from] training::TrainingError),
    /// A folder or file that cannot be written or read.
    #[error("{path:?}: {source}")]
    Io {
        /// Its path.
        path: std::path::PathBuf,
        /// Error of the operating system.
        source: std::io::Error,
    },
}

impl PixelVideoError {
    /// For `map_err`.
    fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        |source| Self::Io {
            path: path.to_path_buf(),
            source,
        }
    }
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

    /// The base model that comes with this crate: the base world ([`PixelWorld::base`]), trained on random play in the
    /// simulator, along base paths ([`PathFlow::base`]), learned from the expert in the simulator.
    ///
    /// # Errors
    /// Does not fail.
    pub fn base(device: &Device) -> Result<Self, PixelVideoError> {
        Self::new(
            PixelWorld::base(device)?,
            PathFlow::base(device)?,
            PlanSettings::default(),
        )
    }

    /// SHA-256 of the base model's files.
    pub(crate) fn base_sha256() -> String {
        let mut hasher = Hasher::new();
        hasher.bytes(PixelWorld::base_sha256()).bytes(PathFlow::base_sha256());
        hasher.finish()
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

    /// Writes both and the settings of the search to a folder.
    ///
    /// # Errors
    /// A folder or file that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), PixelVideoError> {
        std::fs::create_dir_all(folder).map_err(PixelVideoError::io(folder))?;
        self.world().save(&folder.join(Self::WORLD_FILE))?;
        self.planned.paths().save(&folder.join(PATHS))?;
        let plan = folder.join(PLAN);
        write_json(&plan, self.planned.settings()).map_err(PixelVideoError::io(&plan))
    }

    /// Loads a folder from [`PixelVideo::save`]; one without settings of the search, of an earlier version, has the
    /// defaults.
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
        Self::new(world, paths, plan_settings(folder)?)
    }

    /// Whether a folder looks like a pixel model, of this or an earlier version.
    pub(crate) fn is_at(folder: &Path) -> bool {
        folder.join(Self::WORLD_FILE).exists() || folder.join(Self::FORMER_FILE).exists()
    }

    /// The files of a folder, for hashes.
    pub(crate) fn files(folder: &Path) -> Vec<std::path::PathBuf> {
        let mut files = vec![folder.join(Self::WORLD_FILE), folder.join(PATHS)];
        files.extend(Some(folder.join(PLAN)).filter(|plan| plan.exists()));
        files
    }

    /// Plans clips and says how near they came to their ends.
    ///
    /// # Errors
    /// Those of [`VideoModel::generate`].
    pub fn plan(&self, requests: &[VideoRequest]) -> Result<Vec<PlannedClip>, VideoModelError> {
        self.planned.plan(requests)
    }
}

/// The settings of the search in a folder.
fn plan_settings(folder: &Path) -> Result<PlanSettings, PixelVideoError> {
    let path = folder.join(PLAN);
    let text = match pusht_jobs::read_file(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(PlanSettings::default()),
        Err(error) => return Err(PixelVideoError::io(&path)(error)),
    };
    let refuse = |reason: String| PixelVideoError::Plan {
        path: path.clone(),
        reason,
    };
    let settings: PlanSettings = serde_json::from_slice(&text).map_err(|error| refuse(error.to_string()))?;
    settings.check().map_err(|error| refuse(error.to_string()))?;
    Ok(settings)
}

impl VideoModel for PixelVideo {
    fn name(&self) -> String {
        "pixel world model along planned paths".to_owned()
    }

    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        self.planned.generate(requests)
    }

    fn generate_clips(&self, requests: &[VideoRequest]) -> Result<Vec<VideoClip>, VideoModelError> {
        self.planned.generate_clips(requests)
    }
}
