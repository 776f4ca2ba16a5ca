//! Parameters that several routes have, described once; and what holds for all: they may be left out, and are never null: a path, a query and a header have nothing but text.

use std::collections::HashSet;

use utoipa::{
    IntoParams, Modify,
    openapi::{
        OneOf, OpenApi, RefOr, Schema, Type,
        path::{Parameter, ParameterIn},
        schema::SchemaType,
    },
};

use super::{refusals::operations, texts};

/// How staff names a session in a path.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the document is made of it; handlers read the request")]
#[into_params(parameter_in = Path)]
pub(crate) struct StaffsSession {
    /// The session's id, or a name that one customer alone uses
    #[param(value_type = texts::Name)]
    name: String,
}

/// How a customer names its session in a path; staff may as well.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the document is made of it; handlers read the request")]
#[into_params(parameter_in = Path)]
pub(crate) struct NamedSession {
    /// The session's name; for staff its id as well
    #[param(value_type = texts::Name)]
    name: String,
}

/// A command that may be repeated.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the document is made of it; handlers read the request")]
#[into_params(parameter_in = Header)]
pub(crate) struct Keyed {
    /// Makes the request repeatable
    #[param(rename = "Idempotency-Key", value_type = Option<texts::Key>)]
    key: Option<String>,
}

/// A change of something that the caller saw.
#[derive(IntoParams)]
#[expect(dead_code, reason = "the document is made of it; handlers read the request")]
#[into_params(parameter_in = Header)]
pub(crate) struct Seen {
    /// The version that the caller saw
    #[param(rename = "If-Match", value_type = texts::Version)]
    seen: String,
}

/// Takes null out of every parameter's schema, and what is named twice out of every path.
pub(super) struct Parameters;

impl Modify for Parameters {
    fn modify(&self, document: &mut OpenApi) {
        let all = document.paths.paths.values_mut().flat_map(operations);
        for (_, operation) in all {
            operation.parameters.iter_mut().for_each(named_once);
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(Parameter { schema: Some(schema), .. }) = parameter {
                    without_null(schema);
                }
            }
        }
    }
}

/// A handler's argument `Path` names again what [`StaffsSession`] and the like describe; those come first.
fn named_once(parameters: &mut Vec<RefOr<Parameter>>) {
    let mut named = HashSet::new();
    parameters.retain(|parameter| match parameter {
        RefOr::T(parameter) => parameter.parameter_in != ParameterIn::Path || named.insert(parameter.name.clone()),
        RefOr::Ref(_) => true,
    });
}

fn without_null(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            if let SchemaType::Array(kinds) = &object.schema_type {
                let kind = kinds.iter().find(|kind| **kind != Type::Null).cloned();
                object.schema_type = kind.map_or(SchemaType::AnyValue, SchemaType::Type);
            }
        }
        RefOr::T(Schema::OneOf(OneOf { items, .. })) => {
            let present = items.iter().find(|item| !is_null(item)).cloned();
            *schema = present.unwrap_or_else(|| schema.clone());
        }
        _never_null => {}
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::Type(Type::Null))
}
