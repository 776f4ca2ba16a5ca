//! `play`: prints a session event by event, with its pauses if the output is a terminal.
//!
//! Invariant: the terminal is in its original mode whenever the program is not waiting for a key.

mod keys;
mod pace;

use std::{
    env,
    io::{self, IsTerminal},
};

use domain::session::State;
use jiff::SignedDuration;

use crate::{
    Finding,
    cli::PlayArgs,
    failure::Failure,
    history::HistoryEvent,
    render::{Screen, Style, Terminal, print_event_line},
    session_history::SessionHistory,
    show::{event_document, print_header},
    source::Source,
};
use keys::Next;
use pace::Pause;

/// Plays a session.
///
/// # Errors
/// There is no such session or moment, or its history cannot be read.
pub async fn play(source: &Source, wanted: &PlayArgs, screen: &mut Screen<'_>) -> Result<Finding, Failure> {
    let history = SessionHistory::read(source, &wanted.session).await?;
    if screen.json_wanted() {
        for entry in &history.events {
            screen.json(&event_document(entry))?;
        }
        return Ok(Finding::AsExpected);
    }
    let is_watched = io::stdout().is_terminal() && io::stdin().is_terminal();
    if is_watched {
        screen.fit(terminal());
    }
    print_header(&history, screen)?;
    screen.line("")?;
    show_each(&history, wanted, is_watched, screen)?;
    Ok(Finding::AsExpected)
}

fn terminal() -> Terminal {
    let columns = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
    // https://no-color.org: any non-empty value.
    let has_colours = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    Terminal { columns, has_colours }
}

fn show_each(
    history: &SessionHistory,
    wanted: &PlayArgs,
    is_watched: bool,
    screen: &mut Screen<'_>,
) -> Result<(), Failure> {
    if is_watched {
        screen.styled(Style::Quiet, "Enter or space: go on; q: end")?;
    }
    let mut before: Option<&HistoryEvent> = None;
    for entry in &history.events {
        let gap = before.map(|before| entry.recorded.recorded_at.duration_since(before.recorded.recorded_at));
        if let Some(gap) = gap {
            say_if_cut(gap, wanted, screen)?;
        }
        if is_watched && wait(gap, wanted, screen)? == Next::End {
            return Ok(());
        }
        let state: Option<&State> = before.map(|before| &before.after);
        print_event_line(state, entry, &history.names, screen)?;
        before = Some(entry);
    }
    Ok(())
}

fn say_if_cut(gap: SignedDuration, wanted: &PlayArgs, screen: &mut Screen<'_>) -> Result<(), Failure> {
    if Pause::of(gap, wanted.speed).is_cut {
        screen.styled(Style::Quiet, &format!("{:>20}… {} later", "", pace::in_words(gap)))?;
    }
    Ok(())
}

fn wait(gap: Option<SignedDuration>, wanted: &PlayArgs, screen: &mut Screen<'_>) -> Result<Next, Failure> {
    screen.flush().map_err(Failure::Output)?;
    let limit = match (wanted.step, gap) {
        (true, _) => None,
        (false, Some(gap)) => Some(Pause::of(gap, wanted.speed).wait),
        (false, None) => return Ok(Next::Go),
    };
    keys::wait(limit).map_err(Failure::Keyboard)
}
