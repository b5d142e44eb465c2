//! Messages against tables that are made from the schemas of a service.
//!
//! A table has a line for each message or enumeration: its name in the schema, a tab, and its fields, values or a sample.

use std::collections::BTreeMap;

use lro::{
    Any, Operation, Outcome, Status,
    message::{Message, encode},
};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};

/// Decodes a type from JSON and encodes it again.
pub type Rewrite = fn(Value) -> serde_json::Result<Value>;

/// Decodes a type from its binary form. Returns it as JSON and in the binary form.
pub type Recode = fn(&[u8]) -> Result<(Value, Vec<u8>), Status>;

/// The type of a message.
#[derive(Clone, Copy, Debug)]
pub struct MessageType {
    /// The names in the schemas, separated by `|`.
    pub names: &'static str,
    /// The fields, in `snake_case` and in `lowerCamelCase`.
    pub fields: &'static [(&'static str, &'static str)],
    /// Decodes the message and encodes it again.
    pub rewrite: Rewrite,
    /// Decodes the binary form of the message, and encodes it again.
    pub recode: Recode,
}

/// An enumeration: its name in Rust, and how it is decoded and encoded again.
pub type Enumeration = (&'static str, Rewrite);

/// All messages of a service, and a table with samples of each.
#[derive(Clone, Debug)]
pub struct Messages {
    types: Vec<MessageType>,
    samples: &'static str,
}

impl MessageType {
    /// Describes a message. Asserts that its name in Rust follows from those in the schemas.
    pub fn of<M: Message + DeserializeOwned + Serialize>(name_in_rust: &str) -> Self {
        let this =
            Self { names: M::TYPE_NAMES, fields: M::FIELDS, rewrite: rewrite::<M>, recode: recode::<M> };
        assert!(this.names().all(|name| rust_name(name) == name_in_rust), "{name_in_rust}");
        this
    }

    /// The names in the schemas.
    pub fn names(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.names.split('|')
    }
}

impl Messages {
    /// Takes the types of all messages and a table with samples of each.
    pub fn new(types: Vec<MessageType>, samples: &'static str) -> Self {
        Self { types, samples }
    }

    /// Asserts that the messages are those of the table, and their fields too, in the same order. `is_in` decides whether a
    /// field is in the version of the API that a name belongs to.
    pub fn have_the_fields_of(&self, table: &'static str, is_in: impl Fn(&str, &str) -> bool) {
        let mut schema: BTreeMap<_, _> = lines(table).collect();
        for message in &self.types {
            for name in message.names() {
                let declared = message.fields.iter().map(|(snake, _)| *snake);
                let declared: Vec<_> = declared.filter(|field| is_in(name, field)).collect();
                assert_eq!(schema.remove(name), Some(&*declared.join(",")), "{name}");
            }
        }
        assert!(schema.is_empty(), "not declared: {schema:?}");
    }

    /// Asserts that every sample is the same after it is decoded and encoded.
    pub fn keep_every_field(&self) {
        for (message, sample) in self.samples() {
            assert_eq!((message.rewrite)(sample.clone()).unwrap(), sample, "{}", message.names);
        }
    }

    /// Asserts that the fields of every sample are read by their names in `snake_case` too.
    pub fn take_names_in_snake_case(&self) {
        for (message, sample) in self.samples() {
            let renamed: Map<_, _> = message
                .fields
                .iter()
                .filter_map(|(snake, camel)| Some(((*snake).to_owned(), sample.get(camel)?.clone())))
                .collect();
            assert_eq!((message.rewrite)(renamed.into()).unwrap(), sample, "{}", message.names);
        }
    }

    /// Asserts that a message of nulls is the same as one without fields, which `absent` maps to its JSON.
    pub fn take_null_as_absent(&self, absent: impl Fn(&MessageType) -> Value) {
        for message in &self.types {
            let nulls: Map<_, _> =
                message.fields.iter().map(|(_, camel)| ((*camel).to_owned(), Value::Null)).collect();
            let absent = absent(message);
            assert_eq!((message.rewrite)(json!({})).unwrap(), absent, "{}", message.names);
            assert_eq!((message.rewrite)(nulls.into()).unwrap(), absent, "{}", message.names);
        }
    }

    /// Asserts that every sample is the same without a field that it does not have, which is skipped.
    pub fn skip_a_field(&self, unknown: &str) {
        for (message, sample) in self.samples() {
            let mut newer = sample.clone();
            newer[unknown] = json!([{"deep": [null, 1e300]}]);
            assert_eq!((message.rewrite)(newer).unwrap(), sample, "{}", message.names);
        }
    }

    /// Asserts that every field of every sample refuses a value of another type.
    pub fn refuse_a_wrong_type(&self) {
        for (message, sample) in self.samples() {
            for (field, value) in sample.as_object().unwrap() {
                let wrong = if value.is_boolean() { json!("true") } else { json!(true) };
                let error = (message.rewrite)(json!({ field: wrong })).unwrap_err().to_string();
                assert!(error.starts_with("invalid type"), "{}.{field}: {error}", message.names);
            }
        }
    }

    /// Asserts that the samples have the binary form of a table, whose lines are those of the samples. It was made by the
    /// protobuf library of Google for Python.
    pub fn are_encoded_as(&self, table: &'static str) {
        for ((name, json), (encoded_name, hex)) in lines(self.samples).zip(lines(table)) {
            assert_eq!(name, encoded_name);
            let sample: Value = serde_json::from_str(json).unwrap();
            let bytes: Vec<u8> = (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
                .collect();
            let message = self.types.iter().find(|message| message.names().any(|own| own == name)).unwrap();
            let (decoded, encoded) = (message.recode)(&bytes).unwrap();
            assert_eq!(decoded, sample, "{name}");
            // The order of the fields may be another one.
            assert_eq!(encoded.len(), bytes.len(), "{name}");
            assert_eq!((message.recode)(&encoded).unwrap(), (sample, encoded), "{name}");
            for end in 0..bytes.len() {
                // A cut is an error, or a shorter message.
                let _cut = (message.recode)(&bytes[..end]);
            }
        }
        assert_eq!(lines(self.samples).count(), lines(table).count());
    }

    /// The samples of every message, of which each has at least one.
    fn samples(&self) -> impl Iterator<Item = (MessageType, Value)> {
        self.types.iter().flat_map(|message| {
            let is_of = |name: &str| message.names().any(|own| own == name);
            let samples: Vec<_> = lines(self.samples).filter(|(name, _)| is_of(name)).collect();
            assert!(!samples.is_empty(), "no sample of {}", message.names);
            samples.into_iter().map(move |(_, json)| (*message, serde_json::from_str(json).unwrap()))
        })
    }
}

/// Asserts that the enumerations are those of the table, and that each takes its values by name and by number.
pub fn enumerations_have_the_values_of(table: &'static str, enumerations: &[Enumeration]) {
    let mut left: BTreeMap<_, _> = enumerations.iter().copied().collect();
    for (name, values) in lines(table) {
        let name = rust_name(name);
        let declared = enumerations.iter().find(|(declared, _)| *declared == name);
        let (declared, rewrite) = declared.unwrap_or_else(|| panic!("not declared: {name}"));
        left.remove(declared);
        for value in values.split(',') {
            let (wire, number) = value.split_once('=').unwrap();
            let number: i32 = number.parse().unwrap();
            assert_eq!(rewrite(json!(wire)).unwrap(), wire, "{name}");
            assert_eq!(rewrite(json!(number)).unwrap(), wire, "{name}");
        }
    }
    assert!(left.is_empty(), "not in the schema: {:?}", left.into_keys());
}

/// Decodes a type and encodes it again.
///
/// # Errors
///
/// That of the type.
pub fn rewrite<T: DeserializeOwned + Serialize>(json: Value) -> serde_json::Result<Value> {
    serde_json::from_value::<T>(json).and_then(serde_json::to_value)
}

fn recode<M: Message + DeserializeOwned + Serialize>(bytes: &[u8]) -> Result<(Value, Vec<u8>), Status> {
    let message: M = Any::pack_protobuf(M::TYPE_NAME, bytes).decode()?;
    Ok((written(&message), encode(&message)?))
}

/// Decodes a value that must be good.
pub fn read<T: DeserializeOwned>(json: Value) -> T {
    serde_json::from_value(json).unwrap()
}

/// Encodes a value.
pub fn written<T: Serialize>(value: &T) -> Value {
    serde_json::to_value(value).unwrap()
}

/// Decodes the response of an operation in JSON.
pub fn response<R: DeserializeOwned>(operation: &str) -> R {
    let operation: Operation = serde_json::from_str(operation).unwrap();
    let Some(Outcome::Response(response)) = operation.outcome else {
        panic!("no response: {operation:?}");
    };
    response.decode().unwrap()
}

/// Decodes the metadata of an operation in JSON.
pub fn metadata<M: DeserializeOwned>(operation: &str) -> M {
    serde_json::from_str::<Operation>(operation).unwrap().metadata.unwrap().decode().unwrap()
}

/// The fields of the message in this member of an operation in JSON, without its type.
pub fn fields(operation: &str, member: &str) -> Value {
    let mut operation: Value = serde_json::from_str(operation).unwrap();
    let mut message = operation[member].take();
    message.as_object_mut().unwrap().remove("@type").unwrap();
    message
}

fn lines(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().map(|line| line.split_once('\t').unwrap())
}

/// A name in a schema without its package and its dots.
fn rust_name(name: &str) -> String {
    name.split('.').filter(|part| part.starts_with(char::is_uppercase)).collect()
}

/// The types of these messages of a module: `message_types!(messages: Shipment Vehicle)`.
#[macro_export]
macro_rules! message_types {
    ($module:ident: $($name:ident)*) => {
        vec![$( $crate::messages::MessageType::of::<$module::$name>(stringify!($name)) ),*]
    };
}

/// These enumerations of a module: `enumerations!(messages: TravelMode)`.
#[macro_export]
macro_rules! enumerations {
    ($module:ident: $($name:ident)*) => {
        vec![$( (stringify!($name), $crate::messages::rewrite::<$module::$name> as $crate::messages::Rewrite) ),*]
    };
}
