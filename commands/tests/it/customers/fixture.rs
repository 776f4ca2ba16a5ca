//! One log that can fail, and any number of nodes on it. It knows an event id in its stream only, so that a token is good once
//! because it is claimed.

use std::sync::Arc;

use commands::{
    Customers,
    customers::{Identify, TokenId},
};
use domain::{
    VisitorId,
    customer::{command::Identity, event::Profile},
    text::ShopCustomerId,
};
use event_store::{EventReader as _, Log, Position, Vault};
use testkit::FlakyStore;
use uuid::Uuid;

const LOG_ID: Uuid = Uuid::from_u128(1);

pub(crate) struct Fixture {
    store: Arc<FlakyStore>,
    pub(crate) log: Log,
}

impl Fixture {
    pub(crate) fn new() -> Self {
        let store = Arc::new(FlakyStore::new(LOG_ID));
        let log = Log::new(store.clone(), Arc::new(Vault::in_memory()));
        Self { store, log }
    }

    /// The use cases of another node, or of the same after a kill: it remembers nothing.
    pub(crate) fn node(&self) -> Customers {
        Customers::new(self.log.clone(), LOG_ID)
    }

    /// Lets the next so many appends be taken without an answer.
    pub(crate) fn lose_answers(&self, count: usize) {
        self.store.lose_answers(count);
    }

    /// Lets so many appends be taken and no more.
    pub(crate) fn fail_appends_after(&self, count: usize) {
        self.store.fail_appends_after(count);
    }

    pub(crate) async fn head(&self) -> Position {
        self.store.head().await.unwrap()
    }

    /// The types of all events, in the log's order.
    pub(crate) async fn types(&self) -> Vec<String> {
        let all = self.store.read_all(Position::START, 1000).await.unwrap();
        all.iter().map(|recorded| recorded.event.event_type.to_string()).collect()
    }
}

pub(crate) fn visitor(n: u128) -> VisitorId {
    VisitorId(Uuid::from_u128(n))
}

pub(crate) fn as_visitor(sub: &str) -> Profile {
    Profile { sub: ShopCustomerId::parse(sub).unwrap(), email: None, name: None }
}

/// A token of this number says that its bearer is this customer.
pub(crate) fn identify(visitor: Option<VisitorId>, sub: &str, jti: &str) -> Identify {
    Identify {
        is_in_force: true,
        visitor,
        identity: Identity { profile: as_visitor(sub), vip: false },
        token: TokenId { audience: "fiido-desk".to_owned(), jti: jti.to_owned() },
        correlation_id: Uuid::new_v4(),
    }
}
