//! A recorder of metrics that keeps what was published.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard},
};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder,
    SharedString, Unit,
};

/// Keeps all values by their series, such as `lro_polls_total{code="OK",kind="jobs",service="jobs.example.com"}`. The labels
/// are in alphabetical order.
#[derive(Clone, Debug, Default)]
pub struct Published(Arc<Mutex<BTreeMap<String, Vec<f64>>>>);

struct Cell {
    all: Published,
    series: String,
}

impl Published {
    /// Returns the value of a counter or a gauge. Zero for a series that was not published.
    pub fn value(&self, series: &str) -> f64 {
        self.values(series).last().copied().unwrap_or(0.0)
    }

    /// Returns the values of a histogram, in the order in which they came, or what a counter or a gauge was one after the
    /// other.
    pub fn values(&self, series: &str) -> Vec<f64> {
        self.lock().get(series).cloned().unwrap_or_default()
    }

    /// Returns all series.
    pub fn series(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Vec<f64>>> {
        self.0.lock().unwrap()
    }

    fn cell(&self, key: &Key) -> Arc<Cell> {
        let mut labels: Vec<_> =
            key.labels().map(|label| format!("{}={:?}", label.key(), label.value())).collect();
        labels.sort();
        let series = format!("{}{{{}}}", key.name(), labels.join(","));
        Arc::new(Cell { all: self.clone(), series })
    }
}

impl Cell {
    fn add(&self, next: impl FnOnce(f64) -> f64) {
        let mut all = self.all.lock();
        let values = all.entry(self.series.clone()).or_default();
        values.push(next(values.last().copied().unwrap_or(0.0)));
    }
}

impl Recorder for Published {
    fn describe_counter(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_gauge(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}
    fn describe_histogram(&self, _: KeyName, _: Option<Unit>, _: SharedString) {}

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.cell(key))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.cell(key))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.cell(key))
    }
}

impl CounterFn for Cell {
    fn increment(&self, value: u64) {
        self.add(|before| before + value as f64);
    }

    fn absolute(&self, value: u64) {
        self.add(|before| before.max(value as f64));
    }
}

impl GaugeFn for Cell {
    fn increment(&self, value: f64) {
        self.add(|before| before + value);
    }

    fn decrement(&self, value: f64) {
        self.add(|before| before - value);
    }

    fn set(&self, value: f64) {
        self.add(|_| value);
    }
}

impl HistogramFn for Cell {
    fn record(&self, value: f64) {
        self.add(|_| value);
    }
}
