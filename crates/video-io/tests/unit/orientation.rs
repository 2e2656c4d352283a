use super::*;

const ONE: i32 = 1 << 16;

fn matrix([a, b, c, d]: [i32; 4]) -> Matrix {
    let (u, v, w, x, y) = (0, 0, 1 << 30, 0, 0);
    Matrix {
        a,
        b,
        u,
        c,
        d,
        v,
        x,
        y,
        w,
    }
}

#[test]
fn a_matrix_moves_every_corner_to_its_place() {
    let stored = Frame::from_fn(3, 2, |x, y| image::Rgb([x as u8, y as u8, 0]));
    let values = [-ONE, 0, ONE];
    for m in values.iter().flat_map(|&p| values.map(|q| [p, q])).flat_map(|[p, q]| {
        let turns = [[p, 0, 0, q], [0, p, q, 0]];
        turns.into_iter().filter(move |_| p != 0 && q != 0)
    }) {
        let shown = Orientation::of(&matrix(m), None).unwrap().apply(&stored);
        // (x, y) goes to (a x + c y, b x + d y), moved into view.
        let place = |x: i32, y: i32| {
            let [a, b, c, d] = m.map(|entry| entry >> 16);
            let (along, down) = (a * x + c * y, b * x + d * y);
            let (from_x, from_y) = ((2 * a).min(0) + c.min(0), (2 * b).min(0) + d.min(0));
            (along - from_x, down - from_y)
        };
        for (x, y, pixel) in stored.enumerate_pixels() {
            let (along, down) = place(x as i32, y as i32);
            assert_eq!(shown.get_pixel(along as u32, down as u32), pixel, "{m:?} {x} {y}");
        }
    }
}

#[test]
fn scales_do_not_matter_and_oblique_angles_are_refused() {
    let of = |m| Orientation::of(&matrix(m), None);
    assert!(of([3 * ONE, 0, 0, ONE / 2]).unwrap().is_upright());
    assert!(of([ONE, 700, -700, ONE]).unwrap().is_upright());
    assert!(of([0; 4]).unwrap().is_upright());
    assert_eq!(of([ONE, ONE, -ONE, ONE]), None);
    // A quarter turn of the movie and one of the track.
    let quarter = matrix([0, ONE, -ONE, 0]);
    assert_eq!(Orientation::of(&quarter, Some(&quarter)), of([-ONE, 0, 0, -ONE]));
}
