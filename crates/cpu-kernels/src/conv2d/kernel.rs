//! Convolution kernels. With U the unfolded input (a row for each channel and kernel position, a column for each output
//! position) and W the weights as a matrix:
//!
//! forward Y = W·U, weight gradient ∂W = Σ ∂Y·Uᵀ over the images, input gradient ∂X = fold(Wᵀ·∂Y). If the size is kept
//! and the maps are large, ∂X is the convolution of ∂Y with the rotated weights, which needs no folding.
//!
//! A few images are unfolded at a time, so that U stays in the cache and has enough columns for fast products: large
//! maps one by one, small ones together. The grouping of images and the order of sums follow from the shapes, so
//! results are bit-identical for any number of threads.

use std::ops::Range;

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{DType, Shape, TensorData};
use rayon::prelude::*;

use super::direct::Direct;

/// Number of columns of U at which a product runs at full speed.
const COLUMNS: usize = 512;

/// Largest U, in values (64 MiB); larger layers are left to Burn.
const LARGEST: usize = 1 << 24;

/// Maximum number of partial sums of the weight gradient.
const PARTS: usize = 8;

/// Shapes of one convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    pub(super) batch: usize,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    /// Height and width of the input.
    pub(super) size: [usize; 2],
    /// Height and width of the output.
    pub(super) out: [usize; 2],
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: [usize; 2],
}

impl Geometry {
    /// Returns `None` if the input, weights and kernel do not fit together, or U would be too large.
    pub(super) fn new(x: [usize; 4], weight: [usize; 4], stride: [usize; 2], padding: [usize; 2]) -> Option<Self> {
        let [batch, inputs, height, width] = x;
        let [outputs, expected, tall, wide] = weight;
        let length = |size: usize, kernel: usize, stride: usize, padding: usize| {
            Some((size + 2 * padding).checked_sub(kernel)? / stride + 1)
        };
        let geometry = Self {
            batch,
            inputs,
            outputs,
            size: [height, width],
            out: [
                length(height, tall, stride[0], padding[0])?,
                length(width, wide, stride[1], padding[1])?,
            ],
            kernel: [tall, wide],
            stride,
            padding,
        };
        let fits = inputs == expected && x.iter().chain(&weight).all(|&n| n > 0);
        (fits && geometry.rows() * geometry.group() * geometry.positions() <= LARGEST).then_some(geometry)
    }

    /// Number of rows of U.
    pub(super) fn rows(&self) -> usize {
        self.inputs * self.taps()
    }

    /// Number of kernel positions.
    pub(super) fn taps(&self) -> usize {
        self.kernel[0] * self.kernel[1]
    }

    /// Number of output positions per image.
    pub(super) fn positions(&self) -> usize {
        self.out[0] * self.out[1]
    }

    /// Number of values per input channel.
    pub(super) fn plane(&self) -> usize {
        self.size[0] * self.size[1]
    }

    /// Number of images that are unfolded together.
    fn group(&self) -> usize {
        COLUMNS.div_ceil(self.positions()).min(self.batch)
    }

    fn groups(&self) -> usize {
        self.batch.div_ceil(self.group())
    }

    /// The images of a group.
    fn images(&self, group: usize) -> Range<usize> {
        let first = group * self.group();
        first..(first + self.group()).min(self.batch)
    }

    /// Returns true if the output has the size of the input and stride 1, so that each output plane is a shifted input
    /// plane.
    fn keeps_size(&self) -> bool {
        self.stride == [1, 1] && self.out == self.size
    }

    /// Output columns whose input column lies within the image for the kernel's column `kx`.
    pub(super) fn inside(&self, kx: usize) -> Range<usize> {
        let first = self.padding[1].saturating_sub(kx).div_ceil(self.stride[1]);
        let end = (self.size[1] + self.padding[1])
            .saturating_sub(kx)
            .div_ceil(self.stride[1])
            .min(self.out[1]);
        first.min(end)..end
    }

    /// Input row of output row `oy` for the kernel's row `ky`, if it is not padding.
    fn row(&self, oy: usize, ky: usize) -> Option<usize> {
        (oy * self.stride[0] + ky)
            .checked_sub(self.padding[0])
            .filter(|&iy| iy < self.size[0])
    }

    /// Offsets of a plane shifted by a kernel position: (start in the output, start in the input, length).
    fn moved(&self, ky: usize, kx: usize) -> (usize, usize, usize) {
        let width = self.size[1];
        let to = ky * width + kx;
        let from = self.padding[0] * width + self.padding[1];
        let (y, x) = (from.saturating_sub(to), to.saturating_sub(from));
        (
            y.min(self.plane()),
            x.min(self.plane()),
            self.plane().saturating_sub(y.max(x)),
        )
    }

