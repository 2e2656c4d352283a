//! Rendered clips, and cross-fades between their first and last frames.

#![allow(clippy::unwrap_used)]

use clip_audit::ClipEvaluator;
use pusht_env::{FillRule, Frame, GOAL, Pose, Renderer, Scene};
use pusht_vision::cross_fade;

/// The agent pushes the T to the right.
fn pushed() -> Vec<Frame> {
    let mut renderer = Renderer::new(96, FillRule::default()).unwrap();
    let scene = |i: usize| {
        let x = 6.0 * i as f64;
        // The bar's left end is 60 px from the T's origin, the agent's radius is 15 px.
        Scene::new([165.0 + x, 255.0], Pose::new(240.0 + x, 240.0, 0.0), GOAL)
    };
    (0..17).map(|i| renderer.render(&scene(i))).collect()
}

#[test]
fn a_demonstration_is_better_than_a_cross_fade_in_everything_that_is_judged() {
    let evaluator = ClipEvaluator::new().unwrap();
    let clip = pushed();
    let fade = cross_fade(&clip[0], &clip[16], 17);
    assert_eq!((&fade[0], &fade[16]), (&clip[0], &clip[16]));
    let (own, faded) = (
        evaluator.clip(&clip, &clip).unwrap(),
        evaluator.clip(&fade, &clip).unwrap(),
    );
    assert_eq!(own.psnr, 99.0);
    assert_eq!((own.ssim, own.one_agent), (1.0, 1.0));
    assert!(
        own.deformation < 0.1 && faded.deformation > 2.0 * own.deformation,
        "{own:?} {faded:?}"
    );
    let share = own.pushed.unwrap();
    assert!(share > 0.9 && faded.pushed.unwrap() < share, "{own:?} {faded:?}");
    assert!(faded.one_agent < 1.0 && faded.psnr < 40.0, "{faded:?}");
    assert!(own.residual.unwrap() < 1.0 && own.target.pushes == 1, "{own:?}");
    assert_eq!((own.start_error, own.end_error), (Some(0.0), Some(0.0)));
    // Nothing moves in a still, and nothing can be measured in a gray frame: neither counts as good.
    let still = evaluator.clip(&vec![clip[0].clone(); 17], &clip).unwrap();
    assert!(still.pushed.is_none() && still.residual.unwrap() < 1e-6, "{still:?}");
    let gray = vec![Frame::from_pixel(96, 96, image::Rgb([120; 3])); 17];
    let gray = evaluator.clip(&gray, &clip).unwrap();
    assert!(gray.pushed.is_none() && gray.residual.is_none(), "{gray:?}");
    let compared = evaluator.compare(&fade, &clip).unwrap();
    assert_eq!((compared.clip, compared.cross_fade), (faded, faded));
    assert_eq!((compared.first_frame, compared.demonstration), (still, own));
    assert!(evaluator.compare(&clip, &[]).is_err());
    assert!(evaluator.clip(&clip[..2], &clip[..2]).is_err());
    assert!(evaluator.clip(&clip, &clip[1..]).is_err());
}
