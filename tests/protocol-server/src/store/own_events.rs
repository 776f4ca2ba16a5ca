//! What a server writes for itself: an epoch when a node begins to lead, users in a new folder, and statistics now and then.
//! Whoever reads `$all` without a filter meets them.

use serde_json::json;
use uuid::Uuid;

use super::writer::{Writer, next};
use crate::event::{EPOCH_STREAM, EPOCH_TYPE, METADATA_TYPE, Proposed, STATS_STREAM, STATS_TYPE, metastream_of};

impl Writer {
    /// A node begins to lead.
    pub(super) fn lead(&mut self) {
        self.index.write().unwrap_or_else(std::sync::PoisonError::into_inner).forget_recent();
        let epochs = self.read(|index| index.last_revision(EPOCH_STREAM, u64::MAX));
        let epoch = Proposed::system(EPOCH_TYPE, &json!({ "epochNumber": next(epochs), "epochId": Uuid::new_v4() }));
        self.write(EPOCH_STREAM, next(epochs), &[epoch]);
        if epochs.is_none() {
            self.begin();
        }
        self.stats();
    }

    /// What a server writes once, when its folder is new.
    fn begin(&mut self) {
        for name in ["admin", "ops"] {
            let user = Proposed::system("$UserCreated", &json!({ "loginName": name, "disabled": false }));
            self.write(&format!("$user-{name}"), 0, &[user]);
        }
        let users = ["admin", "ops"].map(|name| Proposed::system("$User", &json!(name)));
        self.write("$users", 0, &users);
        let bounded = Proposed::system(METADATA_TYPE, &json!({ "$maxAge": 86400, "$maxCount": 1000 }));
        self.write(&metastream_of(STATS_STREAM), 0, &[bounded]);
    }

    /// Counts a write.
    pub(super) fn now_and_then(&mut self) {
        self.writes += 1;
        if self.habits.stats_every != 0 && self.writes.is_multiple_of(self.habits.stats_every) {
            self.stats();
        }
    }

    fn stats(&mut self) {
        let last = self.read(|index| index.last_revision(STATS_STREAM, u64::MAX));
        let stats = Proposed::system(STATS_TYPE, &json!({ "proc-id": std::process::id() }));
        self.write(STATS_STREAM, next(last), &[stats]);
    }
}