    /// Clears the row ends of a shifted plane, which wrapped around from neighboring rows.
    fn clear_ends(&self, kx: usize, plane: &mut [f32]) {
        let (inside, width) = (self.inside(kx), self.out[1]);
        // Column by column, as there are few and rows are short.
        for column in (0..inside.start).chain(inside.end..width) {
            for number in plane[column..].iter_mut().step_by(width) {
                *number = 0.0;
            }
        }
    }

    /// Writes one row of U for one image: the input plane as seen from the kernel position (ky, kx).
    fn unfold_plane(&self, tap: usize, x: &[f32], u: &mut [f32]) {
        let (ky, kx) = (tap / self.kernel[1], tap % self.kernel[1]);
        if self.keeps_size() {
            let (to, from, length) = self.moved(ky, kx);
            u[..to].fill(0.0);
            u[to..to + length].copy_from_slice(&x[from..from + length]);
            u[to + length..].fill(0.0);
            self.clear_ends(kx, u);
            return;
        }
        let (inside, stride) = (self.inside(kx), self.stride[1]);
        for (oy, u) in u.chunks_exact_mut(self.out[1]).enumerate() {
            let Some(iy) = self.row(oy, ky).filter(|_| !inside.is_empty()) else {
                u.fill(0.0);
                continue;
            };
            u[..inside.start].fill(0.0);
            u[inside.end..].fill(0.0);
            let x = &x[iy * self.size[1] + inside.start * stride + kx - self.padding[1]..];
            take_every(stride, x, &mut u[inside.clone()]);
        }
    }

    /// Adds one row of U to the input plane that it was unfolded from.
    fn fold_plane(&self, tap: usize, u: &mut [f32], x: &mut [f32]) {
        let (ky, kx) = (tap / self.kernel[1], tap % self.kernel[1]);
        if self.keeps_size() {
            self.clear_ends(kx, u);
            let (to, from, length) = self.moved(ky, kx);
            for (x, u) in x[from..from + length].iter_mut().zip(&u[to..to + length]) {
                *x += *u;
            }
            return;
        }
        let (inside, stride) = (self.inside(kx), self.stride[1]);
        for (oy, u) in u.chunks_exact(self.out[1]).enumerate() {
            let Some(iy) = self.row(oy, ky).filter(|_| !inside.is_empty()) else {
                continue;
            };
            let x = &mut x[iy * self.size[1] + inside.start * stride + kx - self.padding[1]..];
            for (x, u) in x.iter_mut().step_by(stride).zip(&u[inside.clone()]) {
                *x += *u;
            }
        }
    }

    /// U of the images of a group, `[rows, images · positions]`.
    fn unfold(&self, group: usize, x: &[f32], u: &mut [f32]) {
        let (images, positions, plane) = (self.images(group), self.positions(), self.plane());
        let columns = images.len() * positions;
        u.par_chunks_exact_mut(self.taps() * columns)
            .with_min_len(16)
            .enumerate()
            .for_each(|(channel, u)| {
                for (tap, u) in u.chunks_exact_mut(columns).enumerate() {
                    for (image, u) in images.clone().zip(u.chunks_exact_mut(positions)) {
                        let at = (image * self.inputs + channel) * plane;
                        self.unfold_plane(tap, &x[at..at + plane], u);
                    }
                }
            });
    }

    /// ∂Y of the images of a group as a matrix `[outputs, images · positions]`.
    fn output_gradient(&self, group: usize, grad: &FlexTensor) -> FlexTensor {
        let (images, positions) = (self.images(group), self.positions());
        let image = self.outputs * positions;
        if images.len() == 1 {
            let (shape, offset) = ([self.outputs, positions], images.start * image);
            let layout = Layout::new(Shape::from(shape), vec![positions as isize, 1], offset);
            return grad.clone().with_layout(layout);
        }
        let grad: &[f32] = grad.storage();
        let columns = images.len() * positions;
        let mut matrix = vec![0.0; self.outputs * columns];
        matrix
            .par_chunks_exact_mut(columns)
            .enumerate()
            .for_each(|(output, row)| {
                for (image_index, row) in images.clone().zip(row.chunks_exact_mut(positions)) {
                    let at = image_index * image + output * positions;
                    row.copy_from_slice(&grad[at..at + positions]);
                }
            });
        tensor(matrix, &[self.outputs, columns])
    }
}

