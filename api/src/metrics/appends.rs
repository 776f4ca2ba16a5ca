//! What this node appends to the log, by type, and how long that takes; and the counts that the brief names, each of an event.
//!
//! Invariant: an event is counted where it is appended and nowhere else, so the sum over nodes is right.

use std::time::Duration;

use domain::{
    PersonalText,
    session::{
        Event, decode,
        event::{EscalationReason, MailKind},
    },
};
use event_store::{AppendObserver, NewEvent};
use prometheus_client::{encoding::EncodeLabelSet, metrics::histogram::Histogram};

use super::{
    declared::{AFTER_HOURS, APPEND_SECONDS, ESCALATIONS, EVENTS, MAIL_FAILURES},
    families::{Counters, Families, Labels, label},
};

/// What is counted more closely.
const LOOKED_INTO: [&str; 3] = ["session.escalated", "session.mail_requested", "session.mail_failed"];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct TypeLabel {
    r#type: &'static str,
}

/// Counts appends.
pub(super) struct Appends {
    seconds: Histogram,
    events: Counters<TypeLabel>,
    escalations: Counters,
    after_hours: Counters,
    mail_failures: Counters,
}

impl Appends {
    pub(super) fn new(families: &mut Families) -> Self {
        let seconds = families.seconds::<Labels>(APPEND_SECONDS).get_or_create_owned(&Labels::new());
        let events = families.counters(EVENTS);
        let counts = [ESCALATIONS, AFTER_HOURS, MAIL_FAILURES].map(|declared| families.counters::<Labels>(declared));
        let [escalations, after_hours, mail_failures] = counts;
        // An increase is seen only in a series that was there before.
        for reason in EscalationReason::ALL {
            drop(escalations.get_or_create(&reason_label(reason)));
        }
        for unlabelled in [&after_hours, &mail_failures] {
            drop(unlabelled.get_or_create(&Labels::new()));
        }
        Self { seconds, events, escalations, after_hours, mail_failures }
    }

    fn look_into(&self, event: &NewEvent) {
        let personal = if event.personal.is_some() { PersonalText::Sealed } else { PersonalText::Absent };
        let decoded = decode(event.event_type, event.schema, &event.data, personal);
        let none = Labels::new();
        match decoded {
            Ok(Event::Escalated(escalated)) => {
                self.escalations.get_or_create(&reason_label(escalated.reason)).inc();
            }
            Ok(Event::MailRequested(requested)) if requested.kind == MailKind::Escalation => {
                self.after_hours.get_or_create(&none).inc();
            }
            Ok(Event::MailFailed(_)) => {
                self.mail_failures.get_or_create(&none).inc();
            }
            Ok(_other) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an event of this program is not counted");
            }
        }
    }
}

impl AppendObserver for Appends {
    fn appended(&self, events: &[NewEvent], took: Duration) {
        self.seconds.observe(took.as_secs_f64());
        for event in events {
            self.events.get_or_create(&TypeLabel { r#type: event.event_type }).inc();
            if LOOKED_INTO.contains(&event.event_type) {
                self.look_into(event);
            }
        }
    }
}

fn reason_label(reason: EscalationReason) -> Labels {
    let name = match reason {
        EscalationReason::Keyword => "keyword",
        EscalationReason::FailLoop => "fail_loop",
        EscalationReason::Sentiment => "sentiment",
        EscalationReason::Vip => "vip",
        EscalationReason::Manual => "manual",
    };
    label("reason", name)
}
