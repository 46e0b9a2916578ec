//! The values of a typed-data document, encoded (`encodeData` and `hashStruct` of EIP-712).

use std::collections::BTreeMap;
use std::fmt;

use alloy_primitives::{B256, U256, keccak256};

use super::{
    TypedDataError,
    json::Json,
    parse_address,
    types::{Type, Types},
};

/// Where a value stands in the document. It is written out for an error alone: a document may have thousands of values,
/// and each a long way to it.
#[derive(Clone, Copy)]
pub(super) enum Path<'p> {
    /// The document's part.
    Root(&'static str),
    /// A field of what is there.
    Field(&'p Path<'p>, &'p str),
    /// An item of the array that is there.
    Item(&'p Path<'p>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root(name) => f.write_str(name),
            Self::Field(of, name) => write!(f, "{of}.{name}"),
            Self::Item(of, at) => write!(f, "{of}[{at}]"),
        }
    }
}

/// Hashes structs of one document.
pub(super) struct Encoder<'a> {
    types: &'a Types,
    /// Each struct's type is hashed once, however many values it has.
    hashes: BTreeMap<&'a str, B256>,
}

impl<'a> Encoder<'a> {
    pub(super) const fn new(types: &'a Types) -> Self {
        Self {
            types,
            hashes: BTreeMap::new(),
        }
    }

    /// `hashStruct`. `path` names the value in errors.
    pub(super) fn hash_struct(&mut self, name: &'a str, value: &Json, path: Path<'_>) -> Result<B256, TypedDataError> {
        let types = self.types;
        let fields = types
            .fields(name)
            .ok_or_else(|| TypedDataError::Type(name.to_owned()))?;
        let values = value.map().ok_or_else(|| wrong(path, name))?;
        let type_hash = *self.hashes.entry(name).or_insert_with(|| types.hash(name));
        let mut bytes = Vec::with_capacity(32 * (fields.len() + 1));
        bytes.extend_from_slice(type_hash.as_slice());
        for field in fields {
            let path = Path::Field(&path, &field.name);
            let value = values
                .get(&field.name)
                .ok_or_else(|| TypedDataError::Missing(path.to_string()))?;
            bytes.extend_from_slice(self.encode(&field.kind, value, path)?.as_slice());
        }
        Ok(keccak256(bytes))
    }

    fn encode(&mut self, kind: &'a Type, value: &Json, path: Path<'_>) -> Result<B256, TypedDataError> {
        match kind {
            Type::Struct(name) => self.hash_struct(name, value, path),
            Type::Array(item, len) => {
                let items = value.list().ok_or_else(|| wrong(path, "an array"))?;
                if len.is_some_and(|len| len != items.len()) {
                    return Err(wrong(path, "an array of the length in its type"));
                }
                let mut bytes = Vec::with_capacity(32 * items.len());
                for (i, value) in items.iter().enumerate() {
                    bytes.extend_from_slice(self.encode(item, value, Path::Item(&path, i))?.as_slice());
                }
                Ok(keccak256(bytes))
            }
            Type::Text => match value {
                Json::Text(text) => Ok(keccak256(text)),
                _ => Err(wrong(path, "a string")),
            },
            Type::Bool => match value {
                Json::Bool(value) => Ok(U256::from(*value).into()),
                _ => Err(wrong(path, "true or false")),
            },
            Type::Address => {
                let text = value.text().ok_or_else(|| wrong(path, "an address"))?;
                parse_address(text)
                    .map(|address| address.into_word())
                    .map_err(|_| wrong(path, "an address with a right checksum"))
            }
            Type::Bytes => hex_of(value)
                .map(keccak256)
                .ok_or_else(|| wrong(path, "0x and an even number of hex digits")),
            Type::FixedBytes(len) => hex_of(value)
                .filter(|bytes| bytes.len() == *len)
                .map(|bytes| B256::right_padding_from(&bytes))
                .ok_or_else(|| wrong(path, "0x and the hex digits of as many bytes as its type has")),
            Type::Uint(bits) => match integer(value) {
                Some((false, number)) if number.bit_len() <= *bits => Ok(number.into()),
                _ => Err(wrong(path, "an unsigned integer that fits its type")),
            },
            Type::Int(bits) => integer(value)
                .and_then(|number| signed(number, *bits))
                .ok_or_else(|| wrong(path, "an integer that fits its type")),
        }
    }
}

fn wrong(path: Path<'_>, expected: &str) -> TypedDataError {
    TypedDataError::Value {
        path: path.to_string(),
        expected: expected.to_owned(),
    }
}

/// Two's complement in 256 bits.
fn signed((negative, number): (bool, U256), bits: usize) -> Option<B256> {
    let half = U256::ONE << (bits - 1);
    let fits = if negative { number <= half } else { number < half };
    let number = if negative {
        U256::ZERO.wrapping_sub(number)
    } else {
        number
    };
    fits.then(|| number.into())
}

/// A number, a decimal string or a hex string with `0x`: whether it is negative, and its size.
pub(super) fn integer(value: &Json) -> Option<(bool, U256)> {
    match value {
        Json::Int(number) => Some((*number < 0, U256::from(number.unsigned_abs()))),
        Json::Text(text) => {
            let (negative, text) = text
                .strip_prefix('-')
                .map_or((false, text.as_str()), |text| (true, text));
            let (digits, radix, most) = match text.strip_prefix("0x") {
                Some(digits) => (digits, 16, 64),
                None => (text, 10, 78),
            };
            let plain = digits.bytes().all(|c| char::from(c).is_digit(radix)) && (1..=most).contains(&digits.len());
            if !plain {
                return None;
            }
            let number = U256::from_str_radix(digits, radix.into()).ok()?;
            Some((negative, number))
        }
        _ => None,
    }
}

fn hex_of(value: &Json) -> Option<Vec<u8>> {
    let digits = value.text()?.strip_prefix("0x")?;
    if digits.len() % 2 != 0 {
        return None;
    }
    digits
        .as_bytes()
        .chunks_exact(2)
        .map(|pair| {
            let digit = |c: u8| char::from(c).to_digit(16);
            u8::try_from(digit(pair[0])? << 4 | digit(pair[1])?).ok()
        })
        .collect()
}
