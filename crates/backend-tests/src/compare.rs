//! The same computation on the CPU and on another device.

use std::time::Instant;

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};

use crate::numbers::{tensor, values};

/// Largest difference of a result, relative to its largest magnitude.
pub(crate) const FORWARD: f64 = 1e-4;
/// Largest difference of a gradient, likewise.
pub(crate) const BACKWARD: f64 = 1e-3;
/// Gradients smaller than this part of the model's largest are compared with this part of it: some are zero but for rounding,
/// such as that of the bias of attention's keys.
const SMALL: f64 = 1e-2;

/// Named values.
pub(crate) type Named = Vec<(String, Vec<f32>)>;

/// Largest difference over all tensors, relative to the largest magnitude of each, or to `least` if that is larger; with the
/// name of that tensor. Infinite if a value is not finite.
///
/// # Panics
/// If the tensors are not the same ones, or all of them are zero.
pub(crate) fn difference(cpu: &Named, other: &Named, least: f64) -> (f64, String) {
    let names = |named: &Named| -> Vec<(String, usize)> {
        named
            .iter()
            .map(|(name, values)| (name.clone(), values.len()))
            .collect()
    };
    assert_eq!(names(cpu), names(other));
    assert!(
        cpu.iter().any(|(_, values)| largest(values) > 0.0),
        "all values are zero"
    );
    let mut worst = (0.0, String::new());
    for ((name, a), (_, b)) in cpu.iter().zip(other) {
        let off = a.iter().zip(b).map(|(a, b)| (f64::from(*a) - f64::from(*b)).abs());
        let off = off.fold(
            0.0,
            |most: f64, x| if x.is_finite() { most.max(x) } else { f64::INFINITY },
        );
        let scale = largest(a).max(least);
        let error = if off == 0.0 { 0.0 } else { off / scale };
        if error > worst.0 || worst.1.is_empty() {
            worst = (error, name.clone());
        }
    }
    worst
}

fn largest(values: &[f32]) -> f64 {
    values.iter().fold(0.0, |most, x| most.max(f64::from(x.abs())))
}

/// Compares the results of a model in evaluation, then, in training, the gradients of all its weights. `run` is handed the
/// model and the device of its inputs.
pub(crate) fn check<M: Module>(name: &str, model: M, device: &Device, run: impl Fn(&M, &Device) -> Vec<Tensor<1>>) {
    let start = Instant::now();
    let forward = forward_error(&model, device, &run);
    let seconds = start.elapsed().as_secs_f64();
    let gradients = |device: &Device| {
        let model = model.clone().to_device(device).train();
        gradients(&model, run(&model, &device.clone().autodiff()))
    };
    let (cpu, other) = (gradients(&Device::flex()), gradients(device));
    let most = cpu.iter().map(|(_, values)| largest(values)).fold(0.0, f64::max);
    let backward = difference(&cpu, &other, SMALL * most);
    println!(
        "measured {name}: forward {:.1e} in {seconds:.1} s; {} gradients {:.1e} in {:.1} s",
        forward.0,
        cpu.len(),
        backward.0,
        start.elapsed().as_secs_f64() - seconds
    );
    hold(name, &forward, &backward);
}

/// Holds results and gradients, each with the name of the worst, to their limits.
fn hold(name: &str, forward: &(f64, String), backward: &(f64, String)) {
    assert!(forward.0 <= FORWARD, "{name}: {} is {:.1e} off", forward.1, forward.0);
    assert!(
        backward.0 <= BACKWARD,
        "{name}: the gradient of {} is {:.1e} off",
        backward.1,
        backward.0
    );
}

/// Compares the results of a model in evaluation.
pub(crate) fn check_forward<M: Module>(
    name: &str,
    model: M,
    device: &Device,
    run: impl Fn(&M, &Device) -> Vec<Tensor<1>>,
) {
    let start = Instant::now();
    let (error, result) = forward_error(&model, device, &run);
    println!(
        "measured {name}: forward {error:.1e} in {:.1} s",
        start.elapsed().as_secs_f64()
    );
    assert!(error <= FORWARD, "{name}: {result} is {error:.1e} off");
}

fn forward_error<M: Module>(model: &M, device: &Device, run: &impl Fn(&M, &Device) -> Vec<Tensor<1>>) -> (f64, String) {
    let results = |device: &Device| -> Named {
        let results = run(&model.clone().to_device(device), device);
        let named = |(i, x)| (format!("result {i}"), values::<1>(x));
        results.into_iter().enumerate().map(named).collect()
    };
    difference(&results(&Device::flex()), &results(device), 0.0)
}

/// The weights of a model and its running statistics.
pub(crate) fn weights<M: Module>(model: &M) -> Named {
    let mut read = Read {
        path: Vec::new(),
        found: Vec::new(),
    };
    model.visit(&mut read);
    read.found
}

struct Read {
    path: Vec<String>,
    found: Named,
}

impl ModuleVisitor for Read {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.found.push((self.path.join("."), values(param.val())));
    }

    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Gradients of a weighted mean of the results.
fn gradients<M: Module>(model: &M, results: Vec<Tensor<1>>) -> Named {
    let mut collect = Collect {
        gradients: GradientsParams::from_grads(mean(results).backward(), model),
        path: Vec::new(),
        found: Vec::new(),
    };
    model.visit(&mut collect);
    collect.found
}

fn mean(results: Vec<Tensor<1>>) -> Tensor<1> {
    let each = results.into_iter().enumerate().map(|(i, x)| {
        let weights = tensor(&format!("loss {i}"), x.dims(), &x.device());
        (x * weights).mean()
    });
    each.reduce(|a, b| a + b).unwrap()
}

struct Collect {
    gradients: GradientsParams,
    path: Vec<String>,
    found: Named,
}

impl ModuleVisitor for Collect {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.gradients.remove::<D>(param.id) {
            self.found.push((self.path.join("."), values(gradient)));
        }
    }

    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.to_owned());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
}

/// Compares an operation on tensors of these numbers of values, and the gradients of all of them.
pub(crate) fn check_operation(name: &str, lengths: &[usize], device: &Device, run: impl Fn(&[Tensor<1>]) -> Tensor<1>) {
    let start = Instant::now();
    let results = |device: &Device| -> (Named, Named) {
        let device = device.clone().autodiff();
        let leaf = |(i, count): (usize, &usize)| tensor(&format!("{name} {i}"), [*count], &device).require_grad();
        let leaves: Vec<Tensor<1>> = lengths.iter().enumerate().map(leaf).collect();
        let result = run(&leaves);
        let forward = vec![("the result".to_owned(), values(result.clone()))];
        let gradients = mean(vec![result]).backward();
        let of = |(i, leaf): (usize, &Tensor<1>)| (format!("input {i}"), values(leaf.grad(&gradients).unwrap()));
        (forward, leaves.iter().enumerate().map(of).collect())
    };
    let (cpu, other) = (results(&Device::flex()), results(device));
    let most = cpu.1.iter().map(|(_, values)| largest(values)).fold(0.0, f64::max);
    let (forward, backward) = (
        difference(&cpu.0, &other.0, 0.0),
        difference(&cpu.1, &other.1, SMALL * most),
    );
    println!(
        "measured {name}: forward {:.1e}, {} gradients {:.1e} in {:.1} s",
        forward.0,
        cpu.1.len(),
        backward.0,
        start.elapsed().as_secs_f64()
    );
    hold(name, &forward, &backward);
}
