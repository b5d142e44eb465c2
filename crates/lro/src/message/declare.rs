//! The macro that declares messages.

/// Declares messages: structs with a full name that are read and written as proto3 JSON.
///
/// The fields have the visibility of the struct. The type of a field decides its JSON form: `String`, `bool`, `i32`, `i64`, `u32`, `u64`, `f32`, `f64`,
/// [`Duration`](crate::wkt::Duration), [`Timestamp`](crate::wkt::Timestamp), [`FieldMask`](crate::wkt::FieldMask),
/// [`Any`](crate::Any), a message, an enumeration, and `Vec` and `BTreeMap<String, _>` of these. An `Option` distinguishes an
/// absent field from its default value. `= 3` behind the type is the number of the field, which the binary form of protobuf needs:
/// `i32`, `i64`, `u32` and `u64` are then of the types `int32`, `int64`, `uint32` and `uint64`. A message that is the same in two versions of an API lists both names:
/// `("a.v1.B" | "a.v2.B")`.
///
/// ```
/// lro::message! {
///     /// The progress of a job.
///     pub struct JobProgress("example.v1.JobProgress") {
///         /// The share of the pages that are printed, from 0 to 1.
///         pages_printed: f64 = 1,
///     }
/// }
///
/// let progress: JobProgress = serde_json::from_str(r#"{"pagesPrinted": "0.5"}"#)?;
/// assert_eq!(progress.pages_printed, 0.5);
///
/// let encoded = lro::message::encode(&progress)?;
/// let packed = lro::Any::pack_protobuf("example.v1.JobProgress", &encoded);
/// assert_eq!(packed.decode::<JobProgress>()?, progress);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! message {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $name:ident($type_name:literal $(| $other_name:literal)*) {
            $( $(#[$field_meta:meta])* $field:ident: $kind:ty $(= $number:literal)?, )*
        }
    )+) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $vis struct $name {
            $( $(#[$field_meta])* $vis $field: $kind, )*
        }

        impl $crate::message::Message for $name {
            const TYPE_NAME: &'static str = $type_name;
            const TYPE_NAMES: &'static str = concat!($type_name $(, "|", $other_name)*);
            const FIELDS: &'static [(&'static str, &'static str)] = &[
                $( ($crate::message::snake_case(stringify!($field)), $crate::camel_case!(stringify!($field))), )*
            ];

            const NUMBERS: &'static [u32] = &[ $( 0 $(+ $number)?, )* ];

            #[allow(unused_assignments, unused_mut, unused_variables, reason = "a message may have no field")]
            fn read_field<'de, D: $crate::__serde::Deserializer<'de>>(
                &mut self,
                index: usize,
                value: D,
            ) -> ::core::result::Result<(), D::Error> {
                let mut at = 0;
                $(
                    if index == at {
                        self.$field = $crate::message::read_nullable(value)?;
                        return ::core::result::Result::Ok(());
                    }
                    at += 1;
                )*
                ::core::result::Result::Ok(())
            }

            #[allow(unused_variables, reason = "a message may have no field")]
            fn write_fields<M: $crate::__serde::ser::SerializeMap>(
                &self,
                but: ::core::option::Option<&str>,
                map: &mut M,
            ) -> ::core::result::Result<(), M::Error> {
                $(
                    if !$crate::message::Field::is_absent(&self.$field)
                        && but != ::core::option::Option::Some($crate::message::snake_case(stringify!($field)))
                    {
                        map.serialize_entry(
                            $crate::camel_case!(stringify!($field)),
                            &$crate::message::Written(&self.$field),
                        )?;
                    }
                )*
                ::core::result::Result::Ok(())
            }

            #[allow(unused_assignments, unused_mut, unused_variables, reason = "a message may have no field")]
            fn read_wire_field(
                &mut self,
                index: usize,
                value: $crate::message::Wire<'_>,
            ) -> ::core::result::Result<(), $crate::message::WireError> {
                let mut at = 0;
                $(
                    if index == at {
                        return $crate::message::Field::read_wire(&mut self.$field, value);
                    }
                    at += 1;
                )*
                ::core::result::Result::Ok(())
            }

            #[allow(unused_variables, reason = "a message may have no field")]
            fn write_wire_fields(
                &self,
                out: &mut ::std::vec::Vec<u8>,
            ) -> ::core::result::Result<(), $crate::message::WireError> {
                $( $crate::message::Field::write_wire(&self.$field, 0 $(+ $number)?, out)?; )*
                ::core::result::Result::Ok(())
            }
        }

        impl $crate::message::Field for $name {
            fn read<'de, D: $crate::__serde::Deserializer<'de>>(
                value: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::message::read(value)
            }

            fn write<S: $crate::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::message::write(self, serializer)
            }

            /// Always `false`. A message that can be absent is declared as an `Option`.
            fn is_absent(&self) -> bool {
                false
            }

            const WIRE_TYPE: $crate::message::WireType = $crate::message::WireType::Bytes;

            fn read_wire(
                &mut self,
                value: $crate::message::Wire<'_>,
            ) -> ::core::result::Result<(), $crate::message::WireError> {
                value.message(self)
            }

            fn write_value(
                &self,
                out: &mut ::std::vec::Vec<u8>,
            ) -> ::core::result::Result<(), $crate::message::WireError> {
                $crate::message::write_message_value(self, out)
            }
        }

        impl<'de> $crate::__serde::Deserialize<'de> for $name {
            fn deserialize<D: $crate::__serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                $crate::message::read(deserializer)
            }
        }

        impl $crate::__serde::Serialize for $name {
            fn serialize<S: $crate::__serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                $crate::message::write(self, serializer)
            }
        }
    )+ };
}

/// Converts the name of a field to `lowerCamelCase` at compile time.
#[doc(hidden)]
#[macro_export]
macro_rules! camel_case {
    ($name:expr) => {
        const {
            const LEN: usize = $crate::message::camel_len($name);
            const BYTES: [u8; LEN] = $crate::message::camel_bytes($name);
            match ::core::str::from_utf8(&BYTES) {
                ::core::result::Result::Ok(name) => name,
                ::core::result::Result::Err(_) => panic!("a field name is ASCII"),
            }
        }
    };
}

/// Removes the `r#` of a raw identifier from the name of a field.
#[doc(hidden)]
pub const fn snake_case(name: &'static str) -> &'static str {
    match name.as_bytes() {
        [b'r', b'#', ..] => name.split_at(2).1,
        _ => name,
    }
}

#[doc(hidden)]
pub const fn camel_len(name: &'static str) -> usize {
    let name = snake_case(name).as_bytes();
    let (mut len, mut at) = (0, 0);
    while at < name.len() {
        if name[at] != b'_' {
            len += 1;
        }
        at += 1;
    }
    len
}

#[doc(hidden)]
pub const fn camel_bytes<const LEN: usize>(name: &'static str) -> [u8; LEN] {
    let name = snake_case(name).as_bytes();
    let mut bytes = [0; LEN];
    let (mut len, mut at) = (0, 0);
    while at < name.len() {
        if name[at] != b'_' {
            let starts_word = at > 0 && name[at - 1] == b'_';
            bytes[len] = if starts_word { name[at].to_ascii_uppercase() } else { name[at] };
            len += 1;
        }
        at += 1;
    }
    bytes
}
