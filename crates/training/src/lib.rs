//! Device choice, the training loop, checkpoints and resume, TensorBoard, progress.
