//! How things are printed: as text for people, as JSON for programs.

mod envelope;
mod look;
mod progress;
mod screen;
mod told;
mod transcript;

pub use envelope::Envelope;
pub use look::{Look, Style};
pub use progress::Progress;
pub use screen::{Screen, escaped};
pub use told::{moved, print_told};
pub use transcript::{Part, Said, said, word};
