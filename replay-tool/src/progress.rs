//! A progress bar on standard error, shown only on a terminal.

use event_store::Position;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Progress of reading the log. The bar disappears when this is dropped.
pub struct Progress(ProgressBar);

impl Progress {
    /// Starts a bar that ends at the head.
    #[must_use]
    pub fn new(what: &'static str, head: Position) -> Self {
        // indicatif draws nothing if standard error is not a terminal.
        let bar = ProgressBar::with_draw_target(Some(head.0), ProgressDrawTarget::stderr_with_hz(10));
        let style = ProgressStyle::with_template("{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta}");
        if let Ok(style) = style {
            bar.set_style(style);
        }
        bar.set_message(what);
        Self(bar)
    }

    /// Sets the head.
    pub fn head(&self, head: Position) {
        self.0.set_length(head.0);
    }

    /// Sets the current position.
    pub fn reached(&self, position: Position) {
        self.0.set_position(position.0);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
