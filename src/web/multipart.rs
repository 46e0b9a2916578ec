//! A form with files (`multipart/form-data`, RFC 7578), or a JSON object.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use serde_json::Map;

use super::body::RawBody;
use super::fields::Fields;
use super::json::{is_json, parse};
use super::{Failure, Web};
use crate::domain::Code;

/// The fields of a form with files, whose contents have to be text, or of a JSON object.
pub struct MultipartOrJson {
    /// The fields.
    pub fields: Fields,
    /// The raw body, for hashing.
    pub raw: Bytes,
}

impl FromRequest<Web> for MultipartOrJson {
    type Rejection = Failure;

    async fn from_request(request: Request, web: &Web) -> Result<Self, Failure> {
        let kind = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let kind = kind.unwrap_or_default().to_owned();
        let RawBody(raw) = RawBody::from_request(request, web).await?;
        if is_json(&kind) {
            let fields = Fields::new(parse(&raw)?);
            return Ok(Self { fields, raw });
        }
        let Some(boundary) = boundary(&kind) else {
            return Err(Failure::new(Code::UnsupportedMediaType)
                .saying("Send Content-Type: multipart/form-data with a boundary, or application/json."));
        };
        let wrong = |why: &str| Failure::new(Code::MalformedBody).saying(why);
        let parts = parts(&raw, boundary)
            .ok_or_else(|| wrong("The form cannot be read. Send multipart/form-data as RFC 7578 has it."))?;
        let mut map = Map::new();
        for (name, content) in parts {
            let text = std::str::from_utf8(content).ok().filter(|text| !text.contains('\0'));
            let text = text.ok_or_else(|| wrong("A part of the form is no text in UTF-8."))?;
            if map.insert(name, text.into()).is_some() {
                return Err(wrong("A field stands in the form twice."));
            }
        }
        Ok(Self {
            fields: Fields::new(map),
            raw,
        })
    }
}

/// The boundary of a content type, if it is the one of a form with files.
fn boundary(content_type: &str) -> Option<&str> {
    let mut parts = content_type.split(';');
    let is_form = parts.next()?.trim().eq_ignore_ascii_case("multipart/form-data");
    let boundary = parts.find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        name.eq_ignore_ascii_case("boundary").then(|| value.trim_matches('"'))
    })?;
    (is_form && !boundary.is_empty() && boundary.len() <= 70).then_some(boundary)
}

/// The parts of a form: names and contents.
fn parts<'b>(body: &'b [u8], boundary: &str) -> Option<Vec<(String, &'b [u8])>> {
    let delimiter = format!("\r\n--{boundary}");
    let delimiter = delimiter.as_bytes();
    // The first one stands at the very start, or after a line that means nothing.
    let mut rest = body
        .strip_prefix(&delimiter[2..])
        .or_else(|| after(body, delimiter).map(|(_, rest)| rest))?;
    let mut found = Vec::new();
    while !rest.starts_with(b"--") {
        let (_, after_line) = after(rest, b"\r\n")?;
        // A part without headers has no name.
        let (head, content) = after(after_line, b"\r\n\r\n")?;
        let (content, next) = after(content, delimiter)?;
        found.push((name(head)?, content));
        rest = next;
    }
    Some(found)
}

/// What stands before a needle, and what after it.
fn after<'b>(hay: &'b [u8], needle: &[u8]) -> Option<(&'b [u8], &'b [u8])> {
    let at = hay.windows(needle.len()).position(|window| window == needle)?;
    Some((hay.get(..at)?, hay.get(at + needle.len()..)?))
}

/// The name of a part.
fn name(head: &[u8]) -> Option<String> {
    let head = std::str::from_utf8(head).ok()?;
    let disposition = head.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.trim().eq_ignore_ascii_case("content-disposition").then_some(value)
    })?;
    disposition.split(';').find_map(|part| {
        let (name, value) = part.trim().split_once('=')?;
        (name == "name").then(|| value.trim_matches('"').to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &str = "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.xellar\"\r\nContent-Type: application/octet-stream\r\n\r\nline one\r\nline two\r\n--x\r\ncontent-disposition: form-data; name=pin\r\n\r\n123456\r\n--x--\r\n";

    #[test]
    fn a_form_with_a_file_is_read() {
        assert_eq!(boundary("Multipart/Form-Data; boundary=\"x\""), Some("x"));
        let read = parts(FORM.as_bytes(), "x").unwrap();
        assert_eq!(read[0], ("file".to_owned(), "line one\r\nline two".as_bytes()));
        assert_eq!(read[1], ("pin".to_owned(), "123456".as_bytes()));
        assert_eq!(parts(b"--x--", "x").unwrap(), []);
    }

    #[test]
    fn what_is_cut_off_or_no_form_is_refused() {
        for end in 0..FORM.len() - 4 {
            assert!(parts(&FORM.as_bytes()[..end], "x").is_none(), "{end}");
        }
        for kind in [
            "multipart/form-data",
            "multipart/mixed; boundary=x",
            "multipart/form-data; boundary=",
        ] {
            assert_eq!(boundary(kind), None, "{kind}");
        }
    }
}
