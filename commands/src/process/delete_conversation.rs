//! What an assistant elsewhere stored of a conversation is deleted there, by an item of the outbox: at least once, and deleting
//! again changes nothing.
//!
//! Invariant: the item names the conversation by the other side's id alone. It holds nothing that was said, and it must outlive the
//! keys that the id is sealed with in the log.

use std::sync::Arc;

use async_trait::async_trait;
use domain::SessionId;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{
    manager::Item,
    outbox::{Delivery, DeliveryError},
};
use crate::assistant::AssistantError;

/// The kind of item.
pub const DELETE_CONVERSATION: &str = "delete_conversation";

/// Who stores conversations elsewhere.
#[async_trait]
pub trait ConversationStore: Send + Sync {
    /// The assistant's name, as in events.
    fn assistant(&self) -> &str;

    /// Deletes a session's conversation; one that is not there is deleted already.
    ///
    /// # Errors
    /// It may still be there.
    async fn delete(&self, session: SessionId, conversation: &str) -> Result<(), AssistantError>;
}

/// A conversation to delete.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredConversation {
    /// Whose it is.
    pub session: SessionId,
    /// Which assistant stores it.
    pub assistant: String,
    /// What that one calls it.
    pub conversation: String,
}

impl StoredConversation {
    /// The item of the outbox: one for each conversation, however often it is asked for.
    #[must_use]
    pub fn item(&self) -> Item {
        Item {
            kind: DELETE_CONVERSATION.to_owned(),
            key: format!("{} {}", self.assistant, self.conversation),
            payload: json!(self),
        }
    }
}

/// Deletes conversations.
pub struct ConversationDeletion(Vec<Arc<dyn ConversationStore>>);

impl ConversationDeletion {
    /// In these stores.
    #[must_use]
    pub fn new(stores: Vec<Arc<dyn ConversationStore>>) -> Self {
        Self(stores)
    }
}

#[async_trait]
impl Delivery for ConversationDeletion {
    fn kind(&self) -> &str {
        DELETE_CONVERSATION
    }

    async fn deliver(&self, item: &Item, _: u32) -> Result<(), DeliveryError> {
        let Ok(stored) = StoredConversation::deserialize(&item.payload) else {
            return Err(DeliveryError::Permanent { reason: "malformed".to_owned() });
        };
        let Some(store) = self.0.iter().find(|store| store.assistant() == stored.assistant) else {
            // It may be set up again: what is stored there is still to be deleted.
            return Err(DeliveryError::Retry { reason: "assistant_not_set_up".to_owned() });
        };
        store.delete(stored.session, &stored.conversation).await.map_err(|error| {
            tracing::warn!(session.id = %stored.session, assistant = stored.assistant, code = ?error.code,
                error.code = error.error_code, log.id = error.log_id, "a conversation was not deleted");
            DeliveryError::Retry { reason: error.error_code.unwrap_or_else(|| format!("{:?}", error.code)) }
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use domain::session::event::FailureCode;
    use uuid::Uuid;

    use super::*;

    #[derive(Default)]
    struct Store {
        deleted: Mutex<Vec<String>>,
        fails: bool,
    }

    #[async_trait]
    impl ConversationStore for Store {
        fn assistant(&self) -> &str {
            "coze"
        }

        async fn delete(&self, _: SessionId, conversation: &str) -> Result<(), AssistantError> {
            self.deleted.lock().expect("no panics").push(conversation.to_owned());
            if self.fails { Err(AssistantError::new(FailureCode::Unavailable, "")) } else { Ok(()) }
        }
    }

    fn stored(assistant: &str) -> StoredConversation {
        let conversation = "737999610479815".to_owned();
        StoredConversation { session: SessionId(Uuid::nil()), assistant: assistant.to_owned(), conversation }
    }

    #[tokio::test]
    async fn a_conversation_is_deleted_where_it_is_stored() {
        let store = Arc::new(Store::default());
        let deletion = ConversationDeletion::new(vec![store.clone()]);
        assert_eq!(deletion.deliver(&stored("coze").item(), 1).await, Ok(()));
        assert_eq!(*store.deleted.lock().expect("no panics"), ["737999610479815"]);
        assert_eq!(stored("coze").item().key, "coze 737999610479815");
    }

    #[tokio::test]
    async fn it_is_tried_again_while_the_assistant_is_away_or_not_set_up() {
        let deletion = ConversationDeletion::new(vec![Arc::new(Store { fails: true, ..Store::default() })]);
        for assistant in ["coze", "elsewhere"] {
            let outcome = deletion.deliver(&stored(assistant).item(), 3).await;
            assert!(matches!(outcome, Err(DeliveryError::Retry { .. })), "{assistant}: {outcome:?}");
        }
        let broken = Item { payload: json!({}), ..stored("coze").item() };
        assert!(matches!(deletion.deliver(&broken, 1).await, Err(DeliveryError::Permanent { .. })));
    }
}
