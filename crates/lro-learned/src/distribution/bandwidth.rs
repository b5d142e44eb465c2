//! How far each sample is smoothed.

use super::interval::Sample;

/// Sets the bandwidth of samples in ascending order: `sqrt(h^2 + spread^2)`, where h is a share of the distance to the
/// k-th nearest neighbour, k the square root of their number (Loftsgaarden and Quesenberry 1965; Breiman, Meisel and
/// Purcell 1977).
///
/// The rule of thumb `1.06 sigma n^(-1/5)` caps h, and is h for fewer than four samples; sigma is shrunk towards what
/// is supposed of a kind before anything is known of it.
pub(crate) fn set_bandwidths(samples: &mut [Sample]) {
    let count = samples.len();
    let n = count as f64;
    let mean = samples.iter().map(|sample| sample.at).sum::<f64>() / n;
    let squares: f64 = samples.iter().map(|sample| (sample.at - mean).powi(2)).sum();
    let cap = 1.06 * ((PRIOR_SD * PRIOR_SD + squares) / n).sqrt() * n.powf(-0.2);
    let neighbours = n.sqrt().ceil() as usize;

    for index in 0..count {
        let own = if count < 4 {
            cap
        } else {
            (SHARE * distance(samples, index, neighbours)).max(NARROWEST).min(cap)
        };
        samples[index].band = own.hypot(samples[index].spread);
    }
}

/// The distance from a sample to its k-th nearest neighbour, of samples in ascending order.
fn distance(samples: &[Sample], index: usize, k: usize) -> f64 {
    let at = samples[index].at;
    let mut before = samples[..index].iter().rev().map(|sample| at - sample.at).peekable();
    let mut after = samples[index + 1..].iter().map(|sample| sample.at - at).peekable();
    let mut distance = 0.0;
    for _ in 0..k {
        let nearest = match (before.peek(), after.peek()) {
            (Some(left), Some(right)) if left < right => before.next(),
            (Some(_), None) => before.next(),
            _ => after.next(),
        };
        distance = nearest.unwrap_or(distance);
    }
    distance
}

/// The deviation, in ln of seconds, supposed of a kind of which nothing is known.
const PRIOR_SD: f64 = 0.5;
const SHARE: f64 = 0.7;
/// In ln of seconds: a five-hundredth of the duration.
const NARROWEST: f64 = 2e-3;
