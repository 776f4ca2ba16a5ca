//! How things are printed: as text for people, as JSON for programs.

mod envelope;
mod event_line;
mod progress;
mod screen;
mod terminal;
mod transcript;

pub use envelope::Envelope;
pub use event_line::{moved, print_event_line};
pub use progress::Progress;
pub use screen::{Screen, escaped};
pub use terminal::{Style, Terminal};
pub use transcript::{Part, Said, said, word};
