//! How things are printed: as text for people, as JSON for programs.

mod envelope;
mod progress;
mod screen;
mod transcript;

pub use envelope::Envelope;
pub use progress::Progress;
pub use screen::{Screen, escaped};
pub use transcript::{Part, Said, said};
