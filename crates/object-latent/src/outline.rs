//! The agent's position relative to the T: position along the T's outline, and distance from its surface.
//!
//! The positions of an agent that touches the T form a closed curve, the outline expanded by the agent's radius. Bar
//! and stem share a point, so that every ray from there meets the curve once; the ray through the agent gives the
//! position along the curve. A path around the T, a push at one point and rest are straight lines in these two numbers,
//! and an agent is outside the T exactly if its distance is not negative.

use std::f64::consts::TAU;
use std::sync::LazyLock;

use crate::geometry::gap_at;

/// Origin of the rays, in the T's own coordinates, px: inside bar and stem, both expanded by the agent's radius.
const CENTER: [f64; 2] = [0.0, 20.0];
/// Number of rays in the table.
const RAYS: usize = 8192;
/// A bound for the distance of the agent from [`CENTER`], px.
const FAR: f64 = 4096.0;
/// Number of bisections of [`FAR`]: to far below 1e-6 px.
const HALVINGS: usize = 44;

/// Length of the curve up to every ray of the table, px, from the middle of the bar's upper side all around.
static LENGTHS: LazyLock<Vec<f64>> = LazyLock::new(|| {
    let points: Vec<[f64; 2]> = (0..=RAYS).map(|i| on_ray(TAU * i as f64 / RAYS as f64, 0.0)).collect();
    let mut length = 0.0;
    let mut lengths = vec![0.0];
    for pair in points.windows(2) {
        length += (pair[1][0] - pair[0][0]).hypot(pair[1][1] - pair[0][1]);
        lengths.push(length);
    }
    lengths
});

/// Length of the whole curve, px.
pub fn perimeter() -> f64 {
    LENGTHS[RAYS]
}

/// Position along the curve, 0 to [`perimeter`], and distance between the surfaces, px, of an agent at `p` in the T's
/// own coordinates. Mirroring x maps the position s to perimeter − s.
pub fn place(p: [f64; 2]) -> [f64; 2] {
    let angle = (p[0] - CENTER[0]).atan2(CENTER[1] - p[1]).rem_euclid(TAU);
    let at = angle / TAU * RAYS as f64;
    let i = (at as usize).min(RAYS - 1);
    let s = LENGTHS[i] + (at - i as f64) * (LENGTHS[i + 1] - LENGTHS[i]);
    [s, gap_at(p)]
}

/// The inverse of [`place`], for a position of any winding and a distance of 0 or more.
pub fn point([s, distance]: [f64; 2]) -> [f64; 2] {
    let s = s.rem_euclid(perimeter());
    let i = LENGTHS.partition_point(|l| *l <= s).clamp(1, RAYS) - 1;
    let at = i as f64 + (s - LENGTHS[i]) / (LENGTHS[i + 1] - LENGTHS[i]);
    on_ray(TAU * at / RAYS as f64, distance)
}

/// The point of a ray (angle from up, to the right) at a distance from the T; the distance increases along the ray,
/// because bar and stem are convex and contain its origin.
fn on_ray(angle: f64, distance: f64) -> [f64; 2] {
    let (sin, cos) = angle.sin_cos();
    let at = |r: f64| [CENTER[0] + r * sin, CENTER[1] - r * cos];
    let (mut low, mut high) = (0.0, FAR);
    for _ in 0..HALVINGS {
        let middle = 0.5 * (low + high);
        if gap_at(at(middle)) < distance {
            low = middle;
        } else {
            high = middle;
        }
    }
    at(0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back_and_distances_are_those_of_the_surfaces() {
        for i in 0..400 {
            let (s, d) = (perimeter() * f64::from(i) / 400.0, f64::from(i % 7) * 11.0);
            let p = point([s, d]);
            let [again, distance] = place(p);
            assert!(
                (again - s).abs() < 1e-6 && (distance - d).abs() < 1e-6,
                "{s} {again} {d} {distance}"
            );
            let [image, _] = place([-p[0], p[1]]);
            assert!((image + s - perimeter()).abs() < 1e-6 || s == 0.0, "{s} {image}");
        }
    }

    #[test]
    fn the_curve_is_as_long_as_a_t_grown_by_the_agent() {
        // Straight sides and quarter circles; the two inner corners stay sharp and shorten both adjacent sides by a
        // radius.
        let straight = 120.0 + 2.0 * 30.0 + 2.0 * (45.0 - 15.0) + 2.0 * (90.0 - 15.0) + 30.0;
        let expected = straight + 6.0 * 15.0 * TAU / 4.0;
        assert!((perimeter() - expected).abs() < 0.1, "{} {expected}", perimeter());
    }
}
