//! Schemas of requests and answers: JSON Schema 2020-12, as OpenAPI 3.1 has it, written down in few words.

use serde_json::{Map, Value, json};

/// A schema, and those that it refers to by name.
#[derive(Debug, Clone, PartialEq)]
pub struct Schema {
    value: Value,
    named: Vec<(&'static str, Value)>,
}

/// A field of an object.
pub struct Field {
    name: &'static str,
    schema: Schema,
    required: bool,
}

/// A field of a request that must be there.
pub fn required(name: &'static str, schema: Schema) -> Field {
    Field {
        name,
        schema,
        required: true,
    }
}

/// A field of a request that may be absent or `null`, which is the same.
pub fn optional(name: &'static str, schema: Schema) -> Field {
    Field {
        name,
        schema: schema.or_null(),
        required: false,
    }
}

/// A field that every answer has.
pub fn always(name: &'static str, schema: Schema) -> Field {
    required(name, schema)
}

/// A field that some answers have.
pub fn sometimes(name: &'static str, schema: Schema) -> Field {
    Field {
        name,
        schema,
        required: false,
    }
}

impl Field {
    /// The same field, of which some answers have none.
    #[must_use]
    pub fn perhaps(self) -> Self {
        Self {
            required: false,
            ..self
        }
    }
}

impl Schema {
    fn of(value: Value) -> Self {
        Self {
            value,
            named: Vec::new(),
        }
    }

    /// A text.
    #[must_use]
    pub fn text() -> Self {
        Self::of(json!({ "type": "string" }))
    }

    /// `true` or `false`.
    #[must_use]
    pub fn boolean() -> Self {
        Self::of(json!({ "type": "boolean" }))
    }

    /// A whole number.
    #[must_use]
    pub fn integer(lowest: i64, highest: i64) -> Self {
        Self::of(json!({ "type": "integer", "minimum": lowest, "maximum": highest }))
    }

    /// Any number.
    #[must_use]
    pub fn number() -> Self {
        Self::of(json!({ "type": "number" }))
    }

    /// A whole number that only grows.
    #[must_use]
    pub fn count() -> Self {
        Self::of(json!({ "type": "integer", "minimum": 0 }))
    }

    /// One of some words.
    #[must_use]
    pub fn one_of(words: &[&str]) -> Self {
        Self::of(json!({ "type": "string", "enum": words }))
    }

    /// Always this value.
    #[must_use]
    pub fn just(value: impl Into<Value>) -> Self {
        Self::of(json!({ "const": value.into() }))
    }

    /// An object with fields; more may come with later releases.
    #[must_use]
    pub fn object<const N: usize>(fields: [Field; N]) -> Self {
        Self::object_of(fields)
    }

    /// The same, of fields that are put together.
    #[must_use]
    pub fn object_of(fields: impl IntoIterator<Item = Field>) -> Self {
        let (mut properties, mut required, mut named) = (Map::new(), Vec::new(), Vec::new());
        for field in fields {
            if field.required {
                required.push(Value::from(field.name));
            }
            properties.insert(field.name.to_owned(), field.schema.value);
            named.extend(field.schema.named);
        }
        let mut value = json!({ "type": "object", "properties": properties });
        if !required.is_empty() {
            value["required"] = required.into();
        }
        Self { value, named }
    }

    /// The same, with one of two fields at least, as a text.
    #[must_use]
    pub fn with_either(self, one: &str, other: &str) -> Self {
        let there = |name: &str| json!({ "required": [name], "properties": { name: { "type": "string" } } });
        let either = json!([there(one), there(other)]);
        self.put("anyOf", either)
    }

    /// An object with keys of the caller's own.
    #[must_use]
    pub fn map() -> Self {
        Self::of(json!({ "type": "object", "additionalProperties": true }))
    }

    /// A list.
    #[must_use]
    pub fn list(items: Self) -> Self {
        Self {
            value: json!({ "type": "array", "items": items.value }),
            named: items.named,
        }
    }

    /// Either of two.
    #[must_use]
    pub fn either(one: Self, other: Self) -> Self {
        Self {
            value: json!({ "oneOf": [one.value, other.value] }),
            named: [one.named, other.named].concat(),
        }
    }

    /// An id of ours: a prefix and 26 characters of Crockford base32.
    #[must_use]
    pub fn id(prefix: &str) -> Self {
        Self::text().pattern(&format!("^{prefix}_[0-7][0-9a-hjkmnp-tv-z]{{25}}$"))
    }

    /// A time as answers show it: UTC, whole seconds.
    #[must_use]
    pub fn time() -> Self {
        Self::text().format("date-time")
    }

    /// A signed token (RFC 7519).
    #[must_use]
    pub fn jwt() -> Self {
        Self::text().pattern("^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$")
    }

    /// An e-mail address.
    #[must_use]
    pub fn email() -> Self {
        Self::text().format("email").lengths(3, 254)
    }

    /// A telephone number in E.164.
    #[must_use]
    pub fn e164() -> Self {
        Self::text().pattern("^[+][1-9][0-9]{6,14}$")
    }

    /// The shortest and the longest text, in characters.
    #[must_use]
    pub fn lengths(self, shortest: u32, longest: u32) -> Self {
        self.put("minLength", shortest).put("maxLength", longest)
    }

    /// A regular expression (ECMA 262) that the text matches.
    #[must_use]
    pub fn pattern(self, pattern: &str) -> Self {
        self.put("pattern", pattern)
    }

    /// A format of JSON Schema.
    #[must_use]
    pub fn format(self, name: &str) -> Self {
        self.put("format", name)
    }

    /// What a value means.
    #[must_use]
    pub fn says(self, what: &str) -> Self {
        self.put("description", what)
    }

    /// A value to show.
    #[must_use]
    pub fn such_as(self, value: impl Into<Value>) -> Self {
        let examples = Value::Array(vec![value.into()]);
        self.put("examples", examples)
    }

    /// What holds where nothing is sent.
    #[must_use]
    pub fn usually(self, value: impl Into<Value>) -> Self {
        self.put("default", value)
    }

    /// The same, or `null`.
    #[must_use]
    pub fn or_null(mut self) -> Self {
        if let Some(Value::String(kind)) = self.value.get("type") {
            let kinds = json!([kind, "null"]);
            self.value["type"] = kinds;
            if let Some(Value::Array(words)) = self.value.get_mut("enum") {
                words.push(Value::Null);
            }
            return self;
        }
        Self {
            value: json!({ "oneOf": [self.value, { "type": "null" }] }),
            named: self.named,
        }
    }

    /// The same under a name, which generated clients take for their types. One name stands for one schema.
    #[must_use]
    pub fn named(mut self, name: &'static str) -> Self {
        self.named.push((name, self.value));
        Self {
            value: json!({ "$ref": format!("#/components/schemas/{name}") }),
            named: self.named,
        }
    }

    /// The schema, with references to those that have names.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The schemas that it refers to.
    #[must_use]
    pub fn definitions(&self) -> &[(&'static str, Value)] {
        &self.named
    }

    fn put(mut self, keyword: &str, value: impl Into<Value>) -> Self {
        self.value[keyword] = value.into();
        self
    }
}
