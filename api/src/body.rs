//! JSON bodies, read with a limit and with errors that name the field.

use std::{future::Future, io, pin::Pin};

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

use crate::problem::Problem;

/// The largest body: 5,000 characters all escaped as surrogate pairs are 60 kB, and parameters come beside them.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// A body of this type.
pub struct JsonBody<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for JsonBody<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let refused = refuse(request);
        let payload = payload.take();
        Box::pin(async move {
            if let Some(problem) = refused {
                return Err(problem);
            }
            let bytes = read(payload).await?;
            parse(&bytes).map(Self)
        })
    }
}

fn refuse(request: &HttpRequest) -> Option<Problem> {
    if !is_json(request.headers()) {
        return Some(not_json());
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

fn header_text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

async fn read(mut payload: Payload) -> Result<BytesMut, Problem> {
    let mut bytes = BytesMut::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(unreadable)?;
        if bytes.len() + chunk.len() > MAX_BODY_BYTES {
            return Err(too_large());
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
/// It is no JSON object of this type; the error names the field and quotes nothing.
pub fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    if std::str::from_utf8(bytes).is_err() {
        return Err(Problem::bad_request("the body is not valid UTF-8"));
    }
    // serde would take an array as an object's values in their order.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::bad_request(NO_OBJECT));
    }
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let parsed = serde_path_to_error::deserialize(&mut deserializer).map_err(|error| {
        let path = shown(&error.path().to_string());
        if let Some(field) = given_twice(error.inner()) {
            return Problem::bad_request(format!("{field} is given twice")).with("field", field);
        }
        let problem = Problem::bad_request(describe(&path, error.inner()));
        if path == "." { problem } else { problem.with("field", path) }
    })?;
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

/// serde says so in words only; the name in them is our own field's.
fn given_twice(error: &serde_json::Error) -> Option<String> {
    let text = error.to_string();
    text.strip_prefix("duplicate field `")?.split_once('`').map(|(field, _)| field.to_owned())
}

/// serde's own words may quote what was sent; only their kind is told.
fn describe(path: &str, error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    match (error.classify(), path) {
        (serde_json::error::Category::Data, ".") => NO_OBJECT.to_owned(),
        (serde_json::error::Category::Data, field) if error.to_string().starts_with("unknown field ") => {
            format!("{field} is no field of this request")
        }
        (serde_json::error::Category::Data, field) => format!("{field} has the wrong type"),
        (_, ".") => format!("the body is not valid JSON at line {line} column {column}"),
        (_, field) => format!("{field} is not valid JSON at line {line} column {column}"),
    }
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
    fn new_routes_name_what_they_do_not_know() {
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

    fn detail(body: &[u8]) -> String {
        parse::<Example>(body)
            .map(|example| example.message.unwrap_or_default())
            .unwrap_or_else(|p| p.detail().to_owned())
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
