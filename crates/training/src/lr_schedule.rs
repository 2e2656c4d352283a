//! Learning rate schedule: linear warm-up, cosine decay.
//! Its settings are in `config.rs`.

use crate::TrainConfig;

impl TrainConfig {
    /// The learning rate of update `step` (from 0) of `total`: linear up to the peak over the warm-up, then half a
    /// cosine down to `final_learning_rate_fraction` times the peak.
    pub fn learning_rate_at(&self, step: usize, total: usize) -> f64 {
        if step < self.warmup_steps {
            return self.learning_rate * (step + 1) as f64 / (self.warmup_steps + 1) as f64;
        }
        let span = total.saturating_sub(self.warmup_steps + 1).max(1) as f64;
        let done = ((step - self.warmup_steps) as f64 / span).min(1.0);
        let cosine = 0.5 * (1.0 + (std::f64::consts::PI * done).cos());
        self.learning_rate * (self.final_learning_rate_fraction + (1.0 - self.final_learning_rate_fraction) * cosine)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_warms_up_and_decays() {
        let config = TrainConfig {
            learning_rate: 1.0,
            final_learning_rate_fraction: 0.1,
            warmup_steps: 3,
            ..TrainConfig::default()
        };
        let rates: Vec<f64> = (0..10).map(|step| config.learning_rate_at(step, 10)).collect();
        assert_eq!(rates[..4], [0.25, 0.5, 0.75, 1.0]);
        assert!(rates[3..].windows(2).all(|pair| pair[1] < pair[0]));
        assert!((rates[9] - 0.1).abs() < 1e-12);
    }

    #[test]
    fn a_single_step_has_the_peak_rate() {
        assert_eq!(TrainConfig::default().learning_rate_at(0, 1), 1e-3);
    }
}
