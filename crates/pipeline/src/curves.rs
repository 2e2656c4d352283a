//! Training curves for the report.

use eval::LossPoint;
use training::Curve;

/// Points of a curve; a validation loss is paired with the training loss of the same step.
pub(crate) fn loss_points(curve: &Curve) -> Vec<LossPoint> {
    let mut points: Vec<LossPoint> = Vec::new();
    for row in &curve.rows {
        match (row.train_loss, points.last_mut()) {
            (Some(train), _) => points.push(LossPoint {
                epoch: row.epoch,
                train,
                validation: row.valid_loss,
            }),
            (None, Some(last)) => last.validation = row.valid_loss.or(last.validation),
            (None, None) => {}
        }
    }
    points
}
