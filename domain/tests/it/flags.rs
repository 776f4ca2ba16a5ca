//! Flags: what a document may say, and how sessions are dealt out.

mod documents;
mod shares;

use domain::{
    SessionId,
    flags::{Flags, KNOWN, Subject, Value},
};
use uuid::Uuid;

/// The n-th of many sessions, whose ids are as random as real ones.
fn session(n: u32) -> SessionId {
    SessionId(Uuid::new_v5(&Uuid::NAMESPACE_OID, &n.to_be_bytes()))
}

fn flags(document: &str) -> Flags {
    Flags::of(KNOWN, document, 1).unwrap_or_else(|error| panic!("{error}\n{document}"))
}

/// So many percent of the sessions are in `a` (30 of 100) or `b` (70 of 100).
fn order(percent: u32, share_seed: &str, variant_seed: &str) -> Flags {
    flags(&format!(
        "[flags.assistant_order]\ntype = \"string\"\nshare_seed = \"{share_seed}\"\nvariant_seed = \"{variant_seed}\"\n\
         rules = [{{ percent = {percent} }}]\nvariants = [\n\
         {{ name = \"a\", share = 30, assistants = [\"openai\", \"faq\"] }},\n\
         {{ name = \"b\", share = 70, assistants = [\"faq\"] }},\n]\n"
    ))
}

fn variant(flags: &Flags, session: SessionId) -> Option<&str> {
    flags.variant(session).map(|variant| variant.name.as_str())
}

fn of(session: SessionId) -> Subject {
    Subject { session: Some(session), ..Subject::default() }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
