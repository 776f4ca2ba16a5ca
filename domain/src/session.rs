//! A session: one customer's thread.
//!
//! ```text
//!   bot_active ───────▶ pending_manual ───────▶ manual_live
//!     ▲  │  ▲  ▲─── cancelled ───┘ ▲──── lost, back ──┘ │
//!     │  │  └────────── released ─────────────────────┘
//!     │  └──▶ after_hours_email ──▶ pending_manual, manual_live, bot_active
//!     └── the customer writes again ── closed ◀── any
//! ```
//!
//! Invariants: one run of the assistant at a time, and only the current attempt may reply; between a takeover and its end
//! the assistant never speaks; every customer message ends in exactly one list: of the reply that answers it, or of the
//! escalation, takeover or close that hands it on.

pub mod attempt_end;
pub mod audience;
pub mod codec;
pub mod command;
pub mod decide;
pub mod event;
pub mod notes;
pub mod notice;
pub mod priority;
pub mod rating;
pub mod rejection;
pub mod screen;
pub mod state;
pub mod status;

pub use attempt_end::{AttemptEnd, AttemptResult};
pub use codec::{decode, encode, with_personal};
pub use command::Command;
pub use decide::decide;
pub use event::Event;
pub use rejection::Rejection;
pub use screen::Screen;
pub use state::{Phase, Run, Session, State, WaitingMessage};
pub use status::Status;
