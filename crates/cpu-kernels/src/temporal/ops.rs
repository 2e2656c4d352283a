//! The layers as operations of Burn's CPU backend, with and without differentiation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, backend_extension};
use burn::tensor::TensorData;

use super::kernels::{self, NormMishGrads, Window};

/// See the functions of the module above; shapes are theirs, biases are added apart.
#[backend_extension(Flex, Autodiff)]
pub trait TemporalOps: Backend {
    /// `[batch, length, inputs]` and `[outputs, inputs, kernel]`.
    fn conv1d(x: FloatTensor<Self>, weight: FloatTensor<Self>, stride: usize, padding: usize) -> FloatTensor<Self>;

    /// `[batch, length, inputs]` and `[inputs, outputs, kernel]`.
    fn conv_transpose1d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;

    /// `[…, width]` and `[width]`.
    fn add_row(x: FloatTensor<Self>, row: FloatTensor<Self>) -> FloatTensor<Self>;

    /// Without FiLM.
    fn norm_mish(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self>;

    /// With FiLM.
    fn norm_mish_film(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        film: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self>;
}

fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, shape))
}

fn dims<const D: usize>(x: &FlexTensor) -> [usize; D] {
    std::array::from_fn(|axis| x.layout().shape()[axis])
}

/// Runs `f` on the values in order.
fn with<R>(x: &FlexTensor, f: impl FnOnce(&[f32]) -> R) -> R {
    match x.as_slice() {
        Some(values) => f(values),
        None => f(slice(&x.to_contiguous())),
    }
}

fn slice(x: &FlexTensor) -> &[f32] {
    x.as_slice().expect("a contiguous tensor of f32 is a slice")
}

fn matrix(x: &FlexTensor, rows: usize, columns: usize) -> FlexTensor {
    x.to_contiguous().reshape([rows, columns].into())
}

fn product(a: FlexTensor, b: FlexTensor) -> FlexTensor {
    Flex::float_matmul(a, b)
}

fn transposed(x: FlexTensor) -> FlexTensor {
    x.transpose(0, 1)
}

/// Columns of every window and the shape of the result, for a convolution.
fn columns(x: &FlexTensor, window: Window) -> (FlexTensor, usize) {
    let [batch, length, channels] = dims(x);
    let windows = window.count(length);
    if (window.kernel, window.stride, window.padding) == (1, 1, 0) {
        return (matrix(x, batch * length, channels), windows);
    }
    let columns = with(x, |x| kernels::unfold(x, length, channels, window));
    (tensor(columns, [batch * windows, channels * window.kernel]), windows)
}

fn conv_window(weight: &FlexTensor, stride: usize, padding: usize) -> (Window, usize, usize) {
    let [first, second, kernel] = dims(weight);
    (
        Window {
            kernel,
            stride,
            padding,
        },
        first,
        second * kernel,
    )
}

/// Result, and the columns it was made from.
fn conv1d(x: &FlexTensor, weight: &FlexTensor, stride: usize, padding: usize) -> (FlexTensor, FlexTensor) {
    let (window, outputs, width) = conv_window(weight, stride, padding);
    let (columns, windows) = columns(x, window);
    let y = product(columns.clone(), transposed(matrix(weight, outputs, width)));
    (y.reshape([dims::<1>(x)[0], windows, outputs].into()), columns)
}

fn conv_transpose1d(x: &FlexTensor, weight: &FlexTensor, stride: usize, padding: usize) -> FlexTensor {
    let (window, inputs, width) = conv_window(weight, stride, padding);
    let [batch, windows, _] = dims(x);
    let length = (windows - 1) * stride + window.kernel - 2 * padding;
    let columns = product(matrix(x, batch * windows, inputs), matrix(weight, inputs, width));
    let outputs = width / window.kernel;
    let y = with(&columns, |columns| kernels::fold(columns, length, outputs, window));
    tensor(y, [batch, length, outputs])
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "the method itself is not general enough"
)]
fn norm_mish(inputs: &[FlexTensor], groups: usize, epsilon: f64) -> FlexTensor {
    let y = normed(inputs, groups, epsilon, |norm| norm.forward());
    tensor(y, dims::<3>(&inputs[0]))
}

