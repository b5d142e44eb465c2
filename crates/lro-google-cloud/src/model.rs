use std::{fmt, marker::PhantomData};

use google_cloud_wkt::message::Message;
use serde::{Deserialize, Deserializer, de::Visitor};

/// A model struct of a client whose type is checked when it is decoded.
///
/// All fields of a model struct are optional, so it decodes from a message of any type. `Model` refuses a message of
/// another type, and the error names both types. A response without content is awaited as `()`.
///
/// ```
/// use google_cloud_workflows_v1::model::Workflow;
/// use lro::{Any, Origin};
/// use lro_google_cloud::Model;
///
/// let any = Any::from_json(r#"{"@type": "type.googleapis.com/google.cloud.workflows.v1.Workflow", "name": "w"}"#)?;
/// let Model(workflow) = any.decode::<Model<Workflow>>()?;
/// assert_eq!(workflow.name, "w");
///
/// let other = Any::from_json(r#"{"@type": "type.googleapis.com/example.v1.Job", "name": "j"}"#)?;
/// assert_eq!(other.decode::<Model<Workflow>>().unwrap_err().origin(), Origin::MalformedReply);
/// # Ok::<(), lro::Status>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Model<T>(pub T);

impl<'de, T: Message> Deserialize<'de> for Model<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let url = T::typename();
        // `lro` compares the full name with the type of the `Any`.
        let full_name = url.rsplit_once('/').map_or(url, |(_, name)| name);
        deserializer.deserialize_newtype_struct(full_name, ModelVisitor(PhantomData))
    }
}

struct ModelVisitor<T>(PhantomData<T>);

impl<'de, T: Message> Visitor<'de> for ModelVisitor<T> {
    type Value = Model<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::typename())
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Model<T>, D::Error> {
        T::deserialize(deserializer).map(Model)
    }
}
