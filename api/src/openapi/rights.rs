//! Who may call an operation and what a repeat of it does, as its description says: out of the table of routes and the
//! operation's own parameters, so that the text is never another than the rule.

use domain::agent::{Permission, Role};
use utoipa::{
    Modify,
    openapi::{HttpMethod, OpenApi, RefOr, path::Operation},
};

use super::refusals::operations;
use crate::auth::require::Access;

/// A route's method, in capitals, its path, and who may call it.
pub(crate) type Right = (&'static str, &'static str, Access);

/// Adds both to the description of every operation.
pub(super) struct Rights<'a>(pub(super) &'a [Right]);

impl Modify for Rights<'_> {
    fn modify(&self, document: &mut OpenApi) {
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let access = self.0.iter().find(|(name, known, _)| known == path && is_named(&method, name));
                let told = [operation.description.take(), access.map(|(.., access)| who(*access)), repeat(operation)];
                operation.description = Some(told.into_iter().flatten().collect::<Vec<_>>().join("\n\n"));
            }
        }
    }
}

fn is_named(method: &HttpMethod, name: &str) -> bool {
    serde_json::to_value(method).is_ok_and(|method| method.as_str().is_some_and(|text| text.eq_ignore_ascii_case(name)))
}

fn who(access: Access) -> String {
    match access {
        Access::Anybody => "Open to anybody, without a token.".to_owned(),
        Access::Visitor => "Open to customers: with their visitor token, or as a new visitor.".to_owned(),
        Access::CurrentUser => "Open to every member of staff who is signed in, about their own account.".to_owned(),
        Access::Staff(permission) => format!("Open to {}.", staff(permission)),
        Access::StaffOrVisitor(permission) => format!("Open to the session's customer, and to {}.", staff(permission)),
    }
}

fn staff(permission: Permission) -> String {
    let roles: Vec<&str> = Role::ALL.iter().filter(|role| role.may(permission)).map(|role| role.as_str()).collect();
    let programs = if permission.is_for_programs() { ", and programs whose key has it" } else { "" };
    format!("staff with `{}` ({}){programs}", permission.as_str(), roles.join(", "))
}

/// What a repeat of a command does; what repeats of others do is in their own description.
fn repeat(operation: &Operation) -> Option<String> {
    let mut parameters = operation.parameters.iter().flatten();
    let is_keyed = parameters.any(|one| matches!(one, RefOr::T(one) if one.name == "Idempotency-Key"));
    is_keyed
        .then(|| "A repeat with the same `Idempotency-Key` is answered as the first, and records nothing.".to_owned())
}
