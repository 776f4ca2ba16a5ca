//! Waiting for a key, or for time to pass.
//!
//! Invariant: keys are read one by one only while this waits; a key that ends the program then arrives here as a key, so
//! the terminal is put back first. Between two waits control and c interrupt the program as they do any other.

use std::{
    io,
    time::{Duration, Instant},
};

use crossterm::{
    event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers},
    terminal::{disable_raw_mode, enable_raw_mode},
};

/// What comes after a wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    Go,
    End,
}

/// Keys come one by one as long as this lives.
struct Raw;

impl Raw {
    fn begin() -> io::Result<Self> {
        enable_raw_mode()?;
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // Nobody is left to tell.
        drop(disable_raw_mode());
    }
}

/// Waits until the limit, where there is one, or until a key says what is next.
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
        // Enter that was pressed before keys came one by one arrives as a line feed, which is control and j.
        KeyCode::Char('j') if is_control => Some(Next::Go),
        KeyCode::Char(' ') | KeyCode::Enter => Some(Next::Go),
        _other_key => None,
    }
}
