//! The promises of the port with one check each, run against every adapter: `conformance_suite!(factory)` generates one test per
//! promise, and [`promises`] lists them for programs that run them elsewhere.
//!
//! A check panics if its promise is broken; tests with deliberately broken adapters prove that each check can fail. Checks start
//! from the current head, so they also work on a log with events, as long as nothing else writes to it. Invariant: checks do not
//! depend on an adapter; they ask the port how positions are assigned.

mod appending;
mod contention;
mod fixture;
mod keeping;
mod numbering;
mod reading;
mod refusals;
mod repeats;
mod sample;
mod subscribing;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures::future::BoxFuture;

use crate::port::EventStore;

pub use fixture::Fixture;

/// Creates logs for the checks.
#[async_trait]
pub trait Fresh: Send + Sync {
    /// A log that nothing else writes to; empty if the adapter can create an empty one.
    async fn fresh(&self) -> Arc<dyn EventStore>;

    /// The last log, closed and opened again as after a restart of the program; `None` for a log in memory.
    async fn reopened(&self) -> Option<Arc<dyn EventStore>> {
        None
    }

    /// How long an event may take to reach a subscriber before it counts as lost.
    fn patience(&self) -> Duration {
        Duration::from_secs(20)
    }
}

/// One promise and its check.
#[derive(Debug, Clone, Copy)]
pub struct Promise {
    /// The promise as a sentence; also the test's name.
    pub name: &'static str,
    check: for<'a> fn(&'a Fixture) -> BoxFuture<'a, ()>,
}

impl Promise {
    /// Checks the promise on a fresh log.
    ///
    /// # Panics
    /// The promise is broken.
    pub async fn check(&self, makes: Arc<dyn Fresh>) {
        let fixture = Fixture::on(makes).await;
        (self.check)(&fixture).await;
    }
}

/// Checks the promise of this name.
///
/// # Panics
/// The promise is broken, or there is no promise of this name.
pub async fn check(name: &str, makes: Arc<dyn Fresh>) {
    let promise = promises().into_iter().find(|promise| promise.name == name);
    promise.expect("the name is one of the list").check(makes).await;
}

/// Generates from one list both [`promises`] and the macro that makes tests. `$d` is a dollar sign for the inner macro.
macro_rules! list {
    (($d:tt) $($module:ident { $($name:ident,)* })*) => {
        /// All promises.
        #[must_use]
        pub fn promises() -> Vec<Promise> {
            vec![$($(Promise { name: stringify!($name), check: |fixture| Box::pin($module::$name(fixture)) },)*)*]
        }

        /// Generates one test per promise; the expression gives a [`Fresh`](crate::conformance::Fresh) for each test.
        #[macro_export]
        macro_rules! conformance_suite {
            ($d fresh:expr) => {$($(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let makes = ::std::sync::Arc::new($d fresh);
                    $d crate::conformance::check(stringify!($name), makes).await;
                }
            )*)*};
        }
    };
}

list! { ($)
    appending {
        an_append_answers_the_last_version_and_position,
        an_append_is_stored_whole_and_in_order,
        an_answered_append_shows_in_every_read,
        no_stream_appends_to_a_stream_without_events,
        exact_appends_at_that_version,
        any_appends_after_whatever_is_there,
        the_largest_append_is_stored,
    }
    refusals {
        no_stream_is_refused_once_the_stream_has_events,
        exact_is_refused_at_another_version,
        an_empty_append_is_refused,
        an_append_over_the_limits_is_refused,
        one_id_twice_in_an_append_is_refused,
        a_text_with_nul_is_refused,
        a_sealed_part_without_its_key_is_refused,
        a_refused_append_leaves_nothing,
    }
    repeats {
        a_repeat_answers_as_the_first_time,
        a_repeat_answers_as_the_first_time_after_others_appended,
        a_repeat_stores_nothing,
        a_repeat_sealed_anew_is_the_same,
        a_repeat_is_known_by_its_content_alone,
        other_content_under_a_known_id_is_refused,
        a_known_id_in_another_stream_is_refused,
        a_partial_repeat_is_refused,
        a_repeat_in_another_order_is_refused,
        concurrent_repeats_are_stored_once,
        a_repeat_among_new_appends_answers_as_the_first_time,
    }
    numbering {
        positions_follow_each_other,
        versions_are_dense_in_each_stream,
        times_rise_with_positions,
        times_are_those_of_the_append,
        hashes_chain_each_stream,
    }
    keeping {
        every_field_comes_back,
        texts_come_back_unchanged,
        sealed_bytes_come_back_unchanged,
        all_reads_give_the_same_event,
        events_survive_reopening,
        numbering_and_repeats_go_on_after_reopening,
        the_identity_stays,
    }
    reading {
        find_knows_recorded_ids_only,
        find_looks_through_the_whole_stream,
        read_at_gives_the_event_at_that_very_position,
        reads_that_are_not_polled_block_nobody,
        the_head_is_the_last_position,
        the_recorded_end_is_the_last_event,
        read_stream_pages_through_a_stream,
        read_stream_gives_that_stream_only,
        read_stream_after_position_pages_through_a_stream,
        read_all_pages_through_the_log,
        reads_beyond_the_end_are_empty,
        read_all_never_shows_a_position_before_those_below_it,
    }
    subscribing {
        a_subscription_from_the_start_gives_every_event,
        a_subscription_from_the_middle_gives_what_follows,
        a_subscription_from_the_head_gives_what_is_new,
        a_subscription_from_beyond_the_head_waits_for_its_position,
        catching_up_and_live_have_no_seam,
        a_slow_subscriber_loses_nothing,
    }
    contention {
        many_writers_to_one_stream_are_all_stored_once,
        many_streams_at_once_are_all_stored_once,
        one_exact_writer_wins_each_version,
        one_writer_makes_a_stream,
        an_id_reserved_by_many_streams_belongs_to_one,
    }
}
