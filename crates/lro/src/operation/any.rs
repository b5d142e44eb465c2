use std::{borrow::Cow, fmt};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, DeserializeOwned, Visitor},
};
use serde_json::value::RawValue;
use serde_path_to_error::Track;

use super::{
    encoded::Encoded,
    packed::Packed,
    probe,
    stored::{self, in_reply},
    type_url::{PREFIX, after_slash, find_type, has_own_form},
    typed::{EMPTY, LONGEST_TYPE, Typed, is_one_of},
};
use crate::{
    Code, Origin, Status,
    message::{Field, Message, Wire, WireError, WireType, json, wire},
    status::excerpt::Excerpt,
};

/// A message and the name of its type, `google.protobuf.Any`.
///
/// It holds what was received: JSON text, or the encoded `google.protobuf.Any` that a transport over gRPC returns.
/// [`decode`](Self::decode) parses it. The name of the type is the part of the type URL after the last `/`. The part before
/// it is ignored.
///
/// ```
/// use lro::{Any, details::ErrorInfo};
///
/// let any = Any::pack(&ErrorInfo { reason: "RATE_LIMIT_EXCEEDED".into(), ..ErrorInfo::default() })?;
/// assert_eq!(any.type_name().as_deref(), Some("google.rpc.ErrorInfo"));
/// assert_eq!(any.decode::<ErrorInfo>()?.reason, "RATE_LIMIT_EXCEEDED");
/// # Ok::<(), lro::Status>(())
/// ```
///
/// # Stored data
///
/// JSON serializes as its text. Protobuf serializes to JSON as `{"@type": <type URL>, "$lro.protobuf": <base64>}`, from which
/// it is restored byte by byte. JSON text that has this form itself is stored under a key of its own, and is restored too.
///
/// A reply is not stored data. Whatever its text, an `Any` in it is JSON: in [`from_json`](crate::from_json) and
/// [`Operation::from_json`](crate::Operation::from_json), in the error of a failed call, and inside a type that
/// [`decode`](Self::decode) returns. A transport parses replies with these.
#[derive(Clone)]
pub struct Any(Form);

/// A second box around the bytes makes an `Any` a word smaller, but not an `Option<Any>`, which is what is stored in numbers.
#[derive(Clone)]
enum Form {
    Json(Box<RawValue>),
    Protobuf(Encoded),
}

impl Any {
    /// Packs a message declared by [`message!`](crate::message!), with its full name as the type.
    ///
    /// # Errors
    ///
    /// `INTERNAL` if the message does not serialize.
    pub fn pack<M: Message + Serialize>(message: &M) -> Result<Self, Status> {
        Self::pack_as(M::TYPE_NAME, message)
    }

