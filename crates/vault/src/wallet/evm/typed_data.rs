//! Typed data (EIP-712).

use alloy_primitives::{Address, B256, U256, keccak256};

use super::{
    json::Json,
    parse_address,
    typed_value::{Encoder, Path, integer},
    types::{Type, Types},
};

const DOMAIN: &str = "EIP712Domain";
const MOST_BYTES: usize = 256 * 1024;
/// The fields that a domain may have, in the order of the standard.
const DOMAIN_FIELDS: [(&str, &str); 5] = [
    ("name", "string"),
    ("version", "string"),
    ("chainId", "uint256"),
    ("verifyingContract", "address"),
    ("salt", "bytes32"),
];

/// Whom a typed-data document is for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Domain {
    /// The name of the application.
    pub name: Option<String>,
    /// Its version.
    pub version: Option<String>,
    /// The chain. Without one the signature is good on every chain.
    pub chain_id: Option<U256>,
    /// The contract that will check the signature.
    pub verifying_contract: Option<Address>,
    /// What tells it from others, if all else is the same.
    pub salt: Option<B256>,
}

/// A typed-data document that was read whole: it is signed as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TypedData {
    domain: Domain,
    primary_type: String,
    hash: B256,
}

impl TypedData {
    /// Reads a document of the shape of `eth_signTypedData_v4`: `types`, `primaryType`, `domain`,
    /// `message`.
    ///
    /// Stricter than most: it has to have a domain, each field of the domain has to be declared (if
    /// `types` has `EIP712Domain`) and each declared one has to be there, names come once, addresses
    /// with upper and lower case have a right checksum, and numbers fit their types. Fields of the
    /// message that no type declares are not signed, and ignored. What it takes to read and hash one is
    /// linear in its length, and bounded: 256 KiB, 64 types of 32 KiB in all, names of 128 bytes, and
    /// 10 000 values.
    ///
    /// # Errors
    /// [`TypedDataError`] names the field.
    pub fn parse(json: &str) -> Result<Self, TypedDataError> {
        if json.len() > MOST_BYTES {
            return Err(TypedDataError::TooLong);
        }
        let document = Json::parse(json)?;
        let get = |key: &'static str| {
            document
                .map()
                .and_then(|map| map.get(key))
                .ok_or(TypedDataError::Shape(key))
        };
        let domain_json = match get("domain") {
            Ok(Json::Map(map)) if map.is_empty() => return Err(TypedDataError::NoDomain),
            Ok(Json::Null) | Err(_) => return Err(TypedDataError::NoDomain),
            Ok(domain) => domain,
        };
        let types = Types::parse(get("types")?)?;
        let primary_type = get("primaryType")?.text().ok_or(TypedDataError::Shape("primaryType"))?;
        if primary_type == DOMAIN || types.fields(primary_type).is_none() {
            return Err(TypedDataError::Shape("primaryType"));
        }

        let (domain, separator) = read_domain(domain_json, &types)?;
        let message = Encoder::new(&types).hash_struct(primary_type, get("message")?, Path::Root("message"))?;
        Ok(Self {
            domain,
            primary_type: primary_type.to_owned(),
            hash: keccak256([b"\x19\x01", separator.as_slice(), message.as_slice()].concat()),
        })
    }

    /// Whom it is for.
    #[must_use]
    pub const fn domain(&self) -> &Domain {
        &self.domain
    }

    /// What it is, such as `Permit`.
    #[must_use]
    pub fn primary_type(&self) -> &str {
        &self.primary_type
    }

    /// What is signed.
    #[must_use]
    pub const fn hash(&self) -> B256 {
        self.hash
    }

    /// That the domain names this chain, or none.
    ///
    /// # Errors
    /// [`TypedDataError::OtherChain`].
    pub fn expect_chain(&self, expected: u64) -> Result<(), TypedDataError> {
        match self.domain.chain_id {
            Some(found) if found != U256::from(expected) => Err(TypedDataError::OtherChain { found, expected }),
            _ => Ok(()),
        }
    }
}

