//! Watches for a generation that this process does not work on yet: one that another node has switched to, one that was
//! requested, or the one to be built that was found when the views were opened.
//!
//! Invariant: a generation that is current comes before all that were requested; one that was passed over is not found again.

use std::collections::BTreeSet;

use tokio::time::sleep;

use super::followed::{Over, pace};
use crate::{storage::Survey, views::Views};

/// A generation to work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) number: u64,
    /// The pointer names it.
    pub(super) is_current: bool,
}

/// What this process works on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known {
    pub(super) serving: u64,
    /// The generation that is built.
    pub(super) next: Option<Candidate>,
    /// The generation that was to be built when the views were opened; it may have a lower number than the serving one.
    pub(super) wanted_at_start: Option<u64>,
}

/// Looks now and then, and ends the round with what it finds.
pub(super) async fn watch(views: &Views, known: Known, passed_over: &BTreeSet<u64>, over: &Over) -> Option<Candidate> {
    let mut ended = over.subscribe();
    let mut has_failed = false;
    loop {
        match views.storage.survey().await {
            Ok(survey) => {
                has_failed = false;
                if let Some(candidate) = candidate(&survey, known, passed_over) {
                    over.send_replace(true);
                    return Some(candidate);
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut has_failed, true) {
                    tracing::warn!(error = &error as &dyn std::error::Error, "cannot see which views there are");
                }
            }
        }
        tokio::select! {
            () = sleep(pace(views)) => {}
            _ = ended.wait_for(|over| *over) => return None,
        }
    }
}

fn candidate(survey: &Survey, known: Known, passed_over: &BTreeSet<u64>) -> Option<Candidate> {
    let current = survey.current.filter(|number| *number != known.serving);
    let requested = survey.numbers.iter().rev().copied().filter(|number| *number > known.serving);
    let at_start = known.wanted_at_start.filter(|number| survey.numbers.contains(number));
    let mut wanted = current.into_iter().chain(requested).chain(at_start);
    let number = wanted.find(|number| !passed_over.contains(number))?;
    let found = Candidate { number, is_current: current == Some(number) };
    match known.next {
        Some(next) if next == found || (next.number == number && next.is_current) => None,
        Some(_) | None => Some(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(
        current: u64,
        numbers: &[u64],
        known: (u64, Option<Candidate>),
        passed_over: &[u64],
    ) -> Option<(u64, bool)> {
        let survey = Survey { current: Some(current), numbers: numbers.to_vec() };
        let known = Known { serving: known.0, next: known.1, wanted_at_start: None };
        let found = candidate(&survey, known, &passed_over.iter().copied().collect());
        found.map(|candidate| (candidate.number, candidate.is_current))
    }

    fn next(number: u64, is_current: bool) -> Option<Candidate> {
        Some(Candidate { number, is_current })
    }

    #[test]
    fn a_requested_generation_is_a_candidate_once() {
        assert_eq!(found(1, &[1], (1, None), &[]), None);
        assert_eq!(found(1, &[1, 2], (1, None), &[]), Some((2, false)));
        assert_eq!(found(1, &[1, 2], (1, next(2, false)), &[]), None);
        assert_eq!(found(1, &[1, 2], (1, None), &[2]), None);
        assert_eq!(found(2, &[1, 2], (2, None), &[]), None, "an older one is not wanted");
    }

    #[test]
    fn a_generation_that_another_node_has_switched_to_comes_first() {
        assert_eq!(found(2, &[1, 2], (1, next(2, false)), &[]), Some((2, true)));
        assert_eq!(found(2, &[1, 2], (1, next(2, true)), &[]), None);
        assert_eq!(found(2, &[1, 2, 3], (1, next(3, false)), &[]), Some((2, true)));
        assert_eq!(found(3, &[2, 3], (1, next(2, true)), &[]), Some((3, true)));
    }

    #[test]
    fn the_generation_that_was_wanted_at_the_start_comes_last_and_may_be_an_older_one() {
        let found = |numbers: &[u64], next, passed_over: &[u64]| {
            let survey = Survey { current: Some(3), numbers: numbers.to_vec() };
            let known = Known { serving: 3, next, wanted_at_start: Some(2) };
            candidate(&survey, known, &passed_over.iter().copied().collect()).map(|candidate| candidate.number)
        };
        assert_eq!(found(&[2, 3], None, &[]), Some(2));
        assert_eq!(found(&[3], None, &[]), None, "it was thrown away");
        assert_eq!(found(&[2, 3, 4], None, &[]), Some(4));
        assert_eq!(found(&[2, 3, 4], None, &[4]), Some(2));
        assert_eq!(found(&[2, 3], next(2, false), &[]), None);
    }
}
