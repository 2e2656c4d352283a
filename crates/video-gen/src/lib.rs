//! Video models for PushT behind one trait; the object-latent diffusion transformer.
