//! Process managers: what happened makes something happen. A process manager reads the log and sends commands; it never writes
//! events.
//!
//! [`ProcessManager`] is pure: from an event or a timer to [`Action`]s. [`follower`] runs one of them on the node that holds its
//! lease; [`ProcessStore`] keeps cursor, timers, state and outbox; [`outbox`] delivers what goes outside. The assistant's run has
//! three parts: the [`dispatcher`] begins runs for messages that this node took, the [`Runner`] carries one to its end, and
//! [`RunRecovery`], a process manager, has those retaken whose node died.
//!
//! Invariants: what a process manager causes has ids made from its cause, so doing it again changes nothing; what it keeps moves
//! in one transaction, which only the holder of the lease can commit.

pub mod agent_lost;
pub mod budgets;
pub mod delete_conversation;
pub mod dispatcher;
pub mod expiry;
#[cfg(test)]
mod fixture;
pub mod follower;
pub mod idle_close;
pub mod mail;
pub mod manager;
pub mod outbox;
pub mod processes;
pub mod routing;
pub mod run_recovery;
pub mod runner;
pub mod sent_drafts;
pub mod signs_of_life;
pub mod status;
pub mod store;
pub mod waiting;

pub use agent_lost::AgentLost;
pub use budgets::WatchBudgets;
pub use delete_conversation::{ConversationDeletion, ConversationStore, StoredConversation};
pub use expiry::Expiry;
pub use follower::{Context, ProcessError};
pub use idle_close::IdleClose;
pub use mail::{MailDelivery, OutcomesHandle, SendMail};
pub use manager::{Action, Beginning, Decision, Item, Overview, ProcessManager, Timer};
pub use outbox::{Delivery, DeliveryError};
pub use processes::Processes;
pub use routing::Routing;
pub use run_recovery::RunRecovery;
pub use runner::{ASSISTANT_RUN, RunSettings, Runner};
pub use sent_drafts::SentDrafts;
pub use signs_of_life::SignsOfLife;
pub use status::{FollowerStatus, Retry, StatusHandle};
pub use store::{ProcessStore, StoreError};
pub use waiting::{NobodyCame, Waiting};
