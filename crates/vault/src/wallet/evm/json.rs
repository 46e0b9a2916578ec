//! JSON without the things that two readers could take in two ways: a name twice in one object,
//! numbers that are no integers or too large to be read exactly, and bottomless nesting.

use std::{cell::Cell, collections::BTreeMap, fmt};

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::TypedDataError;

const DEPTH: u8 = 32;
/// A value takes many times the memory of its text, and an array a hash of its own.
const MOST_VALUES: u32 = 10_000;

/// A JSON value.
pub(super) enum Json {
    Null,
    Bool(bool),
    Int(i128),
    Text(String),
    List(Vec<Json>),
    Map(BTreeMap<String, Json>),
}

impl Json {
    /// Reads one value and nothing after it. The error says where and holds no value of the text.
    pub(super) fn parse(text: &str) -> Result<Self, TypedDataError> {
        let mut reader = serde_json::Deserializer::from_str(text);
        let left = Cell::new(MOST_VALUES);
        let room = Room {
            depth: DEPTH,
            values: &left,
        };
        let value = room
            .deserialize(&mut reader)
            .and_then(|value| reader.end().map(|()| value));
        value.map_err(|error| match left.get() {
            0 => TypedDataError::TooLong,
            _ => TypedDataError::Json(error.to_string()),
        })
    }

    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(super) const fn map(&self) -> Option<&BTreeMap<String, Self>> {
        match self {
            Self::Map(map) => Some(map),
            _ => None,
        }
    }

    pub(super) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }
}

/// How many levels and values may still follow.
#[derive(Clone, Copy)]
struct Room<'c> {
    depth: u8,
    values: &'c Cell<u32>,
}

impl Room<'_> {
    fn deeper<E: Error>(self) -> Result<Self, E> {
        let depth = self.depth.checked_sub(1);
        depth
            .map(|depth| Self { depth, ..self })
            .ok_or_else(|| E::custom("nested more than 32 levels deep"))
    }
}

impl<'de> DeserializeSeed<'de> for Room<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, reader: D) -> Result<Json, D::Error> {
        self.values.set(self.values.get().saturating_sub(1));
        if self.values.get() == 0 {
            return Err(D::Error::custom("too many values"));
        }
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Room<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Int(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value.into()))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Json, E> {
        Err(E::custom(
            "a number that is no integer or too large to be exact: write it as a string",
        ))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let inner = self.deeper()?;
        let mut map = BTreeMap::new();
        while let Some(name) = fields.next_key::<String>()? {
            let value = fields.next_value_seed(inner)?;
            if map.insert(name, value).is_some() {
                return Err(A::Error::custom("an object with one name twice"));
            }
        }
        Ok(Json::Map(map))
    }
}
