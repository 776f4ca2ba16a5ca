//! JSON bodies, read with a limit and with errors that name the field.

pub mod field;
mod unread_bodies;

use std::{future::Future, io, pin::Pin, time::Duration};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    error::PayloadError,
    http::{
        StatusCode,
        header::{self, HeaderMap, HeaderName},
    },
};
use bytes::BytesMut;
use futures::StreamExt;
use serde::de::DeserializeOwned;

use crate::{auth::caller::Caller, problem::Problem};
use unread_bodies::STRANGERS;

/// The largest body: 5,000 characters all escaped as surrogate pairs are 60 kB, and parameters come beside them.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// A body of this type.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let refused = refuse(request);
        let is_staffs = matches!(Caller::of(request).staff(request), Ok(Some(_)));
        let payload = payload.take();
        Box::pin(async move {
            if let Some(problem) = refused {
                return Err(problem);
            }
            let bytes = read(payload, is_staffs).await?;
            parse(&bytes).map(Self)
        })
    }
}

fn refuse(request: &HttpRequest) -> Option<Problem> {
    if !is_json(request.headers()) {
        return Some(not_json());
    }
    let encoding = request.headers().get(header::CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Some(encoded());
    }
    let length = header_text(request.headers(), &header::CONTENT_LENGTH).and_then(|text| text.parse().ok());
    length.is_some_and(|length: usize| length > MAX_BODY_BYTES).then(too_large)
}

/// Whether the body is called JSON.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = header_text(headers, &header::CONTENT_TYPE).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

/// It is not.
pub(crate) fn not_json() -> Problem {
    let detail = "the body must be JSON: send the header Content-Type: application/json";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "NOT_JSON", detail)
}

/// A body of a few bytes may unpack to any size.
fn encoded() -> Problem {
    let detail = "the body must not be compressed: send it without the header Content-Encoding";
    Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BODY_ENCODED", detail)
}

fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Strangers' bodies that are being read have a bound together: each may take its time.
async fn read(mut payload: Payload, is_staffs: bool) -> Result<BytesMut, Problem> {
    let mut bytes = BytesMut::new();
    let mut held = STRANGERS.nothing();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(unreadable)?;
        if bytes.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(too_large());
        }
        if !is_staffs && !held.grow_to(bytes.len() + chunk.len()) {
            let detail = "too many large bodies are being sent; try again";
            return Err(Problem::unavailable("TOO_MANY_BODIES", detail, Duration::from_secs(2)));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

fn unreadable(error: PayloadError) -> Problem {
    match error {
        PayloadError::Io(error) if error.kind() == io::ErrorKind::TimedOut => {
            Problem::new(StatusCode::REQUEST_TIMEOUT, "BODY_TOO_SLOW", "the body took too long to arrive")
        }
        _broken_off => Problem::bad_request("the body could not be read to its end"),
    }
}

fn too_large() -> Problem {
    Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "BODY_TOO_LARGE", "the body must have at most 262144 bytes")
}

/// Reads a body of this type.
///
/// # Errors
/// It is no JSON object of this type; the error names the field by its path, like `a.b[2].c`, and quotes nothing.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    // JSON has no mark of its byte order, and some libraries send one all the same (RFC 8259, 8.1).
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    if std::str::from_utf8(bytes).is_err() {
        return Err(Problem::bad_request("the body is not valid UTF-8"));
    }
    // serde would take an array as an object's values in their order.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::bad_request(NO_OBJECT));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| refusal(&shown(&error.path().to_string()), error.inner()))?;
    deserializer.end().map_err(|_| Problem::bad_request("the body has something after its JSON value"))?;
    Ok(parsed)
}

/// Names of fields that are none of ours are the caller's own words.
pub(crate) fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(MAX_SHOWN_CHARS).collect()
}

/// As much of what a caller sent as an answer says again.
const MAX_SHOWN_CHARS: usize = 64;
const NO_OBJECT: &str = "the body must be a JSON object with the documented fields";

