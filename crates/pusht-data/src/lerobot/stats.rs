//! `meta/stats.json`: the statistics by which LeRobot normalizes.

use serde_json::{Value, json};

/// Running minimum, maximum, mean and population standard deviation of a vector.
pub(super) struct Vectors {
    low: Vec<f64>,
    high: Vec<f64>,
    /// Running mean and sum of squared deviations (Welford 1962), which avoids cancellation.
    mean: Vec<f64>,
    squares: Vec<f64>,
    count: u64,
}

impl Vectors {
    pub(super) fn new(length: usize) -> Self {
        Self {
            low: vec![f64::INFINITY; length],
            high: vec![f64::NEG_INFINITY; length],
            mean: vec![0.0; length],
            squares: vec![0.0; length],
            count: 0,
        }
    }

    pub(super) fn push(&mut self, row: &[f32]) {
        self.count += 1;
        for (i, &x) in row.iter().enumerate() {
            let x = f64::from(x);
            self.low[i] = self.low[i].min(x);
            self.high[i] = self.high[i].max(x);
            let off = x - self.mean[i];
            self.mean[i] += off / self.count as f64;
            self.squares[i] += off * (x - self.mean[i]);
        }
    }

    pub(super) fn json(&self) -> Value {
        let std: Vec<f64> = self.squares.iter().map(|s| (s / self.count as f64).sqrt()).collect();
        json!({"min": self.low, "max": self.high, "mean": self.mean, "std": std, "count": [self.count]})
    }
}

/// The same statistics of the pixels of images, per channel, in [0, 1]; exact, by counting values.
pub(super) struct Pixels {
    counts: Box<[[u64; 256]; 3]>,
    frames: u64,
}

impl Pixels {
    pub(super) fn new() -> Self {
        Self {
            counts: Box::new([[0; 256]; 3]),
            frames: 0,
        }
    }

    pub(super) fn push(&mut self, rgb: &[u8]) {
        self.frames += 1;
        for pixel in rgb.chunks_exact(3) {
            for (counts, &value) in self.counts.iter_mut().zip(pixel) {
                counts[usize::from(value)] += 1;
            }
        }
    }

    pub(super) fn json(&self) -> Value {
        let channel = |counts: &[u64; 256]| {
            let total = counts.iter().sum::<u64>() as f64;
            let values = || counts.iter().enumerate().map(|(v, &n)| (v as f64 / 255.0, n as f64));
            let mean = values().map(|(v, n)| v * n).sum::<f64>() / total;
            let variance = values().map(|(v, n)| (v - mean).powi(2) * n).sum::<f64>() / total;
            let seen = || values().filter(|&(_, n)| n > 0.0).map(|(v, _)| v);
            let low = seen().next().unwrap_or(0.0);
            let high = seen().next_back().unwrap_or(0.0);
            [low, high, mean, variance.sqrt()]
        };
        let channels: Vec<[f64; 4]> = self.counts.iter().map(channel).collect();
        let column = |i: usize| channels.iter().map(|c| json!([[c[i]]])).collect::<Vec<Value>>();
        json!({"min": column(0), "max": column(1), "mean": column(2), "std": column(3), "count": [self.frames]})
    }
}
