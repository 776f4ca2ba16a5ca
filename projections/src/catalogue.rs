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
    quick_reply::QuickRepliesProjection,
    search::SearchProjection,
    service::ServicesProjection,
    session_count::SessionCountsProjection,
    session_detail::SessionsProjection,
    statistics::EscalationsProjection,
    tag::TagsProjection,
};

/// Every projection of this program, in the order in which they take a batch.
#[must_use]
pub fn all() -> ProjectionSet {
    Arc::new([
        // Three before that of the sessions, whose rows say how a session stood before the batch.
        Arc::new(AuditProjection) as Arc<dyn Projection>,
        Arc::new(SessionCountsProjection),
        Arc::new(TagsProjection),
        Arc::new(SessionsProjection),
        Arc::new(MessagesProjection),
        Arc::new(NotesProjection),
        Arc::new(EpisodesProjection),
        Arc::new(EscalationsProjection),
        Arc::new(ServicesProjection),
        Arc::new(AttemptsProjection),
        Arc::new(AgentsProjection),
        Arc::new(QuickRepliesProjection),
        Arc::new(SearchProjection),
    ])
}
