//! Faults of Burn on the backend under test that its CPU backend does not have, each in a few lines: what docs/backends.md
//! says of them is what this program prints.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a program for reports to Burn")]

use std::panic::{AssertUnwindSafe, catch_unwind};

use backend_tests::find_backend;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};
use burn::tensor::{DType, Device, FloatDType, Tensor};

fn main() -> Result<(), String> {
    let device = find_backend()?;
    println!("bf16 is supported: {}", device.supports_dtype(DType::BF16));
    both("bf16, 1.5 + 1.5", &device, |device| {
        let x = Tensor::<1>::from_floats([1.5; 4], device).cast(FloatDType::BF16);
        (x.clone() + x).cast(FloatDType::F32)
    });
    both("bf16, product of matrices of ones, 4 by 4", &device, |device| {
        let x = Tensor::<2>::ones([4, 4], device).cast(FloatDType::BF16);
        x.clone().matmul(x).cast(FloatDType::F32).reshape([16])
    });
    both("bf16, read back as it was written", &device, |device| {
        Tensor::<1>::from_data([1.5_f32, -2.0, 3.0], (device, DType::BF16)).cast(FloatDType::F32)
    });
    for mode in [
        InterpolateMode::Nearest,
        InterpolateMode::Bilinear,
        InterpolateMode::Bicubic,
    ] {
        let resized = |x: Tensor<1>| {
            let options = InterpolateOptions {
                align_corners: false,
                output_size: Some([6, 6]),
                ..InterpolateOptions::new(mode.clone())
            };
            interpolate(x.reshape([1, 1, 3, 3]), options)
        };
        let x = |device: &Device| Tensor::<1>::from_floats([1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0], device);
        both(&format!("{mode:?} interpolation"), &device, |device| {
            resized(x(device)).reshape([36])
        });
        both(&format!("{mode:?} interpolation, gradient"), &device, |device| {
            let x = x(&device.clone().autodiff()).require_grad();
            let gradients = resized(x.clone()).square().sum().backward();
            x.grad(&gradients).unwrap()
        });
    }
    Ok(())
}

/// Prints what the CPU and the other device find.
fn both(name: &str, device: &Device, run: impl Fn(&Device) -> Tensor<1>) {
    let found = |device: &Device| {
        let found = catch_unwind(AssertUnwindSafe(|| {
            run(device).into_data().try_to_vec::<f32>().unwrap()
        }));
        found.map_err(|_| "panics")
    };
    let (cpu, other) = (found(&Device::flex()), found(device));
    let same = match (&cpu, &other) {
        (Ok(a), Ok(b)) => a.iter().zip(b).all(|(a, b)| (a - b).abs() <= 1e-3 * a.abs().max(1.0)),
        _ => false,
    };
    match same {
        true => println!("right: {name}"),
        false => println!("FAULT: {name}\n  CPU   {cpu:?}\n  other {other:?}"),
    }
}
