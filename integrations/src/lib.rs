//! Whom we call: what implements the ports of `commands` towards the outside.
//!
//! Invariant: nothing here decides or records; it asks and reports what was said.

pub mod faq;
pub mod faq_assistant;

pub use faq::Faq;
pub use faq_assistant::FaqAssistant;
