//! How the events of settings are stored.

use serde_json::{Map, Value};

use crate::{
    codec::{stored_events, upcast::Upcaster},
    settings::event::{
        BudgetReached, Event, LogRestored, PersonalQuickReplySaved, Published, QuickReplyRemoved, QuickReplySaved,
        QuickReplyWords, RolledBack,
    },
};

/// Before their second schema nobody said why.
const UPCASTERS: &[Upcaster] = &[second_schema("settings.published"), second_schema("settings.rolled_back")];

const fn second_schema(event_type: &'static str) -> Upcaster {
    Upcaster { event_type, from_schema: 1, plain: unchanged, personal: unchanged }
}

fn unchanged(part: Map<String, Value>) -> Map<String, Value> {
    part
}

stored_events! {
    Event;
    plain {
        Published = "settings.published" 2,
        RolledBack = "settings.rolled_back" 2,
        BudgetReached = "settings.budget_reached",
        QuickReplySaved = "settings.quick_reply_saved",
        QuickReplyRemoved = "settings.quick_reply_removed",
        LogRestored = "log.restored",
    }
    personal {
        PersonalQuickReplySaved = "settings.personal_quick_reply_saved", words: QuickReplyWords, Staff;
    }
}
