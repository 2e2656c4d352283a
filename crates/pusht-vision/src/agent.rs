//! The agent's position: the blue disc, found by its color and placed by comparing with the disc that the renderer
//! draws around each integer center nearby.

use crate::board::{
    AGENT_EDGE, AGENT_FILL, Color, DISC_RADIUS, DiscMask, SIDE, STRIDE, WALL_FILL, sample, samples_within,
};

/// Area of the disc, frame pixels.
const AREA: f32 = 707.0 / (STRIDE * STRIDE) as f32;

/// Least share of the disc's area that must be blue.
const LEAST_SHARE: f32 = 0.15;

/// Limit at which squared color differences of a sample are cut off (ticks, compression artifacts at edges).
const OUTLIER: f32 = 3.0 * 40.0 * 40.0;

/// Squared color difference, summed over the samples, at which the likelihood of a center falls by e^(−1/2).
const TOLERANCE: f32 = 400.0;

/// How blue a color is, from 0 (T, board, goal, ticks) to 1 (the agent's disc).
pub(crate) fn blueness([red, _, blue]: [f32; 3]) -> f32 {
    ((blue - red - 60.0) / 95.0).clamp(0.0, 1.0)
}

/// Rough center of the blue disc, board px; `None` if there is too little blue.
pub(crate) fn find(colors: &[[f32; 3]]) -> Option<[f64; 2]> {
    // Only the blue pixels, which are few.
    let blue: Vec<(usize, f32)> = colors
        .iter()
        .map(|&c| blueness(c))
        .enumerate()
        .filter(|&(_, share)| share > 0.0)
        .collect();
    let mean = |keep: &dyn Fn([f64; 2]) -> bool| {
        let mut sum = [0.0; 3];
        for &(at, share) in &blue {
            let p = [sample(at % SIDE), sample(at / SIDE)];
            if keep(p) {
                let share = f64::from(share);
                sum = [sum[0] + share * p[0], sum[1] + share * p[1], sum[2] + share];
            }
        }
        (sum[2] > 0.0).then(|| ([sum[0] / sum[2], sum[1] / sum[2]], sum[2]))
    };
    let (mut center, mut area) = mean(&|_| true)?;
    // Narrows the mean to the disc if there is other blue.
    for radius in [80.0_f64, 40.0, 24.0, 24.0] {
        (center, area) = mean(&|p| (p[0] - center[0]).hypot(p[1] - center[1]) < radius)?;
    }
    (area as f32 > LEAST_SHARE * AREA).then_some(center)
}

/// Result of the fit of the disc.
pub(crate) struct Placed {
    /// Mean of the integer centers weighted by their likelihood, board px.
    pub(crate) center: [f64; 2],
    /// Intersection over union of the blue seen and the disc drawn, 0 to 1.
    pub(crate) overlap: f64,
}

/// A frame and the background behind the agent: the board with goal, walls and T.
pub(crate) struct Scene<'a> {
    pub(crate) colors: &'a [[f32; 3]],
    pub(crate) behind: &'a dyn Fn(usize) -> [f32; 3],
    /// Pixels whose color says nothing about the disc.
    pub(crate) hidden: &'a [bool],
    pub(crate) mask: &'a DiscMask,
}

/// Places the disc near a rough center.
pub(crate) fn place(scene: &Scene<'_>, rough: [f64; 2]) -> Placed {
    let mut middle = rough.map(|c| c.round() as i32);
    let mut costs = [[0.0_f32; 5]; 5];
    for _ in 0..6 {
        let patch = Patch::new(scene, middle);
        for (dy, row) in costs.iter_mut().enumerate() {
            for (dx, cost) in row.iter_mut().enumerate() {
                *cost = patch.cost(scene, [middle[0] + dx as i32 - 2, middle[1] + dy as i32 - 2]);
            }
        }
        let best = (0..25)
            .min_by(|&a, &b| costs[a / 5][a % 5].total_cmp(&costs[b / 5][b % 5]))
            .unwrap_or(12);
        let shift = [best % 5, best / 5].map(|i| i as i32 - 2);
        if shift.iter().all(|s| s.abs() < 2) {
            break;
        }
        middle = [middle[0] + shift[0], middle[1] + shift[1]];
    }
    let least = costs.as_flattened().iter().copied().fold(f32::INFINITY, f32::min);
    let mut sum = [0.0_f64; 3];
    for (i, cost) in costs.as_flattened().iter().enumerate() {
        let likelihood = f64::from((-0.5 * (cost - least) / TOLERANCE).exp());
        let at = [middle[0] + (i % 5) as i32 - 2, middle[1] + (i / 5) as i32 - 2].map(f64::from);
        sum = [
            sum[0] + likelihood * at[0],
            sum[1] + likelihood * at[1],
            sum[2] + likelihood,
        ];
    }
    let center = [sum[0] / sum[2], sum[1] / sum[2]];
    Placed {
        center,
        overlap: overlap(scene, center),
    }
}

/// The frame pixels around a center.
struct Patch {
    pixels: Vec<Pixel>,
}

struct Pixel {
    at: usize,
    /// Share of it that is wall, which lies above the disc.
    wall: f32,
    /// What is behind the disc in the rest of it.
    behind: Color,
}

impl Patch {
    fn new(scene: &Scene<'_>, middle: [i32; 2]) -> Self {
        let reach = DISC_RADIUS + 4.0;
        let [columns, rows] = middle.map(|m| samples_within(f64::from(m) - reach, f64::from(m) + reach));
        let mut pixels = Vec::with_capacity(100);
        for j in rows {
            for i in columns.clone() {
                let at = j * SIDE + i;
                let wall = scene.mask.wall_share(at);
                // A pixel that is wall shows nothing of the disc.
                if wall < 0.99 {
                    let behind = (scene.behind)(at);
                    let behind = [0, 1, 2].map(|c| (behind[c] - wall * WALL_FILL[c]) / (1.0 - wall));
                    pixels.push(Pixel { at, wall, behind });
                }
            }
        }
        Self { pixels }
    }

    /// Squared color difference between the frame and the disc drawn around `center`.
    fn cost(&self, scene: &Scene<'_>, center: [i32; 2]) -> f32 {
        let mut cost = 0.0;
        for &Pixel { at, wall, behind } in &self.pixels {
            let [edge, fill] = scene.mask.shares(center, at);
            let seen = scene.colors[at];
            let rest = 1.0 - edge - fill - wall;
            let difference: f32 = (0..3)
                .map(|c| {
                    let drawn = edge * AGENT_EDGE[c] + fill * AGENT_FILL[c] + rest * behind[c] + wall * WALL_FILL[c];
                    (seen[c] - drawn).powi(2)
                })
                .sum();
            cost += difference.min(OUTLIER);
        }
        cost
    }
}

/// Soft intersection over union of the blue around a center and the disc there.
fn overlap(scene: &Scene<'_>, center: [f64; 2]) -> f64 {
    let center = center.map(|c| c.round() as i32);
    let reach = 3.0 * DISC_RADIUS;
    let [columns, rows] = center.map(|m| samples_within(f64::from(m) - reach, f64::from(m) + reach));
    let (mut both, mut either) = (0.0, 0.0);
    for j in rows {
        for i in columns.clone() {
            let at = j * SIDE + i;
            if !scene.hidden[at] {
                let [edge, fill] = scene.mask.shares(center, at);
                let (seen, drawn) = (blueness(scene.colors[at]), edge + fill);
                both += f64::from(seen.min(drawn));
                either += f64::from(seen.max(drawn));
            }
        }
    }
    if either > 0.0 { both / either } else { 0.0 }
}
