//! Convolutions with U unfolded and Burn's matrix product: large and odd maps.
//!
//! A few images are unfolded at a time, so that U stays in the cache and has enough columns for fast products: large
//! maps one by one, small ones together. The grouping of images and the order of sums follow from the shapes, so
//! results are bit-identical for any number of threads.

use std::ops::Range;

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{DType, Shape};
use rayon::prelude::*;

use super::geometry::{COLUMNS, Geometry, take_every};
use crate::flex::tensor;

/// Maximum number of partial sums of the weight gradient.
const PARTS: usize = 8;

impl Geometry {
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
        tensor(matrix, [self.outputs, columns])
    }
}

fn zeros(shape: &[usize]) -> FlexTensor {
    FlexTensor::zeros(Shape::from(shape.to_vec()), DType::F32)
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

/// Y, `[batch, outputs, height, width]`; the weights as a matrix.
pub(super) fn forward(x: &[f32], weight: &FlexTensor, bias: Option<&[f32]>, geometry: Geometry) -> Vec<f32> {
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

/// ∂W, `[outputs, rows of U]`.
pub(super) fn weight_gradient(x: &[f32], grad: &FlexTensor, geometry: Geometry) -> Vec<f32> {
    let groups = geometry.groups();
    let part = groups.div_ceil(PARTS);
    let parts: Vec<FlexTensor> = (0..groups.div_ceil(part))
        .into_par_iter()
        .map(|index| {
            let mut unfolded = Unfolded(None);
            let mut sum: Option<FlexTensor> = None;
            for group in index * part..((index + 1) * part).min(groups) {
                let u = unfolded.fill(geometry, group, x);
                let product = Flex::float_matmul(geometry.output_gradient(group, grad), u.transpose(0, 1));
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
    sum.storage::<f32>().to_vec()
}

fn added(mut sum: FlexTensor, other: &FlexTensor) -> FlexTensor {
    for (sum, other) in sum.storage_mut::<f32>().iter_mut().zip(other.storage::<f32>()) {
        *sum += *other;
    }
    sum
}

/// ∂X, `[batch, inputs, height, width]`; the weights as a matrix.
pub(super) fn input_gradient(weight: &FlexTensor, grad: &FlexTensor, geometry: Geometry) -> Vec<f32> {
    let weight = weight.transpose(0, 1);
    let (plane, positions, taps) = (geometry.plane(), geometry.positions(), geometry.taps());
    let image = geometry.inputs * plane;
    let mut x = vec![0.0_f32; geometry.batch * image];
    x.par_chunks_mut(geometry.group() * image)
        .enumerate()
        .for_each(|(group, x)| {
            let mut u = Flex::float_matmul(weight.clone(), geometry.output_gradient(group, grad));
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
    x
}
