//! Tests of `src/board_fit.rs`.

use super::*;
use crate::board::Background;
use pusht_env::GOAL;

#[test]
fn a_cost_is_the_same_under_every_bound_that_it_is_below() -> Result<(), VisionError> {
    let board = Renderer::new(300, FillRule::default())?.render(&Scene::new(
        [320.0, 140.0],
        Pose::new(150.0, 330.0, 0.7),
        GOAL,
    ));
    let frame = Pixels::new(&board);
    let pictures = [
        Picture::new(SIDE, &Background::new(GOAL)?.color),
        Picture::averaged(GOAL)?,
    ];
    let places = [
        [[0.0, 300.0], [0.0, 300.0]],
        [[2.0, 299.0], [-1.0, 303.0]],
        [[40.0, 200.0], [10.0, 280.0]],
        [[-90.0, 320.0], [30.0, 400.0]],
    ];
    for (picture, edges) in pictures.iter().flat_map(|p| places.map(|edges| (p, edges))) {
        for (points, extent) in [
            (&picture.all, Extent::Whole),
            (&picture.few, Extent::Whole),
            (&picture.all, Extent::Cropped),
        ] {
            let view = View { frame: &frame, extent };
            let exact = cost(view, points, edges, f64::INFINITY);
            assert_eq!(cost(view, points, edges, exact.next_up()), exact);
            for share in [1.0, 0.9, 0.5, 0.1, 0.0] {
                assert!(cost(view, points, edges, share * exact) >= share * exact);
            }
        }
    }
    Ok(())
}
