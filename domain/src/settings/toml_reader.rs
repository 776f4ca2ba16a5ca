//! TOML with its lines: whatever is wrong is told with the line and the name of the field.

use std::ops::{Range, RangeInclusive};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::settings::DocumentError;

/// A value of a document.
pub(crate) struct Node<'a> {
    place: Place<'a>,
    value: Value<'a>,
}

/// Where something stands.
#[derive(Clone)]
pub(crate) struct Place<'a> {
    text: &'a str,
    span: Range<usize>,
    /// Names from the outermost table on.
    path: String,
    /// Where the last of them begins: a name may have dots of its own.
    name_at: usize,
}

/// The parser gives the document, and what is inside it, as different types.
enum Value<'a> {
    Document(DeTable<'a>),
    Inner(DeValue<'a>),
}

impl<'a> Node<'a> {
    /// Reads a document.
    pub(crate) fn parse(text: &'a str) -> Result<Self, DocumentError> {
        let document = DeTable::parse(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start);
            DocumentError::at(text, start, "", error.message())
        })?;
        let place = Place { text, span: 0..0, path: String::new(), name_at: 0 };
        Ok(Self { place, value: Value::Document(document.into_inner()) })
    }

    /// Its fields, in the order of their names.
    pub(crate) fn table(&self) -> Result<Vec<(Place<'a>, Self)>, DocumentError> {
        let table = match &self.value {
            Value::Document(table) | Value::Inner(DeValue::Table(table)) => table,
            Value::Inner(_) => return Err(self.error("must be a table")),
        };
        Ok(table.iter().map(|(key, value)| self.field(key.get_ref(), key.span(), value)).collect())
    }

    fn field(&self, name: &str, span: Range<usize>, value: &Spanned<DeValue<'a>>) -> (Place<'a>, Self) {
        let path = if self.place.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place.path) };
        let key = Place { text: self.place.text, span, name_at: path.len() - name.len(), path: path.clone() };
        (key, self.inner(path, value))
    }

    fn inner(&self, path: String, value: &Spanned<DeValue<'a>>) -> Self {
        let place = Place { text: self.place.text, span: value.span(), path, name_at: 0 };
        Self { place, value: Value::Inner(value.get_ref().clone()) }
    }

    pub(crate) fn list(&self) -> Result<Vec<Self>, DocumentError> {
        match &self.value {
            Value::Inner(DeValue::Array(items)) => {
                Ok(items.iter().map(|item| self.inner(self.place.path.clone(), item)).collect())
            }
            Value::Document(_) | Value::Inner(_) => Err(self.error("must be a list, like [\"a\", \"b\"]")),
        }
    }

    pub(crate) fn text(&self) -> Result<&str, DocumentError> {
        match &self.value {
            Value::Inner(DeValue::String(text)) => Ok(text),
            Value::Document(_) | Value::Inner(_) => Err(self.error("must be a text in quotes")),
        }
    }

    pub(crate) fn boolean(&self) -> Result<bool, DocumentError> {
        match &self.value {
            Value::Inner(DeValue::Boolean(value)) => Ok(*value),
            Value::Document(_) | Value::Inner(_) => Err(self.error("must be true or false")),
        }
    }

    pub(crate) fn number(&self, allowed: RangeInclusive<u32>) -> Result<u32, DocumentError> {
        let number = match &self.value {
            Value::Inner(DeValue::Integer(digits)) => u32::from_str_radix(digits.as_str(), digits.radix()).ok(),
            Value::Document(_) | Value::Inner(_) => None,
        };
        let (least, most) = (allowed.start(), allowed.end());
        number
            .filter(|number| allowed.contains(number))
            .ok_or_else(|| self.error(format!("must be a whole number from {least} to {most}")))
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> DocumentError {
        self.place.error(problem)
    }
}

impl Place<'_> {
    /// The last of its names.
    pub(crate) fn name(&self) -> &str {
        &self.path[self.name_at..]
    }

    pub(crate) fn error(&self, problem: impl Into<String>) -> DocumentError {
        DocumentError::at(self.text, self.span.start, self.path.clone(), problem)
    }
}
