//! Cosmos-Predict1 as a video model.

use std::path::Path;

use burn::tensor::Tensor;
use cosmos_predict::EndFrame;
use nn_kit::normal;
use pusht_data::{VideoModel, VideoModelError, VideoRequest};
use pusht_env::Frame;
use rand::SeedableRng;
use rand_pcg::Pcg64;

use crate::FrameSize;
use crate::pictures::{frames, picture};

/// Cosmos-Predict1 as a video model: a video2world pipeline, conditioned on a start frame and optionally an end frame.
#[derive(Debug)]
pub struct CosmosVideo {
    pipeline: cosmos_predict::Pipeline,
    prompts: cosmos_predict::Prompts,
    size: FrameSize,
    sampling: cosmos_predict::Sampling,
    end: EndFrame,
}

impl CosmosVideo {
    /// Creates the model. Frames are sampled at `size`, and resized to that of the request's start frame.
    ///
    /// # Errors
    /// A text2world model, a size that the model does not support, or invalid sampling settings.
    pub fn new(
        pipeline: cosmos_predict::Pipeline,
        prompts: cosmos_predict::Prompts,
        size: FrameSize,
        sampling: cosmos_predict::Sampling,
        end: EndFrame,
    ) -> Result<Self, cosmos_predict::Error> {
        if pipeline.transformer().config().variant() == cosmos_predict::Variant::Text2World {
            return Err(cosmos_predict::Error::Variant {
                found: "clips are to begin with a start frame",
                expected: "this is a text2world model; take a video2world one",
            });
        }
        sampling.check()?;
        pipeline.levels().schedule(sampling.steps)?;
        let FrameSize { width, height } = size;
        let [t, h, w] = pipeline.autoencoder().config().latent_size(1, height, width)?;
        let patch = pipeline.transformer().config().patch_size;
        pipeline
            .transformer()
            .config()
            .tokens(t.next_multiple_of(patch[0]), h, w)?;
        Ok(Self {
            pipeline,
            prompts,
            size,
            sampling,
            end,
        })
    }

    /// Adds the adapters of a file ([`cosmos_predict::Pipeline::with_adapters`]).
    ///
    /// # Errors
    /// Those of [`cosmos_predict::Pipeline::with_adapters`].
    pub fn with_adapters(mut self, path: &Path) -> Result<Self, cosmos_predict::Error> {
        self.pipeline = self.pipeline.with_adapters(path)?;
        Ok(self)
    }

    /// The prompt of a request.
    fn prompt(&self, request: &VideoRequest) -> Result<cosmos_predict::Prompt, String> {
        let asked = request.prompt.as_deref().unwrap_or(self.prompts.first());
        if asked.trim().is_empty() {
            return Err(t5_encoder::Error::Empty.to_string());
        }
        let found = self.prompts.get(asked);
        found.ok_or_else(|| format!("its prompt {asked:?} was not encoded; expected one of those given"))
    }

    /// The latent size of a request, if the model supports it.
    fn latent_size(&self, request: &VideoRequest) -> Result<[usize; 3], cosmos_predict::Error> {
        let FrameSize { width, height } = self.size;
        let size = self
            .pipeline
            .autoencoder()
            .config()
            .latent_size(request.frames, height, width)?;
        self.pipeline.transformer().config().tokens(size[0], size[1], size[2])?;
        if request.end.is_some() && size[0] < 2 {
            return Err(cosmos_predict::Error::Size {
                what: "frames with a prescribed end".to_string(),
                found: request.frames,
                expected: "two latent frames at least (9 frames)".to_string(),
            });
        }
        for frame in std::iter::once(&request.start).chain(&request.end) {
            if frame.width() == 0 || frame.height() == 0 {
                return Err(cosmos_predict::Error::Size {
                    what: "pixels of a frame".to_string(),
                    found: 0,
                    expected: "at least one".to_string(),
                });
            }
        }
        Ok(size)
    }

    fn clip(
        &self,
        request: &VideoRequest,
        size: [usize; 3],
        prompt: &cosmos_predict::Prompt,
    ) -> Result<Vec<Frame>, cosmos_predict::Error> {
        let device = self.pipeline.device();
        let seen = |frame: &Frame| picture(frame, self.size, device);
        let condition = cosmos_predict::Condition::ends(
            self.pipeline.autoencoder(),
            seen(&request.start),
            request.end.as_ref().map(|end| (seen(end), self.end)),
            request.frames,
            self.pipeline.levels().sigma_data,
        )?;
        let mut rng = Pcg64::seed_from_u64(request.seed);
        let mut draw = |shape: [usize; 5]| {
            let numbers = normal(shape.iter().product(), &mut rng);
            Tensor::<1>::from_floats(numbers.as_slice(), device).reshape(shape)
        };
        let latents = self
            .pipeline
            .sample(size, prompt, Some(&condition), &self.sampling, &mut draw, &mut |_| {})?;
        let clip = self.pipeline.decode(latents)?;
        Ok(frames(clip, FrameSize::from(&request.start)))
    }
}

impl VideoModel for CosmosVideo {
    fn name(&self) -> String {
        "cosmos-predict1".to_string()
    }

    /// Generates clips of 8k + 1 frames. All requests are checked before the first is sampled; start and end frames are
    /// returned as generated by the model.
    fn generate(&self, requests: &[VideoRequest]) -> Result<Vec<Vec<Frame>>, VideoModelError> {
        let refused = |index: usize, reason: String| VideoModelError::Request { request: index, reason };
        let look = |(index, request): (usize, &VideoRequest)| {
            let size = self
                .latent_size(request)
                .map_err(|error| refused(index, error.to_string()))?;
            let prompt = self.prompt(request).map_err(|reason| refused(index, reason))?;
            Ok((size, prompt))
        };
        let looked: Vec<_> = requests
            .iter()
            .enumerate()
            .map(look)
            .collect::<Result<_, VideoModelError>>()?;
        let one = |(request, (size, prompt)): (&VideoRequest, ([usize; 3], cosmos_predict::Prompt))| {
            self.clip(request, size, &prompt)
                .map_err(|error| VideoModelError::Failed {
                    model: self.name(),
                    reason: error.to_string(),
                })
        };
        requests.iter().zip(looked).map(one).collect()
    }
}
