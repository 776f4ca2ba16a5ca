//! How things are printed: as text for people, as JSON for programs.

mod envelope;
mod terminal;
mod progress;
mod screen;
mod event_line;
mod transcript;

pub use envelope::Envelope;
pub use terminal::{Terminal, Style};
pub use progress::Progress;
pub use screen::{Screen, escaped};
pub use event_line::{moved, print_event_line};
pub use transcript::{Part, Said, said, word};
