//! The red cross at the position of the last action, drawn on top of a finished image: pixel for pixel OpenCV's
//! `drawMarker` with `MARKER_CROSS`. The references draw it in videos, never in observations.

use crate::{Action, Frame};

const RED: [u8; 3] = [255, 0, 0];

/// Draws the cross of `action` on a square image of the board.
///
/// Size and thickness grow with the image as in the references (8 and 1 px at 96, 56 and 7 px at 680); below 96 px the
/// thickness stays 1, where the references fail. The action is scaled to pixels in float32 at 96 px (diffusion_policy's
/// videos) and in float64 at other sizes (gym-pusht's), then truncated. Nothing is drawn for an action that is not
/// finite.
pub fn draw_marker(frame: &mut Frame, action: Action) {
    if !action.iter().all(|x| x.is_finite()) {
        return;
    }
    let scale = |x: f32, side: u32| -> i32 {
        if side == 96 {
            (x / 512.0 * 96.0) as i32
        } else {
            (f64::from(x / 512.0) * f64::from(side)) as i32
        }
    };
    let at = [scale(action[0], frame.width()), scale(action[1], frame.height())];
    draw_cross(frame, at);
}

/// Draws the cross of [`draw_marker`] at a pixel, [x, y], which may lie outside the image. Its size and thickness are
/// those of the shorter side of the image.
pub fn draw_cross(frame: &mut Frame, [x, y]: [i32; 2]) {
    let size = f64::from(frame.width().min(frame.height()));
    let reach = (8.0 / 96.0 * size) as i32 / 2;
    let thickness = ((1.0 / 96.0 * size) as i32).max(1);
    // Half-width of the bar by the distance of a row beyond its end; the ends are discs. One pixel if there is no disc.
    let cap = if thickness == 1 {
        vec![0]
    } else {
        disc((thickness + 1) / 2)
    };
    for along in -(reach + cap.len() as i32)..=reach + cap.len() as i32 {
        let beyond = (along.abs() - reach).max(0) as usize;
        let Some(&half) = cap.get(beyond) else {
            continue;
        };
        for across in -half..=half {
            put(frame, x.saturating_add(across), y.saturating_add(along));
            put(frame, x.saturating_add(along), y.saturating_add(across));
        }
    }
}

fn put(frame: &mut Frame, x: i32, y: i32) {
    let pixel = u32::try_from(x)
        .ok()
        .zip(u32::try_from(y).ok())
        .and_then(|(x, y)| frame.get_pixel_mut_checked(x, y));
    if let Some(pixel) = pixel {
        pixel.0 = RED;
    }
}

/// Half-widths of OpenCV's filled circle by distance from its center row.
fn disc(radius: i32) -> Vec<i32> {
    let mut half = vec![0; radius as usize + 1];
    let (mut error, mut x, mut y, mut plus, mut minus) = (0, radius, 0, 1, 2 * radius - 1);
    while x >= y {
        half[y as usize] = half[y as usize].max(x);
        half[x as usize] = half[x as usize].max(y);
        y += 1;
        error += plus;
        plus += 2;
        if error > 0 {
            error -= minus;
            x -= 1;
            minus -= 2;
        }
    }
    half
}