/// Runs `f` on x, bias, γ, β and, where there is a fifth tensor, FiLM.
fn normed<R>(inputs: &[FlexTensor], groups: usize, epsilon: f64, f: impl FnOnce(&kernels::NormMish<'_>) -> R) -> R {
    let inputs: Vec<FlexTensor> = inputs.iter().map(FlexTensor::to_contiguous).collect();
    let slices: Vec<&[f32]> = inputs.iter().map(slice).collect();
    f(&kernels::NormMish {
        x: slices[0],
        bias: slices[1],
        gamma: slices[2],
        beta: slices[3],
        film: slices.get(4).copied(),
        length: dims::<2>(&inputs[0])[1],
        groups,
        epsilon: epsilon as f32,
    })
}

impl TemporalOps for Flex {
    fn conv1d(x: FlexTensor, weight: FlexTensor, stride: usize, padding: usize) -> FlexTensor {
        conv1d(&x, &weight, stride, padding).0
    }

    fn conv_transpose1d(x: FlexTensor, weight: FlexTensor, stride: usize, padding: usize) -> FlexTensor {
        conv_transpose1d(&x, &weight, stride, padding)
    }

    fn add_row(x: FlexTensor, row: FlexTensor) -> FlexTensor {
        let mut x = x.to_contiguous();
        with(&row, |row| kernels::add_row(x.storage_mut(), row));
        x
    }

    fn norm_mish(
        x: FlexTensor,
        bias: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        groups: usize,
        epsilon: f64,
    ) -> FlexTensor {
        norm_mish(&[x, bias, gamma, beta], groups, epsilon)
    }

    fn norm_mish_film(
        x: FlexTensor,
        bias: FlexTensor,
        gamma: FlexTensor,
        beta: FlexTensor,
        film: FlexTensor,
        groups: usize,
        epsilon: f64,
    ) -> FlexTensor {
        norm_mish(&[x, bias, gamma, beta, film], groups, epsilon)
    }
}

type Diff<C> = Autodiff<Flex, C>;

#[derive(Debug)]
struct Conv1d;

impl Backward<Flex, 2> for Conv1d {
    /// Columns, weight, length of the input, stride and padding.
    type State = (FlexTensor, FlexTensor, usize, usize, usize);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let (columns, weight, length, stride, padding) = ops.state;
        let (window, outputs, width) = conv_window(&weight, stride, padding);
        let [batch, windows, _] = dims(&grad);
        let grad = matrix(&grad, batch * windows, outputs);
        let [x, w] = ops.parents;
        if let Some(w) = w {
            let dw = product(transposed(grad.clone()), columns);
            grads.register::<Flex>(w.id, dw.reshape(weight.layout().shape().clone()));
        }
        if let Some(x) = x {
            let channels = width / window.kernel;
            let dcolumns = product(grad, matrix(&weight, outputs, width));
            let dx = with(&dcolumns, |columns| kernels::fold(columns, length, channels, window));
            grads.register::<Flex>(x.id, tensor(dx, [batch, length, channels]));
        }
    }
}

#[derive(Debug)]
struct ConvTranspose1d;

impl Backward<Flex, 2> for ConvTranspose1d {
    /// Input, weight, stride and padding.
    type State = (FlexTensor, FlexTensor, usize, usize);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let (input, weight, stride, padding) = ops.state;
        let (window, inputs, width) = conv_window(&weight, stride, padding);
        let [batch, windows, _] = dims(&input);
        let (columns, _) = columns(&grad, window);
        let [x, w] = ops.parents;
        if let Some(w) = w {
            let input = matrix(&input, batch * windows, inputs);
            let dw = product(transposed(input), columns.clone());
            grads.register::<Flex>(w.id, dw.reshape(weight.layout().shape().clone()));
        }
        if let Some(x) = x {
            let dx = product(columns, transposed(matrix(&weight, inputs, width)));
            grads.register::<Flex>(x.id, dx.reshape([batch, windows, inputs].into()));
        }
    }
}

#[derive(Debug)]
struct AddRow;

