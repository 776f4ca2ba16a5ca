//! The flags' document, and what it says of a session.

use domain::{
    SessionId,
    flags::{Flags, KNOWN},
    settings::Document as _,
};
use uuid::Uuid;

use super::{lines, text};

/// A document. The variant that it gives is one of its own, with an assistant, and the same each time; what is refused is told with a
/// line of it.
pub(super) fn flags(bytes: &[u8]) -> bool {
    let Some(document) = text(bytes) else { return false };
    match Flags::of(KNOWN, document, 1) {
        Ok(flags) => {
            for n in 0..20 {
                let session = SessionId(Uuid::from_u128(n));
                let variant = flags.variant(session);
                assert_eq!(variant, flags.variant(session));
                assert!(variant.is_none_or(|variant| !variant.name.is_empty() && !variant.assistants.is_empty()));
            }
            true
        }
        Err(error) => {
            assert!((1..=document.lines().count().max(1) + 1).contains(&error.line), "{error}");
            false
        }
    }
}

pub(super) fn documents() -> Vec<Vec<u8>> {
    let all = lines(&[
        "[flags.assistant_order]",
        "type = \"string\"",
        "default = \"\"",
        "share_seed = \"spring\"",
        "variant_seed = \"spring, drawn\"",
        "rules = [",
        "    { sessions = [\"11111111-2222-4333-8444-555555555566\"], value = \"model\" },",
        "    { percent = 20 },",
        "]",
        "variants = [",
        "    { name = \"model\", share = 50, assistants = [\"openai\", \"faq\"] },",
        "    { name = \"faq\", share = 50, assistants = [\"faq\"] },",
        "]",
    ]);
    vec![Flags::built_in().as_bytes().to_vec(), all]
}
