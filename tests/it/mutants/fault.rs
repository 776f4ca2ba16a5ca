//! The faults and the promises that each must break. The table makes one test per fault, on a log with dense positions and on one
//! with holes, where the fault applies.

use event_store::Positions;

const EVERYWHERE: &[Positions] = &[Positions::Dense, Positions::Increasing];

impl Fault {
    /// The logs on which it is a fault.
    fn shows_on(self) -> &'static [Positions] {
        match self {
            Self::SkipsPositions | Self::RefusedTakesANumber | Self::KnowsIdsOfTheStreamOnly => &[Positions::Dense],
            Self::ForgetsClaims => &[Positions::Increasing],
            _anywhere => EVERYWHERE,
        }
    }
}

macro_rules! faults {
    ($($fault:ident $test:ident breaks $($promise:ident)+;)*) => {
        /// What a log does wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Fault {
            $($fault,)*
        }

        /// The promises that each fault breaks.
        pub(super) const BREAKS: &[&[&str]] = &[$(&[$(stringify!($promise)),+]),*];

        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                for positions in Fault::$fault.shows_on() {
                    let make = || super::Broken::by(Some(Fault::$fault), *positions);
                    super::must_break(make, &[$(stringify!($promise)),+]).await;
                }
            }
        )*
    };
}

