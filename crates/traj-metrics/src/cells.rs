//! Measures as text: one column of a table.

use crate::directness::Directness;
use crate::measures::SequenceMeasures;
use crate::summary::{MeanSd, Summary};

impl MeanSd {
    /// Formats as "10.12 ± 8.32".
    pub fn text(&self) -> String {
        format!("{:.2} ± {:.2}", self.mean, self.sd)
    }
}

impl Summary {
    /// Formats as "10.12 ± 8.32", or as "10.12" for a single value, which has no spread.
    pub fn text(&self) -> String {
        if self.count > 1 {
            let Self { mean, sd, .. } = *self;
            MeanSd { mean, sd }.text()
        } else {
            format!("{:.2}", self.mean)
        }
    }
}

impl SequenceMeasures {
    /// Every measure as a label with its unit and a text; the labels are the same for every set, so that columns can be
    /// placed side by side. "–" if a measure is not defined (nothing moves, or no window is long enough).
    pub fn cells(&self) -> [(&'static str, String); 10] {
        [
            ("velocity, px/step", self.velocity.text()),
            ("acceleration, px/step²", self.acceleration.text()),
            ("jerk, px/step³", self.jerk.text()),
            ("directness", directness(&self.directness)),
            (
                "directness, median",
                or_dash(self.directness.summary.map(|s| format!("{:.2}", s.median))),
            ),
            ("directness of 16 steps", directness(&self.directness_16)),
            ("directness of 32 steps", directness(&self.directness_32)),
            ("label variance of x, px²", format!("{:.1}", self.label_variance[0])),
            ("label variance of y, px²", format!("{:.1}", self.label_variance[1])),
            (
                "autocorrelation of velocity",
                or_dash(self.velocity_autocorrelation.map(|r| format!("{r:.3}"))),
            ),
        ]
    }
}

fn directness(directness: &Directness) -> String {
    or_dash(directness.summary.map(|summary| summary.text()))
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_no_spread() {
        assert_eq!(Summary::of(&[2.0]).unwrap().text(), "2.00");
        assert_eq!(Summary::of(&[2.0, 4.0]).unwrap().text(), "3.00 ± 1.00");
    }

    #[test]
    fn what_is_not_defined_is_a_dash() {
        let still = SequenceMeasures::of(&[[[1.0, 2.0]; 5]]).unwrap().cells();
        assert_eq!(still[0], ("velocity, px/step", "0.00 ± 0.00".to_owned()));
        assert_eq!(still.iter().filter(|(_, text)| text == "–").count(), 5);
    }
}
