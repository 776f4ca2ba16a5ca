//! TOML with its lines: whatever is wrong is told with the line and the name of the field.

use std::ops::{Range, RangeInclusive};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::settings::DocumentError;

/// A value of a document.
pub(super) struct Node<'a> {
    place: Place<'a>,
    value: Value<'a>,
}

/// Where something stands.
#[derive(Clone)]
pub(super) struct Place<'a> {
    text: &'a str,
    span: Range<usize>,
    /// Names from the outermost table on.
    path: String,
}

/// The parser gives the document, and what is inside it, as different types.
enum Value<'a> {
    Document(DeTable<'a>),
    Inner(DeValue<'a>),
}

impl<'a> Node<'a> {
    /// Reads a document.
    pub(super) fn parse(text: &'a str) -> Result<Self, DocumentError> {
        let document = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            DocumentError::at(text, start, "", error.message())
        })?;
        let place = Place { text, span: 0..0, path: String::new() };
        Ok(Self { place, value: Value::Document(document.into_inner()) })
    }

    /// Its fields, in the order of their names.
    pub(super) fn table(&self) -> Result<Vec<(Place<'a>, Self)>, DocumentError> {
        let table = match &self.value {
            Value::Document(table) | Value::Inner(DeValue::Table(table)) => table,
            Value::Inner(_) => return Err(self.error("must be a table")),
        };
        Ok(table.iter().map(|(key, value)| self.field(key.get_ref(), key.span(), value)).collect())
    }

    fn field(&self, name: &str, span: Range<usize>, value: &Spanned<DeValue<'a>>) -> (Place<'a>, Self) {
        let path = if self.place.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place.path) };
        let key = Place { text: self.place.text, span, path: path.clone() };
        (key, self.inner(path, value))
    }

    fn inner(&self, path: String, value: &Spanned<DeValue<'a>>) -> Self {
        let place = Place { text: self.place.text, span: value.span(), path };
        Self { place, value: Value::Inner(value.get_ref().clone()) }
    }

    pub(super) fn list(&self) -> Result<Vec<Self>, DocumentError> {
        match &self.value {
            Value::Inner(DeValue::Array(items)) => {
                Ok(items.iter().map(|item| self.inner(self.place.path.clone(), item)).collect())
            }
            Value::Document(_) | Value::Inner(_) => Err(self.error("must be a list, like [\"a\", \"b\"]")),
        }
    }

    pub(super) fn text(&self) -> Result<&str, DocumentError> {
        match &self.value {
            Value::Inner(DeValue::String(text)) => Ok(text),
            Value::Document(_) | Value::Inner(_) => Err(self.error("must be a text in quotes")),
        }
    }

    pub(super) fn boolean(&self) -> Result<bool, DocumentError> {
        match &self.value {
            Value::Inner(DeValue::Boolean(value)) => Ok(*value),
            Value::Document(_) | Value::Inner(_) => Err(self.error("must be true or false")),
        }
    }

    pub(super) fn number(&self, allowed: RangeInclusive<u32>) -> Result<u32, DocumentError> {
        let number = match &self.value {
            Value::Inner(DeValue::Integer(digits)) => u32::from_str_radix(digits.as_str(), digits.radix()).ok(),
            Value::Document(_) | Value::Inner(_) => None,
        };
        let (least, most) = (allowed.start(), allowed.end());
        number
            .filter(|number| allowed.contains(number))
            .ok_or_else(|| self.error(format!("must be a whole number from {least} to {most}")))
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> DocumentError {
        self.place.error(problem)
    }
}

impl Place<'_> {
    /// The last of its names.
    pub(super) fn name(&self) -> &str {
        self.path.rsplit_once('.').map_or(&self.path, |(_, name)| name)
    }

    pub(super) fn error(&self, problem: impl Into<String>) -> DocumentError {
        DocumentError::at(self.text, self.span.start, self.path.clone(), problem)
    }
}
