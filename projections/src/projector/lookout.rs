//! Whether there is a generation that this program does not work on yet: one that another node has gone over to, or one
//! that was asked for.
//!
//! Invariant: a generation that was accepted goes before all that were asked for; what was passed over is not seen again.

use std::collections::BTreeSet;

use tokio::time::sleep;

use super::{Over, pace};
use crate::{place::Survey, views::Views};

/// A generation to work on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct News {
    pub(super) number: u64,
    /// The pointer names it.
    pub(super) is_accepted: bool,
}

/// The generation that serves; and the one that is built, with whether it is accepted.
pub(super) type Known = (u64, Option<News>);

/// Looks now and then, and ends the round with what it finds.
pub(super) async fn look_out(views: &Views, known: Known, passed_over: &BTreeSet<u64>, over: &Over) -> Option<News> {
    let mut ended = over.subscribe();
    let mut has_failed = false;
    loop {
        match views.place.survey().await {
            Ok(survey) => {
                has_failed = false;
                if let Some(news) = news(&survey, known, passed_over) {
                    over.send_replace(true);
                    return Some(news);
                }
            }
            Err(error) => {
                if !std::mem::replace(&mut has_failed, true) {
                    tracing::warn!(error = &error as &dyn std::error::Error, "not seen whether other views are wanted");
                }
            }
        }
        tokio::select! {
            () = sleep(pace(views)) => {}
            _ = ended.wait_for(|over| *over) => return None,
        }
    }
}

fn news(survey: &Survey, known: Known, passed_over: &BTreeSet<u64>) -> Option<News> {
    let (serving, building) = known;
    let accepted = survey.current.filter(|number| *number != serving);
    let asked = survey.numbers.iter().rev().copied().filter(|number| *number > serving);
    let wanted = accepted.into_iter().chain(asked).find(|number| !passed_over.contains(number))?;
    let news = News { number: wanted, is_accepted: accepted == Some(wanted) };
    match building {
        Some(known) if known == news || (known.number == wanted && known.is_accepted) => None,
        Some(_) | None => Some(news),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(current: u64, numbers: &[u64], known: Known, passed_over: &[u64]) -> Option<(u64, bool)> {
        let survey = Survey { current: Some(current), numbers: numbers.to_vec() };
        let news = news(&survey, known, &passed_over.iter().copied().collect());
        news.map(|news| (news.number, news.is_accepted))
    }

    fn built(number: u64, is_accepted: bool) -> Option<News> {
        Some(News { number, is_accepted })
    }

    #[test]
    fn what_was_asked_for_is_news_once() {
        assert_eq!(seen(1, &[1], (1, None), &[]), None);
        assert_eq!(seen(1, &[1, 2], (1, None), &[]), Some((2, false)));
        assert_eq!(seen(1, &[1, 2], (1, built(2, false)), &[]), None);
        assert_eq!(seen(1, &[1, 2], (1, None), &[2]), None);
        assert_eq!(seen(2, &[1, 2], (2, None), &[]), None, "what is older is not wanted");
    }

    #[test]
    fn what_another_node_has_gone_over_to_goes_first() {
        assert_eq!(seen(2, &[1, 2], (1, built(2, false)), &[]), Some((2, true)));
        assert_eq!(seen(2, &[1, 2], (1, built(2, true)), &[]), None);
        assert_eq!(seen(2, &[1, 2, 3], (1, built(3, false)), &[]), Some((2, true)));
        assert_eq!(seen(3, &[2, 3], (1, built(2, true)), &[]), Some((3, true)));
    }
}
