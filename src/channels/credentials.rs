//! Reads the credentials of a channel from JSON, and names the field that is wrong.

use serde_json::{Map, Value};
use url::Url;
use zeroize::Zeroizing;

/// The most bytes of one field.
const LONGEST: usize = 4_096;

/// Credentials that cannot be used. It never repeats what a field holds.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {message}")]
pub struct CredentialsError {
    /// The field, such as `access_token`; `credentials` if it is all of them.
    pub field: String,
    /// What is wrong and what to do next.
    pub message: String,
}

impl CredentialsError {
    pub(super) fn new(field: &str, message: impl Into<String>) -> Self {
        Self {
            field: field.to_owned(),
            message: message.into(),
        }
    }
}

type Result<T> = std::result::Result<T, CredentialsError>;

/// The fields that were not read yet.
pub(super) struct Fields(Map<String, Value>);

impl Fields {
    pub fn read(json: &[u8]) -> Result<Self> {
        // serde_json's own words could quote a secret.
        serde_json::from_slice(json)
            .map(Self)
            .map_err(|_| CredentialsError::new("credentials", "Send one JSON object."))
    }

    /// A text, if it is there. Empty is as good as absent.
    pub fn text(&mut self, field: &str) -> Result<Option<String>> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) if text.len() <= LONGEST => Ok(Some(text)),
            Some(Value::String(_)) => Err(CredentialsError::new(field, "Send at most 4096 bytes.")),
            Some(_) => Err(CredentialsError::new(field, "Send a text.")),
        }
    }

    /// A text that has to be there and to satisfy a rule, which `help` says.
    pub fn required(&mut self, field: &str, rule: impl Fn(&str) -> bool, help: &str) -> Result<String> {
        let text = self.text(field)?.filter(|text| rule(text));
        text.ok_or_else(|| CredentialsError::new(field, help))
    }

    /// A text that may be absent, and otherwise has to satisfy a rule.
    pub fn optional(&mut self, field: &str, rule: impl Fn(&str) -> bool, help: &str) -> Result<Option<String>> {
        match self.text(field)? {
            Some(text) if !rule(&text) => Err(CredentialsError::new(field, help)),
            found => Ok(found),
        }
    }

    /// A secret that may be absent: visible ASCII, as it goes into headers.
    pub fn optional_secret(&mut self, field: &str) -> Result<Option<Zeroizing<String>>> {
        let Some(secret) = self.text(field)?.map(Zeroizing::new) else {
            return Ok(None);
        };
        if secret.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Ok(Some(secret));
        }
        let help = "Paste the secret without spaces, line breaks or other signs around it.";
        Err(CredentialsError::new(field, help))
    }

    /// A secret that has to be there.
    pub fn secret(&mut self, field: &str) -> Result<Zeroizing<String>> {
        self.optional_secret(field)?
            .ok_or_else(|| CredentialsError::new(field, "This secret is missing."))
    }

    /// Yes or no.
    pub fn switch(&mut self, field: &str, default: bool) -> Result<bool> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(default),
            Some(Value::Bool(value)) => Ok(value),
            Some(_) => Err(CredentialsError::new(field, "Send true or false.")),
        }
    }

    /// A port.
    pub fn port(&mut self, field: &str, default: u16) -> Result<u16> {
        match self.0.remove(field) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value
                .as_u64()
                .and_then(|port| u16::try_from(port).ok())
                .filter(|port| *port > 0)
                .ok_or_else(|| CredentialsError::new(field, "Send a port from 1 to 65535.")),
        }
    }

    /// A list of 1 to 100 texts that satisfy a rule.
    pub fn list(&mut self, field: &str, rule: impl Fn(&str) -> bool, help: &str) -> Result<Vec<String>> {
        let wrong = || CredentialsError::new(field, help);
        let Some(Value::Array(values)) = self.0.remove(field) else {
            return Err(wrong());
        };
        let texts = values.into_iter().map(|value| match value {
            Value::String(text) if rule(&text) => Ok(text),
            _ => Err(wrong()),
        });
        let texts = texts.collect::<Result<Vec<_>>>()?;
        if (1..=100).contains(&texts.len()) {
            Ok(texts)
        } else {
            Err(wrong())
        }
    }

    /// The address of an API, without a slash at its end. Whether it may be called is the guard's to say, each time.
    pub fn base_url(&mut self, field: &str, default: Option<&str>) -> Result<String> {
        let help = "Send an address that starts with https://, without user name, query or fragment.";
        let wrong = || CredentialsError::new(field, help);
        let Some(text) = self.text(field)? else {
            return default.map(str::to_owned).ok_or_else(wrong);
        };
        let url = Url::parse(&text).map_err(|_| wrong())?;
        let plain = matches!(url.scheme(), "https" | "http")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        if !plain {
            return Err(wrong());
        }
        Ok(url.as_str().trim_end_matches('/').to_owned())
    }

    /// Refuses what was not read: a mistyped name would silently leave a setting at its default.
    pub fn end(self) -> Result<()> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(field) => {
                let name: String = field.chars().filter(|c| !c.is_control()).take(64).collect();
                Err(CredentialsError::new(&name, "There is no such field: remove it."))
            }
        }
    }
}

/// Whether a text has from `least` to `most` characters, all of them of a kind.
pub(super) fn made_of(text: &str, least: usize, most: usize, kind: impl Fn(u8) -> bool) -> bool {
    (least..=most).contains(&text.len()) && text.bytes().all(kind)
}
