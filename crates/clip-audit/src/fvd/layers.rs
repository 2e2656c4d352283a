//! Convolution and pooling with TensorFlow's padding "SAME", which I3D was trained with.

use super::FvdError;
use burn::tensor::module::{conv3d, max_pool2d};
use burn::tensor::ops::{ConvOptions, MaxPoolOptions, PadMode};
use burn::tensor::{Device, Tensor, TensorData};
use nn_kit::Checkpoint;

/// Epsilon of the batch normalization.
const EPSILON: f32 = 1e-3;

/// A convolution with a folded batch normalization, followed by a ReLU.
#[derive(Clone, Debug)]
pub(crate) struct Unit {
    weight: Tensor<5>,
    bias: Tensor<1>,
    stride: usize,
}

impl Unit {
    /// `name.conv3d.weight` and `name.bn.*` of the published file; `channels` in and out.
    pub(crate) fn load(
        file: &Checkpoint,
        name: &str,
        channels: [usize; 2],
        kernel: usize,
        stride: usize,
        device: &Device,
    ) -> Result<Self, FvdError> {
        let [before, after] = channels;
        let weight = values(
            file,
            &format!("{name}.conv3d.weight"),
            &[after, before, kernel, kernel, kernel],
        )?;
        let of = |part: &str| values(file, &format!("{name}.bn.{part}"), &[after]);
        let [gain, shift, mean, variance] = [of("weight")?, of("bias")?, of("running_mean")?, of("running_var")?];
        let scales: Vec<f32> = gain
            .iter()
            .zip(&variance)
            .map(|(g, v)| g / (v + EPSILON).sqrt())
            .collect();
        let each = before * kernel.pow(3);
        let scaled = weight.chunks_exact(each).zip(&scales);
        let weight: Vec<f32> = scaled
            .flat_map(|(row, scale)| row.iter().map(move |w| w * scale))
            .collect();
        let bias: Vec<f32> = (0..after).map(|i| shift[i] - mean[i] * scales[i]).collect();
        Ok(Self {
            weight: Tensor::from_data(TensorData::new(weight, [after, before, kernel, kernel, kernel]), device),
            bias: Tensor::from_data(TensorData::new(bias, [after]), device),
            stride,
        })
    }

    /// `[batch, channels, frames, rows, columns]`.
    pub(crate) fn forward(&self, x: Tensor<5>) -> Tensor<5> {
        let [_, _, kernel, _, _] = self.weight.dims();
        let x = same(x, [kernel; 3], [self.stride; 3]);
        let options = ConvOptions::new([self.stride; 3], [0; 3], [1; 3], 1);
        let out = conv3d(x, self.weight.clone(), Some(self.bias.clone()), options);
        burn::tensor::activation::relu(out)
    }
}

/// Reads a tensor of this shape from the file.
pub(crate) fn values(file: &Checkpoint, name: &str, expected: &[usize]) -> Result<Vec<f32>, FvdError> {
    let data = file.values(name)?;
    let found = data.shape().to_vec();
    match data.try_to_vec::<f32>() {
        Ok(values) if found == expected => Ok(values),
        _ => Err(FvdError::Shape {
            name: name.to_owned(),
            found,
            expected: expected.to_vec(),
        }),
    }
}

/// Pads frames, rows and columns with zeros so that ⌈size / stride⌉ positions remain; an odd zero is appended at the
/// end.
fn same(x: Tensor<5>, kernel: [usize; 3], stride: [usize; 3]) -> Tensor<5> {
    let dims = x.dims();
    let pairs: [(usize, usize); 3] = std::array::from_fn(|i| {
        let size = dims[i + 2];
        let needed = ((size.div_ceil(stride[i]) - 1) * stride[i] + kernel[i]).saturating_sub(size);
        (needed / 2, needed - needed / 2)
    });
    if pairs == [(0, 0); 3] {
        return x;
    }
    x.pad(pairs, PadMode::Constant(0.0))
}

/// Max pooling over rows and columns, then over frames, with "SAME" padding. Values after a ReLU are not negative, so
/// the padding zeros do not change the maximum.
pub(crate) fn pool(x: Tensor<5>, kernel: [usize; 3], stride: [usize; 3]) -> Tensor<5> {
    let x = same(x, kernel, stride);
    let [batch, channels, frames, rows, columns] = x.dims();
    let flat = x.reshape([batch, channels * frames, rows, columns]);
    let flat = max_pool2d(
        flat,
        MaxPoolOptions::new([kernel[1], kernel[2]]).with_stride([stride[1], stride[2]]),
    );
    let [_, _, rows, columns] = flat.dims();
    if kernel[0] == 1 && stride[0] == 1 {
        return flat.reshape([batch, channels, frames, rows, columns]);
    }
    let flat = flat.reshape([batch, channels, frames, rows * columns]);
    let flat = max_pool2d(flat, MaxPoolOptions::new([kernel[0], 1]).with_stride([stride[0], 1]));
    let [_, _, frames, _] = flat.dims();
    flat.reshape([batch, channels, frames, rows, columns])
}
