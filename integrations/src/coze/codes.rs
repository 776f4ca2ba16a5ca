//! Coze's error codes: which failure each is, whether asking again may help, and what we do about it ourselves.
//!
//! The same table reads HTTP's statuses, which Coze uses as codes as well.

use domain::session::event::FailureCode::{
    self, Malformed, OutOfCredit, RateLimited, Refused, Rejected, TimedOut, Unavailable,
};

/// What helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    /// Nothing that an adapter does.
    Fails,
    /// Another token, once.
    TokenInvalid,
    /// Another conversation, once.
    ConversationInvalid,
    /// Nothing: the text is not wanted. The customer is told so in neutral words.
    Blocked,
}

use Class::{Blocked, ConversationInvalid, Fails, TokenInvalid};

/// A row of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Row {
    code: i64,
    pub(super) class: Class,
    pub(super) failure: FailureCode,
    pub(super) retryable: bool,
    pub(super) retry_after_s: Option<u64>,
}

const fn row_of(code: i64, class: Class, failure: FailureCode) -> Row {
    Row { code, class, failure, retryable: false, retry_after_s: None }
}

const fn again(code: i64, failure: FailureCode, retry_after_s: Option<u64>) -> Row {
    Row { code, class: Fails, failure, retryable: true, retry_after_s }
}

/// Sorted by code.
const TABLE: &[Row] = &[
    // HTTP.
    row_of(400, Fails, Rejected),
    row_of(401, TokenInvalid, Refused),
    row_of(402, Fails, OutOfCredit),
    row_of(403, Fails, Refused),
    row_of(404, Fails, Refused),
    row_of(405, Fails, Refused),
    again(408, TimedOut, None),
    row_of(413, Fails, Rejected),
    again(429, RateLimited, Some(2)),
    again(500, Unavailable, None),
    again(502, Unavailable, None),
    again(503, Unavailable, None),
    again(504, TimedOut, None),
    // Parameters.
    row_of(4000, Fails, Rejected),
    row_of(4001, Fails, Rejected),
    row_of(4002, ConversationInvalid, Rejected),
    row_of(4003, Fails, Rejected),
    row_of(4004, Fails, Rejected),
    row_of(4005, Fails, Rejected),
    row_of(4006, Fails, Refused),
    row_of(4007, Fails, Rejected),
    // Limits: 4008 is the user's, also by day; 4009 the system's; 4016 a chat of ours that still runs in this conversation.
    again(4008, RateLimited, Some(5)),
    again(4009, RateLimited, Some(1)),
    row_of(4010, Fails, Rejected),
    row_of(4011, Fails, OutOfCredit),
    row_of(4012, Fails, Refused),
    again(4013, RateLimited, Some(1)),
    again(4014, Malformed, None),
    row_of(4015, Fails, Refused),
    again(4016, RateLimited, Some(2)),
    row_of(4019, Fails, OutOfCredit),
    again(4020, RateLimited, Some(2)),
    row_of(4021, Fails, Refused),
    row_of(4022, Fails, OutOfCredit),
    // Who we are, and what may be said.
    row_of(4100, TokenInvalid, Refused),
    row_of(4101, Fails, Refused),
    row_of(4102, Blocked, Rejected),
    row_of(4104, Fails, Rejected),
    row_of(4105, Blocked, Rejected),
    row_of(4200, Fails, Refused),
    row_of(4201, Fails, Refused),
    row_of(4300, Fails, Rejected),
    row_of(4301, Fails, Rejected),
    row_of(4302, Fails, Rejected),
    row_of(4303, Fails, Rejected),
    row_of(4304, Fails, Rejected),
    row_of(4314, Fails, Rejected),
    row_of(4315, Fails, Rejected),
    again(5000, Unavailable, None),
    // Coze Studio: parameters, permission, conversation, a run that failed, no such agent, no such record, no such chatflow.
    row_of(103_000_000, Fails, Rejected),
    row_of(103_000_001, Fails, Refused),
    row_of(103_000_002, ConversationInvalid, Rejected),
    again(103_100_001, Unavailable, None),
    row_of(103_100_002, Fails, Refused),
    again(103_200_002, Unavailable, None),
    row_of(103_200_003, Fails, Rejected),
    row_of(103_200_004, Fails, Refused),
    // Undocumented: the token is invalid; refused for risk; no permission; service trouble.
    row_of(700_012_006, TokenInvalid, Refused),
    row_of(700_012_014, Fails, Refused),
    row_of(702_240_010, Blocked, Rejected),
    again(720_701_013, Unavailable, None),
];

/// Studio's codes that add Coze's own to this.
const STUDIO: i64 = 103_000_000;

fn find(code: i64) -> Option<Row> {
    let known = |code| TABLE.binary_search_by_key(&code, |row| row.code).ok().map(|at| TABLE[at]);
    let of_studio = (STUDIO + 4000..STUDIO + 10_000).contains(&code).then_some(code - STUDIO);
    known(code).or_else(|| known(of_studio?))
}

pub(super) fn is_known(code: i64) -> bool {
    find(code).is_some()
}

/// What a code means. One that nobody documents is a trouble of the service, which may pass; other statuses of 4xx and 3xx do not.
pub(super) fn row(code: i64) -> Row {
    find(code).unwrap_or(match code {
        300..500 => row_of(code, Fails, Refused),
        _ => again(code, Unavailable, None),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_has_no_code_twice() {
        assert!(TABLE.is_sorted_by(|one, next| one.code < next.code));
    }

    #[test]
    fn every_code_has_its_class() {
        let of = |code| (row(code).failure, row(code).retryable);
        for code in [4008, 4009, 4013, 4016, 4020, 429] {
            assert_eq!((of(code), row(code).retry_after_s.is_some()), ((RateLimited, true), true), "{code}");
        }
        for code in [4011, 4019, 4022] {
            assert_eq!(of(code), (OutOfCredit, false), "{code}");
        }
        for code in [4006, 4012, 4015, 4021, 4101, 4200, 4201, 403, 404, 302, 103_000_001, 103_004_015] {
            assert_eq!((of(code), row(code).class), ((Refused, false), Fails), "{code}");
        }
        for code in [4000, 4001, 4003, 4004, 4005, 4007, 4010, 4314, 400, 413, 103_000_000] {
            assert_eq!((of(code), row(code).class), ((Rejected, false), Fails), "{code}");
        }
        for code in [4100, 401, 700_012_006, 103_004_100] {
            assert_eq!((of(code), row(code).class), ((Refused, false), TokenInvalid), "{code}");
        }
        for code in [5000, 500, 502, 503, 599, 701_231, 720_701_013, 103_200_002, -1] {
            assert_eq!((of(code), row(code).class), ((Unavailable, true), Fails), "{code}");
        }
        assert_eq!([4102, 4105, 702_240_010].map(|code| row(code).class), [Blocked; 3]);
        assert_eq!([4002, 103_000_002, 103_004_002].map(|code| row(code).class), [ConversationInvalid; 3]);
        assert_eq!((of(408), of(504), of(4014)), ((TimedOut, true), (TimedOut, true), (Malformed, true)));
    }
}
