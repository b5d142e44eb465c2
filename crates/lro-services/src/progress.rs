//! The share of the work that is done, from the fields of metadata that the table names.

use lro::Any;
use serde_json::Value;

/// Returns the share from the first of these fields that has it.
///
/// A field is a path with dots, such as `progress.percentDone`, and its value is a number from 0 to 100. `[]` behind a part
/// means a list, whose mean is the share. `:work` behind a path means an object with the completed and the estimated work.
pub(crate) fn share(fields: &str, metadata: &Any) -> Option<f64> {
    if fields.is_empty() {
        return None;
    }
    let metadata: Value = serde_json::from_str(metadata.as_json()?).ok()?;
    let share = fields.split(' ').find_map(|field| match field.split_once(':') {
        Some((path, _)) => worked(value(&metadata, path)?),
        None => match field.strip_suffix(METRICS) {
            Some(path) => measured(value(&metadata, path)?.get("metrics")?.as_array()?),
            None => percent(&metadata, field).map(|percent| percent / 100.0),
        },
    })?;
    share.is_finite().then_some(share.clamp(0.0, 1.0))
}

/// Returns the number at a path, or the mean of those in a list.
fn percent(from: &Value, path: &str) -> Option<f64> {
    let Some((list, rest)) = path.split_once("[].") else {
        return number(value(from, path)?);
    };
    let list = value(from, list)?.as_array()?;
    // proto3 JSON leaves a zero out.
    let sum: f64 = list.iter().map(|item| percent(item, rest).unwrap_or_default()).sum();
    (!list.is_empty()).then(|| sum / list.len() as f64)
}

/// Returns the share of an object with the completed and the estimated work. Datastore and Firestore name them differently.
fn worked(work: &Value) -> Option<f64> {
    let of = |names: [&str; 2]| names.into_iter().find_map(|name| number(member(work, name)?));
    let estimated = of(["estimatedWork", "workEstimated"]).filter(|estimated| *estimated > 0.0)?;
    Some(of(["completedWork", "workCompleted"]).unwrap_or_default() / estimated)
}

/// Returns the share of two metrics of Kubernetes Engine, such as `nodes done` and `nodes total`.
fn measured(metrics: &[Value]) -> Option<f64> {
    let of = |name: &str| {
        let metric = metrics.iter().find(|metric| metric["name"] == name)?;
        ["intValue", "doubleValue"].into_iter().find_map(|kind| number(&metric[kind]))
    };
    metrics.iter().filter_map(|metric| metric["name"].as_str()).find_map(|name| {
        let (done, total) = match name.strip_suffix(" done") {
            Some(what) => (name, format!("{what} total")),
            None => (name, format!("{name} scale")),
        };
        of(&total).filter(|total| *total > 0.0).map(|total| of(done).unwrap_or_default() / total)
    })
}

fn value<'a>(from: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(from, member)
}

/// Returns a member by its `lowerCamelCase` or its `snake_case` name.
fn member<'a>(from: &'a Value, name: &str) -> Option<&'a Value> {
    from.get(name).or_else(|| {
        let snake = |letter: char| {
            let mark = if letter.is_ascii_uppercase() { "_" } else { "" };
            mark.chars().chain([letter.to_ascii_lowercase()])
        };
        from.get(name.chars().flat_map(snake).collect::<String>())
    })
}

/// Returns a number, which proto3 JSON writes as text if it has 64 bits.
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| value.as_str()?.parse().ok())
}

/// The metrics of Kubernetes Engine, whose names say what they measure.
const METRICS: &str = ".metrics[]";