faults! {
    // appending
    AnswersTheFirst
        the_answer_is_the_first_event_not_the_last breaks
        an_append_answers_the_last_version_and_position;
    AnswersTheHeadOfTheMoment
        the_answer_is_whatever_stands_last_by_then breaks
        many_writers_to_one_stream_are_all_stored_once a_repeat_answers_as_the_first_time_after_others_appended;
    StoresTheFirstHalf
        half_of_an_append_is_stored breaks
        an_append_is_stored_whole_and_in_order the_largest_append_is_stored;
    StoresBackwards
        an_append_is_stored_backwards breaks
        an_append_is_stored_whole_and_in_order;
    AnswersBeforeItStores
        the_answer_comes_before_the_event breaks
        an_answered_append_shows_in_every_read;
    NeverTakesNoStream
        no_stream_is_always_refused breaks
        no_stream_appends_to_a_stream_without_events;
    ExactIsOffByOne
        exact_means_the_version_to_come breaks
        exact_appends_at_that_version;
    TakesAnyAsNoStream
        any_is_taken_for_no_stream breaks
        any_appends_after_whatever_is_there;
    RefusesLargeAppends
        large_appends_are_refused breaks
        the_largest_append_is_stored;

    // refusals
    TakesNoStreamAsAny
        no_stream_is_taken_for_any breaks
        no_stream_is_refused_once_the_stream_has_events one_writer_makes_a_stream a_refused_append_leaves_nothing;
    TakesExactAsAny
        exact_is_taken_for_any breaks
        exact_is_refused_at_another_version one_exact_writer_wins_each_version;
    TakesExactAsAtLeast
        exact_is_taken_for_at_least breaks
        exact_is_refused_at_another_version one_exact_writer_wins_each_version;
    TakesExactAsAtMost
        exact_is_taken_for_at_most breaks
        exact_is_refused_at_another_version;
    ReportsNoActualVersion
        a_conflict_does_not_say_where_the_stream_is breaks
        exact_is_refused_at_another_version no_stream_is_refused_once_the_stream_has_events;
    AnswersConflictsAsSuccess
        a_conflict_is_answered_as_success_and_nothing_stored breaks
        exact_is_refused_at_another_version no_stream_is_refused_once_the_stream_has_events
        one_exact_writer_wins_each_version one_writer_makes_a_stream;
    TakesEmptyAppends
        an_append_of_nothing_is_answered_as_success breaks
        an_empty_append_is_refused;
    TakesAppendsOfAnySize
        no_append_is_too_large breaks
        an_append_over_the_limits_is_refused;
    LimitsPlainBytesOnly
        sealed_bytes_do_not_count_against_the_limit breaks
        an_append_over_the_limits_is_refused;
    LimitsEachEventAlone
        the_limit_is_asked_of_each_event_alone breaks
        an_append_over_the_limits_is_refused;
    TakesOneIdTwice
        one_append_may_bring_one_id_twice breaks
        one_id_twice_in_an_append_is_refused;
    TakesNul
        texts_with_nul_are_taken breaks
        a_text_with_nul_is_refused;
    TakesSealedPartsWithoutKey
        a_sealed_part_without_its_key_is_taken breaks
        a_sealed_part_without_its_key_is_refused;
    StoresUpToTheRefused
        a_refused_append_leaves_what_was_new_in_it breaks
        a_refused_append_leaves_nothing a_partial_repeat_is_refused;
    RefusedTakesANumber
        a_refused_append_takes_a_position breaks
        a_refused_append_leaves_nothing;

    // repeats
    ForgetsIds
        repeats_are_taken_for_new breaks
        a_repeat_answers_as_the_first_time a_repeat_stores_nothing concurrent_repeats_are_stored_once
        other_content_under_a_known_id_is_refused a_known_id_in_another_stream_is_refused a_partial_repeat_is_refused;
    ChecksTheVersionFirst
        a_repeat_is_refused_for_its_version breaks
        a_repeat_answers_as_the_first_time a_repeat_answers_as_the_first_time_after_others_appended
        concurrent_repeats_are_stored_once a_repeat_among_new_appends_answers_as_the_first_time;
    AnswersRepeatsWithTheHead
        a_repeat_is_answered_with_the_stream_s_head breaks
        a_repeat_answers_as_the_first_time_after_others_appended;
    KnowsTheLastAppendOnly
        only_the_last_append_is_known_when_it_repeats breaks
        a_repeat_answers_as_the_first_time_after_others_appended;
    IgnoresContent
        a_known_id_is_success_whatever_it_says breaks
        other_content_under_a_known_id_is_refused;
    IgnoresTheType
        repeats_are_compared_without_their_type breaks
        other_content_under_a_known_id_is_refused;
    IgnoresTheSealedPart
        repeats_are_compared_without_their_sealed_part breaks
        other_content_under_a_known_id_is_refused;
    ComparesSealedBytes
        repeats_are_compared_by_ciphertext breaks
        a_repeat_sealed_anew_is_the_same;
    ComparesTheWholeEvent
        repeats_are_compared_with_actor_and_request breaks
        a_repeat_is_known_by_its_content_alone;
    ComparesWhatJsonMeans
        repeats_are_compared_by_what_their_json_means breaks
        other_content_under_a_known_id_is_refused;
    OverwritesOnRepeat
        a_repeat_overwrites_what_is_stored breaks
        a_repeat_is_known_by_its_content_alone a_repeat_sealed_anew_is_the_same;
    KnowsIdsOfTheStreamOnly
        ids_are_unique_in_their_stream_only breaks
        a_known_id_in_another_stream_is_refused;
    AnswersPartialRepeats
        one_known_event_makes_the_append_a_repeat breaks
        a_partial_repeat_is_refused;
    IgnoresTheOrderOfRepeats
        repeats_may_come_in_any_order breaks
        a_repeat_in_another_order_is_refused;
    NamesTheNewEvent
        a_refusal_names_the_new_event_as_stored breaks
        other_content_under_a_known_id_is_refused;

    // numbering
    SkipsPositions
        a_dense_log_skips_positions breaks
        positions_follow_each_other;
    CountsVersionsFromZero
        versions_count_from_zero breaks
        versions_are_dense_in_each_stream an_append_answers_the_last_version_and_position;
    TakesPositionsForVersions
        versions_count_the_whole_log breaks
        versions_are_dense_in_each_stream;
    TakesTheClockAsItIs
        many_events_have_one_time breaks
        times_rise_with_positions;
    ClockGoesBack
        times_go_back_with_the_clock breaks
        times_rise_with_positions;
    TimesAreTooFine
        times_are_finer_than_they_are_stored breaks
        times_rise_with_positions;
    ClockStandsAtTheEpoch
        times_have_nothing_to_do_with_the_clock breaks
        times_are_those_of_the_append;
    ChainsTheLogNotTheStream
        prev_hash_is_the_log_s_last_hash breaks
        hashes_chain_each_stream;
    NeverChains
        prev_hash_is_always_zero breaks
        hashes_chain_each_stream;
    HashesNoSealedBytes
        the_sealed_part_is_not_hashed breaks
        hashes_chain_each_stream;

    // keeping
    LosesTheCausation
        a_field_is_lost breaks
        every_field_comes_back;
    KeepsSchemasInAByte
        a_number_is_kept_in_too_few_bits breaks
        every_field_comes_back;
    SerialisesJsonAgain
        json_is_parsed_and_written_again breaks
        texts_come_back_unchanged;
    TrimsTexts
        texts_are_trimmed breaks
        texts_come_back_unchanged;
    KeepsTextInTheBasicPlane
        emoji_become_question_marks breaks
        texts_come_back_unchanged;
    KeepsSealedBytesAsText
        sealed_bytes_are_kept_as_text breaks
        sealed_bytes_come_back_unchanged;
    CutsSealedBytesAtZero
        sealed_bytes_end_at_the_first_zero breaks
        sealed_bytes_come_back_unchanged;
    FindLeavesOutTheSealedPart
        find_leaves_out_the_sealed_part breaks
        all_reads_give_the_same_event;
    SubscriptionLeavesOutTheSealedPart
        subscribers_get_no_sealed_part breaks
        all_reads_give_the_same_event;
    LosesAllWhenReopened
        nothing_is_left_after_reopening breaks
        events_survive_reopening numbering_and_repeats_go_on_after_reopening;
    LosesTheLastWhenReopened
        the_last_event_is_lost_when_reopened breaks
        events_survive_reopening numbering_and_repeats_go_on_after_reopening;
    ForgetsIdsWhenReopened
        repeats_are_not_known_after_reopening breaks
        numbering_and_repeats_go_on_after_reopening;
    ForgetsStreamsWhenReopened
        versions_begin_again_after_reopening breaks
        numbering_and_repeats_go_on_after_reopening;
    NewIdentityWhenReopened
        the_log_is_another_after_reopening breaks
        the_identity_stays;
    NewIdentityEachTime
        the_log_is_another_each_time_it_is_asked breaks
        the_identity_stays;

    // reading
    ReadsBlockAppends
        an_append_waits_for_a_read_that_is_not_polled breaks
        reads_that_are_not_polled_block_nobody;
    FindGivesTheNearest
        find_gives_some_other_event_for_an_unknown_id breaks
        find_knows_recorded_ids_only;
    FindKnowsNothing
        find_knows_nothing breaks
        find_knows_recorded_ids_only an_answered_append_shows_in_every_read;
    FindLooksInEveryStream
        find_gives_the_event_of_another_stream breaks
        find_knows_recorded_ids_only;
    FindLooksAtTheLastPage
        find_looks_at_the_last_page_only breaks
        find_looks_through_the_whole_stream;
    ReadAtGivesTheNext
        read_at_gives_the_next_event_where_there_is_none breaks
        read_at_gives_the_event_at_that_very_position;
    HeadIsOneBehind
        the_head_is_stale breaks
        the_head_is_the_last_position an_append_answers_the_last_version_and_position;
    HeadIsTheNextPosition
        the_head_is_the_next_position breaks
        the_head_is_the_last_position;
    RecordedEndIsOneBehind
        the_recorded_end_is_stale breaks
        the_recorded_end_is_the_last_event;
    ReadsStreamsFromTheVersionItself
        read_stream_begins_at_the_version_itself breaks
        read_stream_pages_through_a_stream;
    IgnoresTheLimitOfStreams
        read_stream_ignores_its_limit breaks
        read_stream_pages_through_a_stream;
    ReadsStreamsByPrefix
        read_stream_takes_a_prefix_for_the_name breaks
        read_stream_gives_that_stream_only;
    ReadsStreamsByPattern
        read_stream_takes_the_name_for_a_pattern breaks
        read_stream_gives_that_stream_only;
    TakesPositionsForVersionsInReads
        a_position_is_taken_for_a_version breaks
        read_stream_after_position_pages_through_a_stream;
    ReadsStreamsFromThePositionItself
        read_stream_after_position_begins_at_the_position_itself breaks
        read_stream_after_position_pages_through_a_stream;
    ReadsAllFromThePositionItself
        read_all_begins_at_the_position_itself breaks
        read_all_pages_through_the_log;
    IgnoresTheLimitOfAll
        read_all_ignores_its_limit breaks
        read_all_pages_through_the_log;
    ReadsTheNewestFirst
        read_all_gives_the_newest_first breaks
        read_all_pages_through_the_log;
    TakesHugePositionsForNegative
        a_huge_position_reads_from_the_start breaks
        reads_beyond_the_end_are_empty;
    GivesTheLastEventForEver
        reading_at_the_end_gives_the_last_event_again breaks
        reads_beyond_the_end_are_empty;
    ShowsLateWhatWasNumberedEarly
        numbers_become_visible_out_of_order breaks
        read_all_never_shows_a_position_before_those_below_it catching_up_and_live_have_no_seam;

    // subscribing
    SubscribesToNewEventsOnly
        subscribers_get_new_events_only breaks
        a_subscription_from_the_start_gives_every_event a_subscription_from_the_middle_gives_what_follows;
    SubscribesFromTheStartAlways
        subscribers_always_begin_at_the_start breaks
        a_subscription_from_the_middle_gives_what_follows a_subscription_from_the_head_gives_what_is_new;
    SubscribesFromThePositionItself
        subscribers_get_the_event_they_have_again breaks
        a_subscription_from_the_middle_gives_what_follows a_subscription_from_the_head_gives_what_is_new;
    SubscribesFromTheHeadAtMost
        a_position_beyond_the_head_is_cut_to_the_head breaks
        a_subscription_from_beyond_the_head_waits_for_its_position;
    EndsWhereTheLogEnds
        a_subscription_ends_with_the_log breaks
        a_subscription_from_the_start_gives_every_event a_subscription_from_the_head_gives_what_is_new;
    DropsAtTheSeam
        events_are_dropped_between_pages_and_live breaks
        catching_up_and_live_have_no_seam;
    DoublesAtTheSeam
        events_come_twice_between_pages_and_live breaks
        catching_up_and_live_have_no_seam;
    DropsForSlowSubscribers
        a_slow_subscriber_misses_what_overflows breaks
        a_slow_subscriber_loses_nothing;
    SwapsNeighbours
        neighbours_come_in_the_wrong_order breaks
        a_subscription_from_the_start_gives_every_event catching_up_and_live_have_no_seam;

    // contention
    HolderKnowsNothing
        nobody_has_any_id breaks
        an_id_reserved_by_many_streams_belongs_to_one;
    ForgetsClaims
        everybody_s_claim_is_granted breaks
        an_id_reserved_by_many_streams_belongs_to_one;
    ChecksThenWrites
        the_version_is_checked_before_the_log_is_locked breaks
        one_exact_writer_wins_each_version one_writer_makes_a_stream concurrent_repeats_are_stored_once;
    LosesOneOfTwoAtOnce
        one_of_two_appends_at_once_is_overwritten breaks
        many_writers_to_one_stream_are_all_stored_once many_streams_at_once_are_all_stored_once;
}
