use super::*;

fn one(y: u8, u: u8, v: u8, color: Color) -> [u8; 3] {
    let plane = |sample| Plane {
        samples: vec![sample],
        stride: 1,
    };
    let planes = Planes {
        size: (1, 1),
        luma: plane(y),
        differences: Some([plane(u), plane(v)]),
        shift: (1, 1),
        color,
        orientation: Orientation::default(),
    };
    planes.to_rgb().get_pixel(0, 0).0
}

#[test]
fn the_ends_of_the_scale_are_black_and_white() {
    let limited = Color::default();
    assert_eq!(one(16, 128, 128, limited), [0; 3]);
    assert_eq!(one(235, 128, 128, limited), [255; 3]);
    let full = Color {
        full_range: true,
        ..limited
    };
    assert_eq!(one(255, 128, 128, full), [255; 3]);
    // BT.601 red: Y 81, U 90, V 240.
    assert_eq!(one(81, 90, 240, limited), [254, 0, 0]);
    let bt709 = Color {
        matrix: Matrix::Bt709,
        ..limited
    };
    // BT.709 red: Y 63, U 102, V 240.
    assert_eq!(one(63, 102, 240, bt709), [255, 1, 0]);
}

/// The formula, pixel by pixel.
fn by_formula(planes: &Planes) -> Frame {
    let (red, blue) = planes.color.matrix.weights();
    let green = 1.0 - red - blue;
    let (offset, luma_gain, color_gain) = if planes.color.full_range {
        (0, 1.0, 1.0)
    } else {
        (16, 255.0 / 219.0, 255.0 / 224.0)
    };
    let fixed = |x: f32| (x * 16384.0).round() as i32;
    let (rv, gu, gv, bu) = (
        fixed(2.0 * (1.0 - red) * color_gain),
        fixed(2.0 * blue * (1.0 - blue) / green * color_gain),
        fixed(2.0 * red * (1.0 - red) / green * color_gain),
        fixed(2.0 * (1.0 - blue) * color_gain),
    );
    Frame::from_fn(planes.size.0, planes.size.1, |x, y| {
        let at = |plane: &Plane, x: u32, y: u32| plane.samples[y as usize * plane.stride + x as usize];
        let l = at(&planes.luma, x, y);
        let (sx, sy) = planes.shift;
        let colors = planes
            .differences
            .as_ref()
            .map(|d| d.each_ref().map(|p| at(p, x >> sx, y >> sy)));
        if let (Some([u, v]), Matrix::Identity) = (colors, planes.color.matrix) {
            return image::Rgb([v, l, u]);
        }
        let [u, v] = colors.unwrap_or([128; 2]).map(|sample| i32::from(sample) - 128);
        let l = fixed(luma_gain) * (i32::from(l) - offset) + (1 << 13);
        image::Rgb([l + rv * v, l - gu * u - gv * v, l + bu * u].map(|sum| (sum >> 14).clamp(0, 255) as u8))
    })
}

#[test]
fn every_pixel_is_as_the_formula_says_by_rows_and_one_by_one() {
    let mut state = 7_u32;
    let mut plane = |columns: u32, rows: u32, stride: u32| Plane {
        samples: (0..stride * (rows - 1) + columns)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8
            })
            .collect(),
        stride: stride as usize,
    };
    let matrices = [Matrix::Bt601, Matrix::Bt709, Matrix::Bt2020, Matrix::Identity];
    let colors = matrices
        .into_iter()
        .flat_map(|matrix| [false, true].map(|full_range| Color { matrix, full_range }));
    for (color, size) in
        colors.flat_map(|color| [(1_u32, 1_u32), (2, 2), (7, 5), (64, 3), (99, 6)].map(|size| (color, size)))
    {
        for (shift, gray) in [((1, 1), false), ((1, 0), false), ((0, 0), false), ((0, 0), true)] {
            let (columns, rows) = (size.0.div_ceil(1 << shift.0), size.1.div_ceil(1 << shift.1));
            let planes = Planes {
                size,
                luma: plane(size.0, size.1, size.0 + 3),
                differences: (!gray).then(|| [plane(columns, rows, columns), plane(columns, rows, columns + 5)]),
                shift,
                color,
                orientation: Orientation::default(),
            };
            assert!(planes.complete());
            let expected = by_formula(&planes);
            assert_eq!(planes.to_rgb(), expected, "{color:?} {size:?} {shift:?}");
            let columns: Vec<usize> = (0..size.0 as usize).rev().collect();
            for y in 0..size.1 {
                let [mut red, mut green, mut blue] = [0; 3].map(|zero| vec![zero; columns.len()]);
                planes.read(y as usize, &columns, [&mut red, &mut green, &mut blue]);
                for (k, &x) in columns.iter().enumerate() {
                    assert_eq!([red[k], green[k], blue[k]], expected.get_pixel(x as u32, y).0);
                }
            }
        }
    }
}

#[test]
fn short_planes_are_refused() {
    let planes = |samples: usize| Planes {
        size: (2, 2),
        luma: Plane {
            samples: vec![0; samples],
            stride: 2,
        },
        differences: None,
        shift: (0, 0),
        color: Color::default(),
        orientation: Orientation::default(),
    };
    assert!(!planes(3).complete() && planes(4).complete());
}