/// Takes every `stride`-th value.
pub(super) fn take_every(stride: usize, from: &[f32], to: &mut [f32]) {
    match (stride, to.split_last_mut()) {
        // The compiler vectorizes pairs; the last one may be incomplete.
        (2, Some((last, to))) => {
            *last = from[2 * to.len()];
            for (to, [first, _]) in to.iter_mut().zip(from.as_chunks::<2>().0) {
                *to = *first;
            }
        }
        _ => {
            for (to, from) in to.iter_mut().zip(from.iter().step_by(stride)) {
                *to = *from;
            }
        }
    }
}

/// Makes a tensor contiguous, with its storage starting at its first value.
fn contiguous(x: &FlexTensor) -> FlexTensor {
    if x.is_contiguous() && x.layout().start_offset() == 0 {
        return x.clone();
    }
    let x = x.to_contiguous();
    match x.as_slice::<f32>() {
        Some(values) if x.layout().start_offset() != 0 => tensor(values.to_vec(), x.layout().shape()),
        _ => x,
    }
}

fn tensor(values: Vec<f32>, shape: &[usize]) -> FlexTensor {
    FlexTensor::from_data(TensorData::new(values, Shape::from(shape.to_vec())))
}

fn zeros(shape: &[usize]) -> FlexTensor {
    FlexTensor::zeros(Shape::from(shape.to_vec()), DType::F32)
}

/// The weights as a matrix `[outputs, rows]`.
fn matrix(weight: &FlexTensor, geometry: Geometry) -> FlexTensor {
    contiguous(weight).reshape(Shape::from([geometry.outputs, geometry.rows()]))
}

/// Buffer for U that one worker reuses.
struct Unfolded(Option<FlexTensor>);

impl Unfolded {
    fn fill(&mut self, geometry: Geometry, group: usize, x: &[f32]) -> FlexTensor {
        let shape = [geometry.rows(), geometry.images(group).len() * geometry.positions()];
        let kept = self.0.take().filter(|kept| kept.layout().shape().to_vec() == shape);
        let mut u = kept.unwrap_or_else(|| zeros(&shape));
        geometry.unfold(group, x, u.storage_mut());
        self.0 = Some(u.clone());
        u
    }
}

/// Computes Y, `[batch, outputs, height, width]`.
pub(super) fn forward(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: Option<&FlexTensor>,
    geometry: Geometry,
) -> FlexTensor {
    let (x, weight, bias) = (contiguous(x), matrix(weight, geometry), bias.map(contiguous));
    let x: &[f32] = x.storage();
    let bias: Option<&[f32]> = bias.as_ref().map(FlexTensor::storage);
    let y = match Direct::new(geometry) {
        Some(direct) => direct.forward(x, weight.storage(), bias),
        None => unfolded_forward(x, &weight, bias, geometry),
    };
    tensor(y, &[geometry.batch, geometry.outputs, geometry.out[0], geometry.out[1]])
}

fn unfolded_forward(x: &[f32], weight: &FlexTensor, bias: Option<&[f32]>, geometry: Geometry) -> Vec<f32> {
    let (outputs, positions) = (geometry.outputs, geometry.positions());
    let mut y = vec![0.0_f32; geometry.batch * outputs * positions];
    y.par_chunks_mut(geometry.group() * outputs * positions)
        .enumerate()
        .for_each_init(
            || Unfolded(None),
            |unfolded, (group, y)| {
                let u = unfolded.fill(geometry, group, x);
                let product = Flex::float_matmul(weight.clone(), u);
                let product: &[f32] = product.storage();
                let columns = y.len() / outputs;
                for (image, y) in y.chunks_exact_mut(outputs * positions).enumerate() {
                    let rows = y.chunks_exact_mut(positions).zip(product.chunks_exact(columns));
                    for (output, (y, row)) in rows.enumerate() {
                        let row = &row[image * positions..(image + 1) * positions];
                        match bias {
                            Some(bias) => y.iter_mut().zip(row).for_each(|(y, x)| *y = x + bias[output]),
                            None => y.copy_from_slice(row),
                        }
                    }
                }
            },
        );
    y
}

/// Computes the gradient of the bias, `[outputs]`: image by image, in order.
pub(super) fn bias_gradient(grad: &FlexTensor, geometry: Geometry) -> FlexTensor {
    let grad = contiguous(grad);
    let grad: &[f32] = grad.storage();
    let (outputs, positions) = (geometry.outputs, geometry.positions());
    let mut sums = vec![0.0_f32; geometry.batch * outputs];
    sums.par_chunks_mut(outputs)
        .zip(grad.par_chunks(outputs * positions))
        .for_each(|(sums, grad)| {
            for (sum, grad) in sums.iter_mut().zip(grad.chunks_exact(positions)) {
                let (lanes, rest) = grad.as_chunks::<16>();
                let mut parts = [0.0_f32; 16];
                for lanes in lanes {
                    for i in 0..16 {
                        parts[i] += lanes[i];
                    }
                }
                *sum = parts.iter().chain(rest).sum();
            }
        });
    let (total, others) = sums.split_at_mut(outputs);
    for image in others.chunks_exact(outputs) {
        for (total, x) in total.iter_mut().zip(image) {
            *total += x;
        }
    }
    tensor(total.to_vec(), &[outputs])
}

