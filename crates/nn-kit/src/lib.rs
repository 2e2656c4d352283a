//! Building blocks that several models share: transformer blocks, time embeddings, flow matching.
