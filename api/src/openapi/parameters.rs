//! Parameters may be left out, and are never null: a path, a query and a header have nothing but text.

use utoipa::{
    Modify,
    openapi::{OneOf, OpenApi, RefOr, Schema, Type, path::Parameter, schema::SchemaType},
};

use super::refusals::operations;

/// Takes null out of every parameter's schema.
pub(super) struct Parameters;

impl Modify for Parameters {
    fn modify(&self, document: &mut OpenApi) {
        let all = document.paths.paths.values_mut().flat_map(operations);
        for (_, operation) in all {
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(Parameter { schema: Some(schema), .. }) = parameter {
                    without_null(schema);
                }
            }
        }
    }
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
