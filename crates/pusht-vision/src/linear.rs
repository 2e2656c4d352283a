//! Linear algebra for the smoother.

pub(crate) type Vector<const N: usize> = [f64; N];
pub(crate) type Matrix<const N: usize> = [[f64; N]; N];

pub(crate) fn dot<const N: usize>(a: &Vector<N>, b: &Vector<N>) -> f64 {
    (0..N).map(|i| a[i] * b[i]).sum()
}

pub(crate) fn transpose<const N: usize>(m: &Matrix<N>) -> Matrix<N> {
    std::array::from_fn(|i| std::array::from_fn(|j| m[j][i]))
}

pub(crate) fn times<const N: usize>(m: &Matrix<N>, v: &Vector<N>) -> Vector<N> {
    m.map(|row| dot(&row, v))
}

pub(crate) fn transposed_times<const N: usize>(m: &Matrix<N>, v: &Vector<N>) -> Vector<N> {
    times(&transpose(m), v)
}

/// Mᵀ S M.
pub(crate) fn congruent<const N: usize>(m: &Matrix<N>, s: &Matrix<N>) -> Matrix<N> {
    let columns = transpose(m);
    columns.map(|left| {
        let left = times(&transpose(s), &left);
        columns.map(|right| dot(&left, &right))
    })
}
