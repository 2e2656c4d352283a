//! Endpoints of the path, the shift of the schedule, and a flow with a known solution.

#![allow(clippy::unwrap_used)]

use burn::tensor::{Device, Tensor, Tolerance};
use diffusion_schedulers::{FlowError, FlowSchedule, Scheduler, noised, velocity};

#[test]
fn the_path_runs_from_data_to_noise() {
    let device = Device::flex();
    let data = Tensor::<2>::from_floats([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]], &device);
    let noise = Tensor::<2>::from_floats([[5.0, -2.0], [5.0, -2.0], [5.0, -2.0]], &device);
    let x = noised(data, noise, Tensor::from_floats([0.0, 0.25, 1.0], &device));
    x.into_data().assert_approx_eq::<f32>(
        &Tensor::<2>::from_floats([[1.0, 2.0], [2.0, 1.0], [5.0, -2.0]], &device).into_data(),
        Tolerance::absolute(1e-6),
    );
}

#[test]
fn one_step_along_the_true_velocity_reaches_the_data() {
    let device = Device::flex();
    let data = Tensor::<1>::from_floats([3.0, -1.0], &device);
    let noise = Tensor::<1>::from_floats([0.5, 0.25], &device);
    let u = velocity(data.clone(), noise.clone());
    for steps in [1, 7] {
        let x = FlowSchedule::new(steps, 3.0)
            .unwrap()
            .sample(noise.clone(), |_, _| u.clone(), Tensor::zeros_like);
        x.into_data()
            .assert_approx_eq::<f32>(&data.to_data(), Tolerance::absolute(1e-5));
    }
}

#[test]
fn euler_converges_to_the_solution_of_a_linear_flow() {
    // dx/dt = x from t = 1 to 0 ends at x(1)/e; the error falls with the step.
    let start = Tensor::<1>::from_floats([1.0], &Device::flex());
    let error = |steps| {
        let x = FlowSchedule::new(steps, 1.0)
            .unwrap()
            .sample(start.clone(), |x, _| x, Tensor::zeros_like);
        (f64::from(x.into_scalar::<f32>()) - (-1.0_f64).exp()).abs()
    };
    assert!(error(10) < 0.02 && error(100) < 0.12 * error(10));
}

#[test]
fn the_shift_moves_steps_toward_the_noise() {
    let times = FlowSchedule::new(4, 3.0).unwrap().times().to_vec();
    assert_eq!((times[0], times[4]), (1.0, 0.0));
    assert!((times[2] - 0.75).abs() < 1e-12 && times.windows(2).all(|t| t[0] > t[1]));
}

#[test]
fn schedules_that_cannot_be_are_refused() {
    assert_eq!(FlowSchedule::new(0, 1.0), Err(FlowError::NoSteps));
    for shift in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(FlowSchedule::new(4, shift), Err(FlowError::Shift { .. })));
    }
}
