//! Waits for a key or for time to pass.
//!
//! Invariant: the terminal is in raw mode only while waiting. Ctrl-C then arrives as a key, and the terminal is restored before the
//! program ends; between two waits Ctrl-C interrupts the program as usual.

use std::{
    io,
    time::{Duration, Instant},
};

use crossterm::{
    event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
    terminal::{disable_raw_mode, enable_raw_mode},
};

/// What to do after a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    End,
}

/// Keeps the terminal in raw mode until dropped.
struct Raw;

impl Raw {
    fn begin() -> io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // The terminal is gone; nothing can be reported.
        drop(disable_raw_mode());
    }
}

/// Waits for a key, or until the limit if there is one.
pub(super) fn wait(limit: Option<Duration>) -> io::Result<Next> {
    let _raw = Raw::begin()?;
    let began = Instant::now();
    loop {
        if let Some(limit) = limit {
            let rest = limit.saturating_sub(began.elapsed());
            if !event::poll(rest)? {
                return Ok(Next::Go);
            }
        }
        if let Event::Key(key) = event::read()?
            && let Some(next) = meaning(key)
        {
            return Ok(next);
        }
    }
}

fn meaning(key: KeyEvent) -> Option<Next> {
    let is_control = key.modifiers.contains(KeyModifiers::CONTROL);
    match key.code {
        _ if key.kind == KeyEventKind::Release => None,
        KeyCode::Char('c' | 'd') if is_control => Some(Next::End),
        KeyCode::Char('q' | 'Q') | KeyCode::Esc => Some(Next::End),
        // Enter pressed before raw mode arrives as a line feed, which is Ctrl-J.
        KeyCode::Char('j') if is_control => Some(Next::Go),
        KeyCode::Char(' ') | KeyCode::Enter => Some(Next::Go),
        _other_key => None,
    }
}