impl Backward<Flex, 2> for AddRow {
    /// Width of the row.
    type State = usize;

    fn backward(self, ops: Ops<usize, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let [x, row] = ops.parents;
        if let Some(row) = row {
            let sums = with(&grad, |grad| kernels::sum_rows(grad, ops.state));
            grads.register::<Flex>(row.id, tensor(sums, [ops.state]));
        }
        if let Some(x) = x {
            grads.register::<Flex>(x.id, grad);
        }
    }
}

/// With `N` inputs: four, or five with FiLM.
#[derive(Debug)]
struct NormMish<const N: usize>;

impl<const N: usize> Backward<Flex, N> for NormMish<N> {
    /// Inputs, groups and ε.
    type State = ([FlexTensor; N], usize, f64);

    fn backward(self, ops: Ops<Self::State, N>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<Flex>(&ops.node);
        let (inputs, groups, epsilon) = ops.state;
        let NormMishGrads {
            x,
            bias,
            gamma,
            beta,
            film,
        } = normed(&inputs, groups, epsilon, |norm| with(&grad, |grad| norm.backward(grad)));
        let values = [x, bias, gamma, beta, film];
        for ((parent, values), input) in ops.parents.into_iter().zip(values).zip(&inputs) {
            if let Some(parent) = parent {
                let values = TensorData::new(values, input.layout().shape().clone());
                grads.register::<Flex>(parent.id, FlexTensor::from_data(values));
            }
        }
    }
}

#[expect(
    clippy::redundant_closure_for_method_calls,
    reason = "Burn does not export the name of the type"
)]
fn norm_mish_diff<const N: usize, C: CheckpointStrategy>(
    inputs: [FloatTensor<Diff<C>>; N],
    groups: usize,
    epsilon: f64,
) -> FloatTensor<Diff<C>> {
    let nodes = inputs.each_ref().map(|input| input.node());
    let inputs = inputs.map(|input| input.into_primitive());
    let y = norm_mish(&inputs, groups, epsilon);
    match NormMish::<N>.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish((inputs, groups, epsilon), y),
        OpsKind::UnTracked(prep) => prep.finish(y),
    }
}

impl<C: CheckpointStrategy> TemporalOps for Diff<C> {
    fn conv1d(x: FloatTensor<Self>, weight: FloatTensor<Self>, stride: usize, padding: usize) -> FloatTensor<Self> {
        let prepared = Conv1d
            .prepare::<C>([x.node(), weight.node()])
            .compute_bound()
            .stateful();
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let length = dims::<2>(&x)[1];
        let (y, columns) = conv1d(&x, &weight, stride, padding);
        match prepared {
            OpsKind::Tracked(prep) => prep.finish((columns, weight, length, stride, padding), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn conv_transpose1d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self> {
        let prepared = ConvTranspose1d
            .prepare::<C>([x.node(), weight.node()])
            .compute_bound()
            .stateful();
        let (x, weight) = (x.into_primitive(), weight.into_primitive());
        let y = conv_transpose1d(&x, &weight, stride, padding);
        match prepared {
            OpsKind::Tracked(prep) => prep.finish((x, weight, stride, padding), y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn add_row(x: FloatTensor<Self>, row: FloatTensor<Self>) -> FloatTensor<Self> {
        let prepared = AddRow.prepare::<C>([x.node(), row.node()]).compute_bound().stateful();
        let (x, row) = (x.into_primitive(), row.into_primitive());
        let [width] = dims(&row);
        let y = <Flex as TemporalOps>::add_row(x, row);
        match prepared {
            OpsKind::Tracked(prep) => prep.finish(width, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }

    fn norm_mish(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        norm_mish_diff::<4, C>([x, bias, gamma, beta], groups, epsilon)
    }

    fn norm_mish_film(
        x: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        gamma: FloatTensor<Self>,
        beta: FloatTensor<Self>,
        film: FloatTensor<Self>,
        groups: usize,
        epsilon: f64,
    ) -> FloatTensor<Self> {
        norm_mish_diff::<5, C>([x, bias, gamma, beta, film], groups, epsilon)
    }
}