    /// Packs a value that serializes as a JSON object, with this full name as the type.
    ///
    /// An object that has this type already, such as another `Any`, is stored unchanged.
    ///
    /// The well-known types with a special JSON form (a duration is a string) are stored under the key `value`. They need
    /// not be objects.
    ///
    /// A wrapper of a protobuf message is packed as by [`from_value`](Self::from_value).
    ///
    /// # Errors
    ///
    /// `INTERNAL` if the value does not serialize, does not serialize as an object, or has another type.
    pub fn pack_as<T: Serialize>(type_name: &str, value: &T) -> Result<Self, Status> {
        let unpackable =
            |error: String| Status::new(Code::Internal, format!("cannot pack a {type_name}: {error}"));
        if let Some(any) = probe::any_of(value) {
            let is_same = any.type_name().as_deref() == Some(type_name);
            return if is_same { Ok(any) } else { Err(unpackable("it has another type".to_owned())) };
        }
        let json = serde_json::to_string(value).map_err(|error| unpackable(error.to_string()))?;
        let type_url = serde_json::to_string(&format!("{PREFIX}{type_name}"))
            .map_err(|error| unpackable(error.to_string()))?;
        let own = find_type(&json);
        let packed = match json.strip_prefix('{') {
            _ if has_own_form(type_name) => format!(r#"{{"@type":{type_url},"value":{json}}}"#),
            Some(_) if own.as_deref().is_some_and(|own| after_slash(own) == type_name) => json,
            Some(_) if own.is_some() => return Err(unpackable("it has another @type".to_owned())),
            Some("}") => format!(r#"{{"@type":{type_url}}}"#),
            Some(fields) => format!(r#"{{"@type":{type_url},{fields}"#),
            None => return Err(unpackable("it is not a JSON object".to_owned())),
        };
        RawValue::from_string(packed).map(Self::json).map_err(|error| unpackable(error.to_string()))
    }

    /// Converts any value that serializes.
    ///
    /// An object is stored unchanged, and no type is added. `null` (`()`, `None`) becomes a `google.protobuf.Empty`. Other JSON
    /// becomes a `google.protobuf.Value`.
    ///
    /// An `Any` is stored unchanged. A wrapper of a protobuf message becomes protobuf if it serializes as
    /// [`protobuf`](crate::protobuf) describes.
    ///
    /// ```
    /// use lro::Any;
    ///
    /// assert_eq!(Any::from_value(&["a", "b"])?.decode::<Vec<String>>()?, ["a", "b"]);
    /// # Ok::<(), lro::Status>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `INTERNAL` if the value does not serialize.
    pub fn from_value<T: Serialize + ?Sized>(value: &T) -> Result<Self, Status> {
        if let Some(any) = probe::any_of(value) {
            return Ok(any);
        }
        let unpackable =
            |error: serde_json::Error| Status::new(Code::Internal, format!("cannot pack a value: {error}"));
        let json = serde_json::to_string(value).map_err(unpackable)?;
        let packed = match json.as_bytes() {
            [b'{', ..] => json,
            b"null" => format!(r#"{{"@type":"{PREFIX}{EMPTY}"}}"#),
            _ => format!(r#"{{"@type":"{PREFIX}google.protobuf.Value","value":{json}}}"#),
        };
        RawValue::from_string(packed).map(Self::json).map_err(unpackable)
    }

    /// Stores a JSON object unchanged.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the text is not a JSON object.
    pub fn from_json(json: impl Into<String>) -> Result<Self, Status> {
        RawValue::from_string(json.into())
            .map_err(|error| Status::new(Code::InvalidArgument, format!("not JSON: {error}")))
            .and_then(|raw| {
                Self::from_raw(raw).ok_or_else(|| Status::new(Code::InvalidArgument, "not a JSON object"))
            })
    }

    /// Stores an encoded `google.protobuf.Any` unchanged.
    ///
    /// Its message is not parsed before [`decode`](Self::decode).
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the bytes are not an encoded `google.protobuf.Any`.
    pub fn from_protobuf(encoded: impl Into<Box<[u8]>>) -> Result<Self, Status> {
        Encoded::parse(encoded.into()).map(|encoded| Self(Form::Protobuf(encoded))).map_err(|fault| {
            Status::new(Code::InvalidArgument, format!("not an encoded google.protobuf.Any: {fault}"))
        })
    }

    /// Packs an encoded protobuf message, with this full name as the type.
    ///
    /// ```
    /// use lro::Any;
    ///
    /// let any = Any::pack_protobuf("google.protobuf.Int32Value", b"\x08\x05");
    /// assert_eq!(any.type_url().as_deref(), Some("type.googleapis.com/google.protobuf.Int32Value"));
    /// assert_eq!(any.protobuf_value(), Some(&b"\x08\x05"[..]));
    /// assert_eq!(any.as_json(), None);
    /// ```
    pub fn pack_protobuf(type_name: &str, value: &[u8]) -> Self {
        Self(Form::Protobuf(Encoded::pack(type_name, value)))
    }

    /// Returns the JSON text as it was received, including `@type`. Returns `None` if it came as protobuf.
    pub fn as_json(&self) -> Option<&str> {
        match &self.0 {
            Form::Json(json) => Some(json.get()),
            Form::Protobuf(_) => None,
        }
    }

    /// Returns the encoded `google.protobuf.Any` as it was received. Returns `None` if it came as JSON.
    pub fn as_protobuf(&self) -> Option<&[u8]> {
        match &self.0 {
            Form::Json(_) => None,
            Form::Protobuf(encoded) => Some(encoded.as_bytes()),
        }
    }

    /// Returns the encoded message in an `Any` that came as protobuf. It is empty if the field is absent.
    pub fn protobuf_value(&self) -> Option<&[u8]> {
        match &self.0 {
            Form::Json(_) => None,
            Form::Protobuf(encoded) => Some(encoded.value()),
        }
    }

    /// Returns the URL of the type: the value of `@type` in JSON, the field `type_url` in protobuf.
    ///
    /// Returns `None` if JSON has no `@type` and if `type_url` is empty.
    pub fn type_url(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            Form::Json(json) => find_type(json.get()),
            Form::Protobuf(encoded) => {
                Some(encoded.type_url()).filter(|url| !url.is_empty()).map(Cow::Borrowed)
            }
        }
    }

    /// Returns the full name of the type: the part of [`type_url`](Self::type_url) after the last `/`.
    pub fn type_name(&self) -> Option<Cow<'_, str>> {
        Some(match self.type_url()? {
            Cow::Borrowed(url) => Cow::Borrowed(after_slash(url)),
            Cow::Owned(url) => Cow::Owned(after_slash(&url).to_owned()),
        })
    }

    /// Returns whether the type is `M`.
    pub fn is<M: Message>(&self) -> bool {
        self.type_name().is_some_and(|name| is_one_of(&name, M::TYPE_NAMES))
    }

    /// Decodes the message as `R`.
    ///
    /// `R` does not see the key `@type`. The type is checked if `R` has a full name: every
    /// [`message!`](crate::message!) has one, and so has a struct with `#[serde(rename = "example.v1.Job")]`.
    ///
    /// A message that came as protobuf decodes as a wrapper that [`protobuf`](crate::protobuf) describes, an `Any`, and,
    /// if it is a `google.protobuf.Empty`, as [`Empty`](crate::Empty) and `()`. It does not decode as a type that reads JSON.
    ///
    /// # Errors
    ///
    /// [`Origin::MalformedReply`] if the type differs, if the content does not fit `R`, or if `R` reads the other encoding.
    /// The error names both types.
    /// [`Status::response`] returns the message that did not decode.
    pub fn decode<R: DeserializeOwned>(&self) -> Result<R, Status> {
        in_reply(|| self.read(&mut Plain)).map_err(|fault| {
            let untyped = if self.as_json().is_some() { "object" } else { "message" };
            let found = self.shown_type().unwrap_or_else(|| untyped.to_owned());
            let place = self.misfit::<R>().map_or_else(String::new, |place| format!(" at {place}"));
            let message = format!("cannot read the {found}{place}: {}", json::describe(&fault));
            Status::new(Code::Internal, message)
                .with_origin(Origin::MalformedReply)
                .with_response(self.clone())
        })
    }

    /// Decodes JSON again to find the path of the fault. Tracking the path costs time, so only failures pay for it.
    fn misfit<R: DeserializeOwned>(&self) -> Option<String> {
        self.as_json()?;
        let mut tracked = Tracked(Track::new());
        in_reply(|| self.read::<R>(&mut tracked)).err()?;
        json::place(&tracked.0.path())
    }

    /// Returns the type for a message of an error. A peer decides on its length.
    fn shown_type(&self) -> Option<String> {
        self.type_name().map(|name| Excerpt::new(&name, LONGEST_TYPE).to_string())
    }

    pub(crate) fn from_raw(raw: Box<RawValue>) -> Option<Self> {
        raw.get().starts_with('{').then_some(Self::json(raw))
    }

    fn json(object: Box<RawValue>) -> Self {
        Self(Form::Json(object))
    }

    fn read<R: DeserializeOwned>(&self, reader: &mut impl Reader) -> serde_json::Result<R> {
        let text = match &self.0 {
            Form::Json(text) => text,
            Form::Protobuf(encoded) => return reader.read(Packed::new(encoded, std::any::type_name::<R>())),
        };
        let type_name = self.type_name();
        let mut json = serde_json::Deserializer::from_str(text.get());
        let name = type_name.as_deref().unwrap_or("");
        if !has_own_form(name) {
            return reader.read(Typed::object(&mut json, name));
        }
        let own: OwnForm<'_> = serde_json::from_str(text.get())?;
        match own.value {
            Some(value) => {
                reader.read(Typed::value(&mut serde_json::Deserializer::from_str(value.get()), name))
            }
            // Servers often send `Empty` without the `value` that proto3 JSON requires.
            None => reader.read(Typed::object(&mut json, name)),
        }
    }
}

/// A way to read a value from a deserializer, with or without its path.
trait Reader {
    fn read<'de, R, D>(&mut self, from: D) -> serde_json::Result<R>
    where
        R: DeserializeOwned,
        D: Deserializer<'de, Error = serde_json::Error>;
}

struct Plain;

/// Records the path of the value that does not fit.
struct Tracked(Track);

impl Reader for Plain {
    fn read<'de, R, D>(&mut self, from: D) -> serde_json::Result<R>
    where
        R: DeserializeOwned,
        D: Deserializer<'de, Error = serde_json::Error>,
    {
        R::deserialize(from)
    }
}

impl Reader for Tracked {
    fn read<'de, R, D>(&mut self, from: D) -> serde_json::Result<R>
    where
        R: DeserializeOwned,
        D: Deserializer<'de, Error = serde_json::Error>,
    {
        R::deserialize(serde_path_to_error::Deserializer::new(from, &mut self.0))
    }
}

/// Shows the type and the size. The content may be a secret of the caller.
impl fmt::Debug for Any {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let type_name = self.shown_type().unwrap_or_else(|| "?".to_owned());
        match &self.0 {
            Form::Json(json) => write!(f, "Any({type_name}, {} bytes)", json.get().len()),
            Form::Protobuf(encoded) => {
                write!(f, "Any({type_name}, {} bytes of protobuf)", encoded.as_bytes().len())
            }
        }
    }
}

/// Compares the JSON text, or the encoded protobuf, byte by byte. JSON and protobuf are never equal.
impl PartialEq for Any {
    fn eq(&self, other: &Self) -> bool {
        (self.as_json(), self.as_protobuf()) == (other.as_json(), other.as_protobuf())
    }
}

impl Serialize for Any {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Form::Json(json) => stored::write_json(json, serializer),
            Form::Protobuf(encoded) => stored::write_protobuf(encoded, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(ANY, AnyVisitor)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Any;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message with its type")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, json: D) -> Result<Any, D::Error> {
        let raw = Box::<RawValue>::deserialize(json)?;
        let any = stored::read(raw).map_err(de::Error::custom)?;
        any.ok_or_else(|| de::Error::custom("an Any is a JSON object"))
    }

    fn visit_bytes<E: de::Error>(self, encoded: &[u8]) -> Result<Any, E> {
        Any::from_protobuf(encoded).map_err(E::custom)
    }
}

impl Default for Any {
    /// Returns an empty JSON object without a type.
    fn default() -> Self {
        Self::json(RawValue::from_string("{}".to_owned()).unwrap_or_else(|_| RawValue::NULL.to_owned()))
    }
}

impl Field for Any {
    fn read<'de, D: Deserializer<'de>>(value: D) -> Result<Self, D::Error> {
        Self::deserialize(value)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.serialize(serializer)
    }

    fn is_absent(&self) -> bool {
        false
    }

    const WIRE_TYPE: WireType = WireType::Bytes;

    fn read_wire(&mut self, value: Wire<'_>) -> Result<(), WireError> {
        *self = Self::from_protobuf(value.bytes()?).map_err(|_| WireError::new("an Any is malformed"))?;
        Ok(())
    }

    fn write_value(&self, out: &mut Vec<u8>) -> Result<(), WireError> {
        let encoded = self.as_protobuf().ok_or_else(|| WireError::new("an Any is in JSON"))?;
        wire::write_bytes(encoded, out);
        Ok(())
    }
}

#[derive(Deserialize)]
struct OwnForm<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    value: Option<&'a RawValue>,
}

/// Keeps a `null` as a value, which `Option` would read as absent.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(value).map(Some)
}

/// The name by which an `Any` asks for a message as it was received.
pub(super) const ANY: &str = "$lro::Any";