/// Reads the domain and hashes it as the document declares it, or as the standard does.
fn read_domain(json: &Json, types: &Types) -> Result<(Domain, B256), TypedDataError> {
    let values = json.map().ok_or(TypedDataError::NoDomain)?;
    let wrong = |name: &str| TypedDataError::Domain(name.to_owned());
    for name in values.keys() {
        if !DOMAIN_FIELDS.iter().any(|(known, _)| known == name) {
            return Err(wrong(name));
        }
    }
    let separator = if let Some(fields) = types.fields(DOMAIN) {
        for field in fields {
            let standard = DOMAIN_FIELDS.iter().any(|(name, _)| {
                *name == field.name
                    && matches!(
                        (*name, &field.kind),
                        ("name" | "version", Type::Text)
                            | ("chainId", Type::Uint(256))
                            | ("verifyingContract", Type::Address)
                            | ("salt", Type::FixedBytes(32))
                    )
            });
            if !standard {
                return Err(wrong(&field.name));
            }
        }
        if let Some(name) = values.keys().find(|name| fields.iter().all(|f| f.name != **name)) {
            return Err(wrong(name));
        }
        Encoder::new(types).hash_struct(DOMAIN, json, Path::Root("domain"))?
    } else {
        let fields = DOMAIN_FIELDS
            .iter()
            .filter(|(name, _)| values.contains_key(*name))
            .map(|(name, kind)| {
                let field = [("name", *name), ("type", *kind)];
                Json::Map(
                    field
                        .map(|(key, value)| (key.to_owned(), Json::Text(value.to_owned())))
                        .into(),
                )
            })
            .collect();
        let types = Types::parse(&Json::Map([(DOMAIN.to_owned(), Json::List(fields))].into()))?;
        Encoder::new(&types).hash_struct(DOMAIN, json, Path::Root("domain"))?
    };

    // All values were checked against their types when they were hashed.
    let text = |name| values.get(name).and_then(Json::text);
    let domain = Domain {
        name: text("name").map(str::to_owned),
        version: text("version").map(str::to_owned),
        chain_id: values.get("chainId").and_then(integer).map(|(_, number)| number),
        verifying_contract: text("verifyingContract").and_then(|text| parse_address(text).ok()),
        salt: text("salt").and_then(|text| text.parse().ok()),
    };
    Ok((domain, separator))
}

/// Why a document is not signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TypedDataError {
    /// More than a document can need.
    #[error("the typed data is too long: at most 256 KiB, 64 types of 32 KiB in all, and 10 000 values")]
    TooLong,
    /// A type or a field has a longer name than any that is known.
    #[error("a name in the typed data is too long: at most 128 bytes")]
    LongName,
    /// It is no JSON, or JSON that can be read in two ways. The text says where.
    #[error("the typed data is not plain JSON ({0}): check it")]
    Json(String),
    /// A part of the document is missing or of another shape.
    #[error("`{0}` of the typed data is missing or has another shape: see EIP-712")]
    Shape(&'static str),
    /// There is no domain. Such a signature would be good for every application.
    #[error("the typed data has no domain: name the application, its chain and its contract in `domain`")]
    NoDomain,
    /// A field of the domain that the standard does not know, or that would not be signed.
    #[error("`domain.{0}` is not a field of EIP-712, or `EIP712Domain` declares it otherwise")]
    Domain(String),
    /// A type that is not declared, or not one of EIP-712.
    #[error("`{0}` is not a type of this document: declare it in `types`, without abbreviations")]
    Type(String),
    /// A declared field has no value.
    #[error("`{0}` is missing: every field that is declared has to be there")]
    Missing(String),
    /// A value does not fit its type.
    #[error("`{path}` has to be {expected}")]
    Value {
        /// Where it is.
        path: String,
        /// What its type asks for.
        expected: String,
    },
    /// It is for another chain than the one asked for.
    #[error("the typed data is for chain {found} and the request for chain {expected}: make them agree")]
    OtherChain {
        /// The chain of the domain.
        found: U256,
        /// The chain of the request.
        expected: u64,
    },
}
