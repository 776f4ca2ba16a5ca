//! Output: text for people, JSON for programs.

mod envelope;
mod event_line;
mod screen;
mod signed;
mod terminal;
mod transcript;

pub use envelope::Envelope;
pub use event_line::{new_status, print_event_line};
pub use screen::Screen;
pub use signed::Signed;
pub use terminal::{Style, Terminal};
pub use transcript::{Description, Part, describe, word};
