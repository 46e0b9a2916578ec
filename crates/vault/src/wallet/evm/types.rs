//! The types of a typed-data document.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{B256, keccak256};

use super::{TypedDataError, json::Json};

/// More than any known document has.
const MOST_STRUCTS: usize = 64;
const MOST_DIMENSIONS: usize = 8;
/// The longest name of a type or a field.
const LONGEST_NAME: usize = 128;
/// The longest type of a field: a name and its dimensions.
const LONGEST_TYPE: usize = 2 * LONGEST_NAME;
/// The fields of all structs, written out. The text that is hashed for a struct holds those of each struct in it.
const MOST_TEXT: usize = 32 * 1024;

/// The type of a field.
pub(super) enum Type {
    Uint(usize),
    Int(usize),
    FixedBytes(usize),
    Bytes,
    Text,
    Bool,
    Address,
    Struct(String),
    /// Items of one type, and how many there have to be.
    Array(Box<Type>, Option<usize>),
}

impl Type {
    fn parse(text: &str) -> Option<Self> {
        Self::parse_dimensions(text, MOST_DIMENSIONS)
    }

    fn parse_dimensions(text: &str, left: usize) -> Option<Self> {
        if let Some(text) = text.strip_suffix(']') {
            let (item, len) = text.rsplit_once('[')?;
            let len = if len.is_empty() { None } else { Some(plain_number(len)?) };
            let item = Self::parse_dimensions(item, left.checked_sub(1)?)?;
            return Some(Self::Array(Box::new(item), len));
        }
        if let Some(known) = Self::atomic(text) {
            return Some(known);
        }
        (is_type_name(text) && !looks_atomic(text)).then(|| Self::Struct(text.to_owned()))
    }

    fn atomic(text: &str) -> Option<Self> {
        let bits = |digits| plain_number(digits).filter(|bits| bits % 8 == 0 && (8..=256).contains(bits));
        match text {
            "bytes" => Some(Self::Bytes),
            "string" => Some(Self::Text),
            "bool" => Some(Self::Bool),
            "address" => Some(Self::Address),
            _ => {
                if let Some(digits) = text.strip_prefix("uint") {
                    bits(digits).map(Self::Uint)
                } else if let Some(digits) = text.strip_prefix("int") {
                    bits(digits).map(Self::Int)
                } else {
                    let digits = text.strip_prefix("bytes")?;
                    plain_number(digits)
                        .filter(|len| (1..=32).contains(len))
                        .map(Self::FixedBytes)
                }
            }
        }
    }

    /// The struct it holds, within its arrays.
    fn inner_struct(&self) -> Option<&str> {
        match self {
            Self::Struct(name) => Some(name),
            Self::Array(item, _) => item.inner_struct(),
            _ => None,
        }
    }
}

/// A number as it stands in a type: no sign, no zeros before it.
fn plain_number(digits: &str) -> Option<usize> {
    let plain = digits.bytes().all(|c| c.is_ascii_digit()) && !digits.starts_with('0');
    if plain { digits.parse().ok() } else { None }
}

/// `uint`, `int7`, `bytes33`, `function`: words that Solidity means something by, but no type here.
/// A struct of such a name would be read differently elsewhere.
fn looks_atomic(text: &str) -> bool {
    let stem = text.trim_end_matches(|c: char| c.is_ascii_digit());
    matches!(
        stem,
        "uint" | "int" | "bytes" | "string" | "bool" | "address" | "function" | "fixed" | "ufixed"
    )
}

fn is_name(text: &str) -> bool {
    let ok = |c: u8| c.is_ascii_alphanumeric() || c == b'_' || c == b'$';
    text.bytes().all(ok) && text.bytes().next().is_some_and(|c| !c.is_ascii_digit())
}

/// A name, or several with `:` between them, which some exchanges use.
fn is_type_name(text: &str) -> bool {
    text.split(':').all(is_name)
}

/// A field of a struct.
pub(super) struct Field {
    pub name: String,
    pub kind: Type,
    /// The type as it stands in the document.
    text: String,
}

impl Field {
    /// What it takes in the text of its struct.
    fn length(&self) -> usize {
        self.text.len() + self.name.len() + 2
    }
}

/// The structs of a document.
pub(super) struct Types(BTreeMap<String, Vec<Field>>);

impl Types {
    pub(super) fn parse(json: &Json) -> Result<Self, TypedDataError> {
        let structs = json.map().ok_or(TypedDataError::Shape("types"))?;
        if structs.len() > MOST_STRUCTS {
            return Err(TypedDataError::TooLong);
        }
        let mut types = BTreeMap::new();
        let mut text = 0;
        for (name, fields) in structs {
            fits(name, LONGEST_NAME)?;
            let wrong = || TypedDataError::Type(name.clone());
            if !is_type_name(name) || looks_atomic(name) {
                return Err(wrong());
            }
            let fields = fields.list().ok_or_else(wrong)?;
            let fields: Vec<Field> = fields
                .iter()
                .map(|field| field_of(name, field))
                .collect::<Result<_, _>>()?;
            text += name.len() + fields.iter().map(Field::length).sum::<usize>();
            if text > MOST_TEXT {
                return Err(TypedDataError::TooLong);
            }
            let names: BTreeSet<&str> = fields.iter().map(|field| field.name.as_str()).collect();
            if names.len() != fields.len() {
                return Err(wrong());
            }
            types.insert(name.clone(), fields);
        }
        for field in types.values().flatten() {
            if let Some(name) = field.kind.inner_struct()
                && !types.contains_key(name)
            {
                return Err(TypedDataError::Type(name.to_owned()));
            }
        }
        Ok(Self(types))
    }

    pub(super) fn fields(&self, name: &str) -> Option<&[Field]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// `keccak256(encodeType(name))`: the struct, then those it uses in the order of their names.
    pub(super) fn hash(&self, name: &str) -> B256 {
        let mut used = BTreeSet::new();
        self.collect(name, &mut used);
        used.remove(name);
        let mut text = String::new();
        for name in std::iter::once(name).chain(used) {
            text.push_str(name);
            text.push('(');
            for (i, field) in self.0.get(name).into_iter().flatten().enumerate() {
                if i > 0 {
                    text.push(',');
                }
                text.push_str(&field.text);
                text.push(' ');
                text.push_str(&field.name);
            }
            text.push(')');
        }
        keccak256(text)
    }

    /// The structs that `name` is made of, itself too. As deep as there are structs.
    fn collect<'a>(&'a self, name: &'a str, used: &mut BTreeSet<&'a str>) {
        if used.insert(name) {
            for field in self.0.get(name).into_iter().flatten() {
                if let Some(name) = field.kind.inner_struct() {
                    self.collect(name, used);
                }
            }
        }
    }
}

fn field_of(owner: &str, json: &Json) -> Result<Field, TypedDataError> {
    let get = |key| json.map()?.get(key)?.text();
    let (Some(name), Some(text)) = (get("name"), get("type")) else {
        return Err(TypedDataError::Type(owner.to_owned()));
    };
    fits(name, LONGEST_NAME)?;
    fits(text, LONGEST_TYPE)?;
    if !is_name(name) {
        return Err(TypedDataError::Type(owner.to_owned()));
    }
    let kind = Type::parse(text).ok_or_else(|| TypedDataError::Type(text.to_owned()))?;
    Ok(Field {
        name: name.to_owned(),
        kind,
        text: text.to_owned(),
    })
}

fn fits(name: &str, longest: usize) -> Result<(), TypedDataError> {
    if name.len() > longest {
        return Err(TypedDataError::LongName);
    }
    Ok(())
}
