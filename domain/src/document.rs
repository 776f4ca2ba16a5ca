//! Documents that people write in TOML (calendars, policies), read into checked types.
//!
//! Invariant: an error names the line and, where there is one, the field, so that whoever wrote it finds the place.

use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};

/// What is wrong with a document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}{}: {reason}", field.as_deref().map_or(String::new(), |field| format!(", {field}")))]
pub struct DocumentError {
    /// From 1.
    pub line: usize,
    /// The field's path, like `groups.repairs.week.monday`.
    pub field: Option<String>,
    /// What it must be instead.
    pub reason: String,
}

impl DocumentError {
    /// An error at this byte of the document.
    #[must_use]
    pub fn at(text: &str, offset: usize, reason: impl Into<String>) -> Self {
        let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        Self { line, field: field_at(text, offset), reason: reason.into() }
    }
}

/// Reads a document. Checks of single values belong into their types' `Deserialize`: the error gets their place.
///
/// # Errors
/// It is no TOML, or not what the type takes.
pub fn read<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    toml::from_str(text).map_err(|error| {
        let offset = error.span().map_or(0, |span| span.start);
        DocumentError::at(text, offset, error.message().trim())
    })
}

/// The path of the innermost field that this byte is in; `None` outside of fields and if malformed.
fn field_at(text: &str, offset: usize) -> Option<String> {
    let document = DeTable::parse(text).ok()?;
    let mut path = Vec::new();
    descend(document.get_ref(), offset, &mut path);
    (!path.is_empty()).then(|| path.join("."))
}

fn descend(table: &DeTable<'_>, offset: usize, path: &mut Vec<String>) {
    for (key, value) in table {
        let holds = |span: std::ops::Range<usize>| span.contains(&offset);
        let inner = value.get_ref().as_table();
        // The span of a table with a header is the header alone, so its fields are looked at in any case.
        path.push(key.get_ref().to_string());
        let depth = path.len();
        if let Some(inner) = inner {
            descend(inner, offset, path);
        }
        if path.len() > depth || holds(key.span()) || holds(value.span()) {
            add_index(value.get_ref(), offset, path);
            return;
        }
        path.pop();
    }
}

/// Which element of a list it is, from 1, as people count.
fn add_index(value: &DeValue<'_>, offset: usize, path: &mut [String]) {
    let elements = value.as_array().into_iter().flat_map(|array| array.iter());
    let index = elements.enumerate().find(|(_, element)| element.span().contains(&offset));
    if let (Some((index, _)), Some(last)) = (index, path.last_mut()) {
        last.push_str(&format!("[{}]", index + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_is_the_innermost_field() {
        let text = "a = 1\n[b.\"c d\"]\nlist = [\n  \"x\",\n  \"y\",\n]\n";
        for (what, line, field) in [("1", 1, "a"), ("\"x\"", 4, "b.c d.list[1]"), ("\"y\"", 5, "b.c d.list[2]")] {
            let error = DocumentError::at(text, text.find(what).expect("it is there"), "wrong");
            assert_eq!((error.line, error.field.as_deref()), (line, Some(field)), "{what}");
        }
    }

    #[test]
    fn malformed_toml_is_refused_with_its_line() {
        let error = read::<toml::Table>("a = 1\nb = \n").expect_err("there is no value");
        assert_eq!((error.line, error.field), (2, None));
    }
}
