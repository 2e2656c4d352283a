//! Work on the samples of a batch: cut into chunks of a fixed number, with sums taken chunk by chunk in order, so that results
//! do not depend on the number of threads.

/// Samples of one task.
pub(crate) const CHUNK: usize = 8;

/// The sum of the sums of the chunks.
pub(crate) fn total(parts: &[Vec<f32>], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for part in parts {
        for (sum, x) in sums.iter_mut().zip(part) {
            *sum += x;
        }
    }
    sums
}
