//! Choices that many generators read wrongly, said in place: of a reference or null some make an empty class that nobody can
//! fill, and of a choice of plain types without a discriminator a type without members.

use serde_json::{Value, json};

use super::plain::SCHEMAS;

/// Rewrites every choice below a value, and every schema inside it.
pub(super) fn rewrite_choices(value: &mut Value, schemas: &Value) {
    if let Some((nullable, described)) = optional_reference(value, schemas) {
        *value = nullable;
        if let (Some(described), Value::Object(schema)) = (described, &mut *value) {
            schema.insert("description".to_owned(), described);
        }
    }
    if let Some(types) = plain_types(value) {
        let described = value.get("description").cloned();
        *value = json!({"type": types});
        described.into_iter().for_each(|described| value["description"] = described);
    }
    match value {
        Value::Object(members) => members.values_mut().for_each(|member| rewrite_choices(member, schemas)),
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite_choices(item, schemas)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The schema behind `oneOf: [null, reference]`, with null; and what the place itself says.
fn optional_reference(value: &Value, schemas: &Value) -> Option<(Value, Option<Value>)> {
    let [one, other] = value.get("oneOf")?.as_array()?.as_slice() else { return None };
    let reference = if one["type"] == "null" { other } else { one };
    if one["type"] != "null" && other["type"] != "null" {
        return None;
    }
    let name = reference.get("$ref")?.as_str()?.strip_prefix(SCHEMAS)?;
    let mut schema = schemas.get(name)?.clone();
    let kind = schema.get("type").filter(|kind| kind.is_string())?.clone();
    schema["type"] = json!([kind, "null"]);
    if let Some(words) = schema.get_mut("enum").and_then(Value::as_array_mut) {
        words.push(Value::Null);
    }
    Some((schema, value.get("description").cloned()))
}

/// The types of a choice between a yes or no, a text and a number; of bounds and formats it had none that a client sends.
fn plain_types(value: &Value) -> Option<Vec<Value>> {
    let items = value.get("oneOf")?.as_array()?;
    items.iter().map(plain_type).collect()
}

const PLAIN: [&str; 4] = ["boolean", "string", "integer", "number"];

fn plain_type(item: &Value) -> Option<Value> {
    let has_rules = ["enum", "pattern"].iter().any(|rule| item.get(rule).is_some());
    let kind = item.get("type").filter(|kind| kind.as_str().is_some_and(|kind| PLAIN.contains(&kind)));
    kind.filter(|_| !has_rules).cloned()
}
