//! The list of all projections. A new one is added here and nowhere else.

use std::sync::Arc;

use crate::{
    agents::AgentsProjection,
    attempt::AttemptsProjection,
    audit::AuditProjection,
    episode::EpisodesProjection,
    message::MessagesProjection,
    note::NotesProjection,
    projection::{Projection, ProjectionSet},
    service::ServicesProjection,
    session_detail::SessionsProjection,
    statistics::EscalationsProjection,
    tag::TagsProjection,
};

/// Every projection of this program, in the order in which they take a batch.
#[must_use]
pub fn all() -> ProjectionSet {
    Arc::new([
        // Before that of the sessions, whose rows say how a session stood before the batch.
        Arc::new(AuditProjection) as Arc<dyn Projection>,
        Arc::new(TagsProjection),
        Arc::new(SessionsProjection),
        Arc::new(MessagesProjection),
        Arc::new(NotesProjection),
        Arc::new(EpisodesProjection),
        Arc::new(EscalationsProjection),
        Arc::new(ServicesProjection),
        Arc::new(AttemptsProjection),
        Arc::new(AgentsProjection),
    ])
}
