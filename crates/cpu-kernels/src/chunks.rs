//! Batches processed in chunks of a fixed number of samples. Sums are added chunk by chunk in order, so results do not
//! depend on the number of threads.

/// Number of samples per task.
pub(crate) const CHUNK: usize = 8;

/// Adds up the sums of the chunks.
pub(crate) fn total(parts: &[Vec<f32>], width: usize) -> Vec<f32> {
    let mut sums = vec![0.0; width];
    for part in parts {
        for (sum, x) in sums.iter_mut().zip(part) {
            *sum += x;
        }
    }
    sums
}