/// Computes ∂W, with the shape of the weights.
pub(super) fn weight_gradient(x: &FlexTensor, grad: &FlexTensor, geometry: Geometry) -> FlexTensor {
    let (x, grad) = (contiguous(x), contiguous(grad));
    let x: &[f32] = x.storage();
    let [tall, wide] = geometry.kernel;
    if let Some(direct) = Direct::new(geometry) {
        let sum = direct.weight_gradient(x, grad.storage());
        return tensor(sum, &[geometry.outputs, geometry.inputs, tall, wide]);
    }
    let groups = geometry.groups();
    let part = groups.div_ceil(PARTS);
    let parts: Vec<FlexTensor> = (0..groups.div_ceil(part))
        .into_par_iter()
        .map(|index| {
            let mut unfolded = Unfolded(None);
            let mut sum: Option<FlexTensor> = None;
            for group in index * part..((index + 1) * part).min(groups) {
                let u = unfolded.fill(geometry, group, x);
                let product = Flex::float_matmul(geometry.output_gradient(group, &grad), u.transpose(0, 1));
                sum = Some(match sum {
                    Some(sum) => added(sum, &product),
                    None => product,
                });
            }
            sum.unwrap_or_else(|| zeros(&[geometry.outputs, geometry.rows()]))
        })
        .collect();
    let sum = parts.into_iter().reduce(|sum, part| added(sum, &part));
    let sum = sum.unwrap_or_else(|| zeros(&[geometry.outputs, geometry.rows()]));
    sum.reshape(Shape::from([geometry.outputs, geometry.inputs, tall, wide]))
}

/// W with inputs and outputs swapped and each kernel rotated by 180°.
fn turned_round(weight: &FlexTensor, geometry: Geometry) -> FlexTensor {
    let (inputs, outputs, taps) = (geometry.inputs, geometry.outputs, geometry.taps());
    let weight = contiguous(weight);
    let weight: &[f32] = weight.storage();
    let mut turned = Vec::with_capacity(inputs * outputs * taps);
    for input in 0..inputs {
        for output in 0..outputs {
            let at = (output * inputs + input) * taps;
            turned.extend(weight[at..at + taps].iter().rev());
        }
    }
    tensor(turned, &[inputs, outputs, geometry.kernel[0], geometry.kernel[1]])
}

fn added(mut sum: FlexTensor, other: &FlexTensor) -> FlexTensor {
    for (sum, other) in sum.storage_mut::<f32>().iter_mut().zip(other.storage::<f32>()) {
        *sum += *other;
    }
    sum
}

/// Computes ∂X, with the shape of the input.
pub(super) fn input_gradient(weight: &FlexTensor, grad: &FlexTensor, geometry: Geometry) -> FlexTensor {
    // Rotating the weights pays off if they are few compared with the positions where they are used.
    let direct = Direct::new(geometry).is_some();
    if geometry.keeps_size() && (direct || geometry.batch * geometry.positions() > 8 * geometry.outputs) {
        let turned = Geometry {
            inputs: geometry.outputs,
            outputs: geometry.inputs,
            ..geometry
        };
        return forward(grad, &turned_round(weight, geometry), None, turned);
    }
    let (weight, grad) = (matrix(weight, geometry).transpose(0, 1), contiguous(grad));
    let (plane, positions, taps) = (geometry.plane(), geometry.positions(), geometry.taps());
    let image = geometry.inputs * plane;
    let mut x = vec![0.0_f32; geometry.batch * image];
    x.par_chunks_mut(geometry.group() * image)
        .enumerate()
        .for_each(|(group, x)| {
            let mut u = Flex::float_matmul(weight.clone(), geometry.output_gradient(group, &grad));
            let columns = geometry.images(group).len() * positions;
            let u: &mut [f32] = u.storage_mut();
            for (channel, u) in u.chunks_exact_mut(taps * columns).enumerate() {
                for (tap, u) in u.chunks_exact_mut(columns).enumerate() {
                    for (index, u) in u.chunks_exact_mut(positions).enumerate() {
                        let at = index * image + channel * plane;
                        geometry.fold_plane(tap, u, &mut x[at..at + plane]);
                    }
                }
            }
        });
    let [height, width] = geometry.size;
    tensor(x, &[geometry.batch, geometry.inputs, height, width])
}
