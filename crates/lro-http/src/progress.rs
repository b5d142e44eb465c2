//! The share of the work that is done, from fields of the metadata that are data.

use lro::{Any, Status};
use serde::Deserialize;
use serde_json::Value;

use crate::refusal::refused;

/// The fields of the metadata of an operation that have the share of the work that is done. The first with a number counts.
///
/// A field is a path with dots, such as `progress.percentDone`. Its parts are names in `lowerCamelCase`; those in
/// `snake_case` are found too.
///
/// | field | value |
/// |---|---|
/// | `progressPercent` | a number from 0 to 100 |
/// | `annotationProgress[].progressPercent` | a list of objects with such a number: the mean, in which an absent one is 0 |
/// | `progressBytes:work` | an object with the completed and the estimated work |
/// | `progress.metrics[]` | a list of metrics with names such as `nodes done` and `nodes total` |
///
/// ```
/// use lro::Any;
/// use lro_http::ProgressFields;
///
/// let fields = ProgressFields::parse(["progressBytes:work", "percent"])?;
/// let metadata = Any::from_json(r#"{"progressBytes": {"completedWork": "3", "estimatedWork": "4"}}"#)?;
/// assert_eq!(fields.share(&metadata), Some(0.75));
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Vec<String>")]
pub struct ProgressFields(Box<[Field]>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    path: String,
    measure: Measure,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Percent,
    Work,
    Metrics,
}

impl ProgressFields {
    /// Parses fields.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` for a path with an empty part, and for a text behind `:` other than `work`.
    pub fn parse<F: AsRef<str>>(fields: impl IntoIterator<Item = F>) -> Result<Self, Status> {
        fields.into_iter().map(|field| Field::parse(field.as_ref())).collect::<Result<_, _>>().map(Self)
    }

    /// Returns the share of the work that is done, from 0 to 1. `None` if no field has a number.
    pub fn share(&self, metadata: &Any) -> Option<f64> {
        // Most services have no field, and their metadata is not parsed.
        if self.0.is_empty() {
            return None;
        }
        if metadata.as_json()?.len() > LARGEST {
            return None;
        }
        let metadata: Value = metadata.decode().ok()?;
        let share = self.0.iter().find_map(|field| field.share(&metadata))?;
        share.is_finite().then_some(share.clamp(0.0, 1.0))
    }
}

impl TryFrom<Vec<String>> for ProgressFields {
    type Error = Status;

    fn try_from(fields: Vec<String>) -> Result<Self, Status> {
        Self::parse(fields)
    }
}

impl Field {
    fn parse(field: &str) -> Result<Self, Status> {
        let (path, measure) = match (field.strip_suffix(":work"), field.strip_suffix("[]")) {
            (Some(path), _) => (path, Measure::Work),
            (None, Some(path)) => (path, Measure::Metrics),
            (None, None) => (field, Measure::Percent),
        };
        let is_name = |name: &str| !name.is_empty() && !name.contains(['[', ']', ':']);
        // Only a percent may be one of a list.
        let list = if measure == Measure::Percent { "[]" } else { "" };
        if !path.split('.').all(|part| is_name(part.strip_suffix(list).unwrap_or(part))) {
            return Err(refused(format!(
                "not a field of progress: {field:?}: expected a path such as `progressPercent`"
            )));
        }
        Ok(Self { path: path.to_owned(), measure })
    }

    fn share(&self, metadata: &Value) -> Option<f64> {
        match self.measure {
            Measure::Percent => percent(metadata, &self.path).map(|percent| percent / 100.0),
            Measure::Work => worked(value(metadata, &self.path)?),
            Measure::Metrics => measured(value(metadata, &self.path)?.as_array()?),
        }
    }
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

/// The size of the largest metadata that are parsed for progress. Parsed, they take many times their length.
const LARGEST: usize = 1 << 20;
