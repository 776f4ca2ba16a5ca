//! The routes: one table of them (`table.rs`), and a file of handlers for each group.
//!
//! Invariants: a route is served because its row is in the table, and for no other reason; the row says who may call it, and
//! that is the handler's first argument or it does not compile.

pub mod agents;
pub mod api_keys;
pub mod audit;
pub mod auth;
pub mod bot;
pub mod chat;
pub mod chat_stream;
pub mod conversation;
pub mod customer;
pub mod detailed_health;
pub mod docs;
pub mod events;
pub mod health;
pub mod page;
pub mod profile;
mod registration;
pub mod second_factor;
pub mod session_events;
pub mod sessions;
mod table;

pub use registration::Row;
pub use table::{ROUTES, configure, document};

/// What more than one route needs.
mod shared {
    use actix_web::{HttpRequest, http::header::HeaderName};
    use commands::IdempotencyKey;
    use domain::text::SessionName;

    use crate::problem::Problem;

    const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

    /// The key of `Idempotency-Key`, if the request has one.
    pub(super) fn idempotency_key(request: &HttpRequest) -> Result<Option<IdempotencyKey>, Problem> {
        let Some(value) = request.headers().get(IDEMPOTENCY_KEY) else { return Ok(None) };
        let key = value.to_str().ok().and_then(IdempotencyKey::parse);
        key.map(Some).ok_or_else(|| Problem::invalid("Idempotency-Key", "must be 1 to 255 visible ASCII characters"))
    }

    /// A session's name out of a field of this name.
    pub(super) fn session_name(field: &'static str, name: String) -> Result<SessionName, Problem> {
        SessionName::parse(name).map_err(|error| Problem::invalid(field, error))
    }
}
