//! The convolutions as operations of Burn's CPU backend, with and without differentiation.

use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Autodiff, Backend, Flex, backend_extension};

use super::kernels::{self, Window};
use crate::flex::{dims, tensor, with};

/// Convolutions without bias, and the addition of a bias; shapes are those of the functions in the parent module.
#[backend_extension(Flex, Autodiff)]
pub trait Conv1dOps: Backend {
    /// Cross-correlation of `[batch, length, inputs]` with weights `[outputs, inputs, kernel]`.
    fn conv1d(x: FloatTensor<Self>, weight: FloatTensor<Self>, stride: usize, padding: usize) -> FloatTensor<Self>;

    /// Transposed convolution of `[batch, length, inputs]` with weights `[inputs, outputs, kernel]`.
    fn conv_transpose1d(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        stride: usize,
        padding: usize,
    ) -> FloatTensor<Self>;

    /// Adds a row `[width]` to `[…, width]`.
    fn add_row(x: FloatTensor<Self>, row: FloatTensor<Self>) -> FloatTensor<Self>;
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

/// Unfolded columns of every window, and the number of windows.
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

/// Returns the result, and the columns that it was computed from.
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

impl Conv1dOps for Flex {
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

impl<C: CheckpointStrategy> Conv1dOps for Diff<C> {
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
        let y = <Flex as Conv1dOps>::add_row(x, row);
        match prepared {
            OpsKind::Tracked(prep) => prep.finish(width, y),
            OpsKind::UnTracked(prep) => prep.finish(y),
        }
    }
}
