//! `given([...]).when(command).then([...])`: events in, events or a refusal out; the state in between is nobody's business.

use domain::session::{Command, Event, Rejection, State, decide};

pub(crate) struct Given {
    state: State,
}

/// What has happened so far.
pub(crate) fn given(history: impl IntoIterator<Item = Event>) -> Given {
    Given { state: history.into_iter().fold(State::New, |state, event| state.evolve(&event)) }
}

impl Given {
    pub(crate) fn when(self, command: Command) -> Decided {
        let said = format!("{command:?}");
        Decided { decision: decide(&self.state, command), said }
    }
}

pub(crate) struct Decided {
    decision: Result<Vec<Event>, Rejection>,
    said: String,
}

impl Decided {
    #[track_caller]
    pub(crate) fn events(self) -> Vec<Event> {
        self.decision.unwrap_or_else(|rejection| panic!("{}: {rejection}", self.said))
    }

    #[track_caller]
    pub(crate) fn then(self, expected: impl IntoIterator<Item = Event>) {
        let expected: Vec<Event> = expected.into_iter().collect();
        assert_eq!(self.decision.as_ref(), Ok(&expected), "{}", self.said);
    }

    #[track_caller]
    pub(crate) fn then_rejected(self, expected: Rejection) {
        assert_eq!(self.decision, Err(expected), "{}", self.said);
    }

    #[track_caller]
    pub(crate) fn then_nothing(self) {
        assert_eq!(self.decision, Ok(Vec::new()), "{}", self.said);
    }
}
