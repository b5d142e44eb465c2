use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

/// A value as the text of its JSON: the output of [`Polls::poll`](crate::Polls::poll) and of a workflow that returns it.
///
/// Without it the SDK reads JSON into a tree, which changes the numbers and the order of the members of a message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text<T>(pub T);

impl<T: Serialize> Serialize for Text<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::to_string(&self.0).map_err(ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de, T: de::DeserializeOwned> Deserialize<'de> for Text<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map(Self).map_err(de::Error::custom)
    }
}
