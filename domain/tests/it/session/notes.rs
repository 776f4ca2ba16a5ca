//! Internal notes: anybody of staff writes them, in every phase.

use domain::session::Rejection;

use super::{dsl::given, samples::*, situations::*};

#[test]
fn anybody_of_staff_adds_a_note_in_every_phase() {
    for (_, history) in every_phase() {
        given(history).when(add_note(1, BO)).then([note_added(1, BO)]);
    }
    given([]).when(add_note(1, BO)).then_rejected(Rejection::NoSession);
}

#[test]
fn an_author_edits_the_newest_version_and_raises_it() {
    let history = and(with_ana(), [note_added(1, BO), note_added(2, BO)]);
    given(history.clone()).when(edit_note(1, BO, 1)).then([note_edited(1, 2)]);
    let history = and(history, [note_edited(1, 2)]);
    given(history.clone()).when(edit_note(1, BO, 1)).then_rejected(Rejection::NoteChanged { version: 2 });
    given(history.clone()).when(remove_note(1, BO, 1)).then_rejected(Rejection::NoteChanged { version: 2 });
    given(history.clone()).when(edit_note(1, BO, 2)).then([note_edited(1, 3)]);
    given(history).when(edit_note(2, BO, 1)).then([note_edited(2, 2)]);
}

#[test]
fn nobody_else_edits_a_note_and_only_a_supervisor_removes_it() {
    let history = and(with_ana(), [note_added(1, BO)]);
    let rejection = Rejection::NotTheAuthor { author: agent(BO) };
    for stranger in [ANA, SUE] {
        given(history.clone()).when(edit_note(1, stranger, 1)).then_rejected(rejection);
    }
    given(history.clone()).when(remove_note(1, ANA, 1)).then_rejected(rejection);
    given(history.clone()).when(remove_note(1, SUE, 1)).then([note_removed(1)]);
    given(history).when(remove_note(1, BO, 1)).then([note_removed(1)]);
}

#[test]
fn a_removed_note_stays_removed_and_whoever_saw_it_before_is_told_so() {
    let history = and(with_ana(), [note_added(1, BO), note_removed(1)]);
    given(history.clone()).when(edit_note(1, BO, 1)).then_rejected(Rejection::NoteChanged { version: 2 });
    given(history.clone()).when(edit_note(1, BO, 2)).then_rejected(Rejection::NoNote);
    given(history).when(remove_note(1, BO, 2)).then_nothing();
}

#[test]
fn a_note_that_never_was_is_refused() {
    given(with_ana()).when(edit_note(1, BO, 1)).then_rejected(Rejection::NoNote);
    given(with_ana()).when(remove_note(1, SUE, 1)).then_rejected(Rejection::NoNote);
}