/// serde's own words may quote what was sent; only their kind is told. `path` is `.` for the body itself.
fn refusal(path: &str, error: &serde_json::Error) -> Problem {
    let (line, column, text) = (error.line(), error.column(), error.to_string());
    let text = text.strip_suffix(&format!(" at line {line} column {column}")).unwrap_or(&text);
    if let Some(reason) = field::reason(text) {
        return Problem::invalid(path.to_owned(), reason);
    }
    // Of these two serde says the object's path, and the field in words only; its name is ours.
    if let Some(name) = quoted(text, "missing field `") {
        return Problem::invalid(below(path, name), field::REQUIRED);
    }
    if let Some(name) = quoted(text, "duplicate field `") {
        let field = below(path, name);
        return Problem::bad_request(format!("{field} is given twice")).with("field", field);
    }
    let is_data = error.is_data();
    if path == "." {
        let malformed = || format!("the body is not valid JSON at line {line} column {column}");
        return Problem::bad_request(if is_data { NO_OBJECT.to_owned() } else { malformed() });
    }
    let detail = if !is_data {
        format!("{path} is not valid JSON at line {line} column {column}")
    } else if text.starts_with("unknown field ") {
        format!("{path} is no field of this request")
    } else {
        format!("{path} has the wrong type")
    };
    Problem::bad_request(detail).with("field", path)
}

fn quoted<'a>(text: &'a str, before: &str) -> Option<&'a str> {
    text.strip_prefix(before)?.split_once('`').map(|(name, _)| name)
}

/// The path of a field of the object at this path.
fn below(path: &str, field: &str) -> String {
    if path == "." { field.to_owned() } else { format!("{path}.{field}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    struct Example {
        #[serde(default)]
        message: Option<String>,
    }

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct New {}

    #[test]
    fn unknown_fields_are_refused_by_name() {
        let refused = parse::<New>(br#"{"vip": true}"#).err().map(|problem| problem.detail().to_owned());
        assert_eq!(refused.as_deref(), Some("vip is no field of this request"));
        let long = format!("{{\"a\\u0000b\\n{}\": 1}}", "x".repeat(5_000));
        let refused = parse::<New>(long.as_bytes()).err().map(|problem| problem.detail().to_owned());
        assert_eq!(
            refused,
            Some(format!("ab{} is no field of this request", "x".repeat(62))),
            "as far as it can be shown"
        );
    }

    #[derive(Debug, serde::Deserialize)]
    struct Inner {
        #[serde(deserialize_with = "field::required")]
        name: domain::text::SessionName,
    }

    #[derive(Debug, serde::Deserialize)]
    struct Nested {
        inner: Vec<Inner>,
    }

    #[test]
    fn nested_fields_are_named_by_their_path() {
        let refused = |inner: &str| {
            let body = format!(r#"{{"inner": [{{"name": "a"}}, {inner}]}}"#);
            let named = parse::<Nested>(body.as_bytes()).map(|nested| nested.inner.into_iter().map(|inner| inner.name));
            named.map(|names| names.count()).map_err(|problem| problem.to_string())
        };
        assert_eq!(refused(r#"{"name": "b"}"#), Ok(2));
        for (inner, expected) in [
            ("{}", "INVALID_FIELD: inner[1].name is required"),
            (r#"{"name": null}"#, "INVALID_FIELD: inner[1].name is required"),
            (r#"{"name": 5}"#, "BAD_REQUEST: inner[1].name has the wrong type"),
            (r#"{"name": "a", "name": "b"}"#, "BAD_REQUEST: inner[1].name is given twice"),
            ("5", "BAD_REQUEST: inner[1] has the wrong type"),
        ] {
            assert_eq!(refused(inner), Err(expected.to_owned()), "{inner}");
        }
        let refused = refused(r#"{"name": " "}"#).err().unwrap_or_default();
        assert!(refused.starts_with("INVALID_FIELD: inner[1].name must "), "{refused}");
    }

    fn detail(body: &[u8]) -> String {
        parse::<Example>(body)
            .map(|example| example.message.unwrap_or_default())
            .unwrap_or_else(|p| p.detail().to_owned())
    }

    #[test]
    fn a_byte_order_mark_is_passed_over_once() {
        assert_eq!(detail("\u{feff}{\"message\": \"a\"}".as_bytes()), "a");
        assert!(detail("\u{feff}\u{feff}{}".as_bytes()).starts_with("the body is not valid JSON"));
    }

    #[test]
    fn errors_name_the_field_and_quote_nothing() {
        assert_eq!(detail(br#"{"message": 5}"#), "message has the wrong type");
        assert!(detail(br#"{"message": "\ud800"}"#).starts_with("message is not valid JSON at line 1 column "));
        assert_eq!(detail(b" [\"a\"]"), "the body must be a JSON object with the documented fields");
        assert_eq!(detail(br#"{"message": "a", "message": "b"}"#), "message is given twice");
        assert_eq!(detail(b"{\"message\": \"\xff\"}"), "the body is not valid UTF-8");
        assert_eq!(detail(br#"{"message": "a"} b"#), "the body has something after its JSON value");
    }
}
