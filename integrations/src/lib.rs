//! Adapters to the outside: they implement the ports of `commands`.
//!
//! Invariant: nothing here decides or records; it asks, and reports what was answered.

pub mod coze;
pub mod faq;
pub mod faq_assistant;
pub mod grounding;
pub mod http_client;
pub mod mail;
pub mod openai;
pub mod sse;

pub use coze::Coze;
pub use faq::Faq;
pub use faq_assistant::FaqAssistant;
pub use grounding::{Grounding, Passage};
pub use openai::OpenAi;
