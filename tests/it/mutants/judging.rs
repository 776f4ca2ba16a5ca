//! Faults of deciding whether an append is accepted, and of storing it.

use std::sync::Arc;

use event_store::{
    AppendError, Appended, Expected, Positions, RecordedEvent, SealedEvent, StreamName, StreamVersion,
    sequencer::{MAX_EVENT_BYTES, MAX_EVENTS, same_content, size},
};

use super::{
    fault::Fault,
    store::{Breakable, Log},
};

/// The first answer for a repeat, `None` for a new append.
pub(super) fn judge(
    store: &Breakable,
    log: &Log,
    stream: &StreamName,
    expected: Expected,
    events: &[SealedEvent],
) -> Result<Option<Appended>, AppendError> {
    if store.has(Fault::ChecksTheVersionFirst) {
        check_version(store, log, stream, expected)?;
    }
    if let Some(answer) = repeated(store, log, stream, events)? {
        return Ok(Some(answer));
    }
    check_version(store, log, stream, expected)?;
    Ok(None)
}

fn check_version(store: &Breakable, log: &Log, stream: &StreamName, expected: Expected) -> Result<(), AppendError> {
    let actual = log.streams.get(stream).map_or(StreamVersion::NONE, |(version, _)| *version);
    let holds = match (expected, store.fault) {
        (Expected::NoStream, Some(Fault::TakesNoStreamAsAny)) | (Expected::Exact(_), Some(Fault::TakesExactAsAny)) => {
            true
        }
        (Expected::NoStream, Some(Fault::NeverTakesNoStream)) => false,
        (Expected::Any, Some(Fault::TakesAnyAsNoStream)) | (Expected::NoStream, _) => actual == StreamVersion::NONE,
        (Expected::Exact(version), Some(Fault::TakesExactAsAtLeast)) => actual >= version,
        (Expected::Exact(version), Some(Fault::TakesExactAsAtMost)) => actual <= version,
        (Expected::Exact(version), Some(Fault::ExactIsOffByOne)) => actual.next() == version,
        (Expected::Exact(version), _) => actual == version,
        (Expected::Any, _) => true,
    };
    if holds {
        return Ok(());
    }
    let actual = if store.has(Fault::ReportsNoActualVersion) { StreamVersion(u64::MAX) } else { actual };
    Err(AppendError::WrongExpectedVersion { stream: stream.clone(), expected, actual })
}

fn repeated(
    store: &Breakable,
    log: &Log,
    stream: &StreamName,
    events: &[SealedEvent],
) -> Result<Option<Appended>, AppendError> {
    let known: Vec<_> = events.iter().map(|event| known(store, log, stream, event)).collect();
    let Some(last) = known.iter().rev().flatten().next() else {
        return own_ids_differ(store, events).map(|()| None);
    };
    let mut before: Option<StreamVersion> = None;
    for (event, stored) in events.iter().zip(&known) {
        let Some(stored) = stored else { continue };
        let follows = store.has(Fault::IgnoresTheOrderOfRepeats) || before.is_none_or(|v| v.next() == stored.version);
        if stored.stream != *stream || !follows || !same(store, &stored.event, event) {
            return Err(different(store, stored, event));
        }
        before = Some(stored.version);
    }
    if known.iter().any(Option::is_none) && !store.has(Fault::AnswersPartialRepeats) {
        return Err(different(store, last, &events[0]));
    }
    if store.has(Fault::AnswersRepeatsWithTheHead) {
        let last = log.events.iter().rev().find(|event| event.stream == *stream).unwrap_or(last);
        return Ok(Some(Appended { last_version: last.version, last_position: last.position }));
    }
    Ok(Some(Appended { last_version: last.version, last_position: last.position }))
}

fn known<'a>(
    store: &Breakable,
    log: &'a Log,
    stream: &StreamName,
    event: &SealedEvent,
) -> Option<&'a Arc<RecordedEvent>> {
    if store.has(Fault::ForgetsIds) {
        return None;
    }
    let only_in_stream = store.has(Fault::KnowsIdsOfTheStreamOnly) || store.positions == Positions::Increasing;
    log.events[log.forgotten..]
        .iter()
        .find(|stored| stored.event.event_id == event.event_id && (!only_in_stream || stored.stream == *stream))
}

fn same(store: &Breakable, stored: &SealedEvent, again: &SealedEvent) -> bool {
    let as_stored =
        || SealedEvent { personal: stored.personal.clone(), key_id: stored.key_id.clone(), ..again.clone() };
    match store.fault {
        Some(Fault::IgnoresContent) => true,
        Some(Fault::IgnoresTheType) => {
            same_content(stored, &SealedEvent { event_type: stored.event_type.clone(), ..again.clone() })
        }
        Some(Fault::IgnoresTheSealedPart) => same_content(stored, &as_stored()),
        Some(Fault::ComparesSealedBytes) => same_content(stored, again) && stored.personal == again.personal,
        Some(Fault::ComparesTheWholeEvent) => stored == &as_stored(),
        Some(Fault::ComparesWhatJsonMeans) => {
            let meaning = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
            let data = stored.data.clone();
            meaning(&stored.data) == meaning(&again.data)
                && same_content(stored, &SealedEvent { data, ..again.clone() })
        }
        _ => same_content(stored, again),
    }
}

fn different(store: &Breakable, stored: &Arc<RecordedEvent>, again: &SealedEvent) -> AppendError {
    let mut named = (**stored).clone();
    if store.has(Fault::NamesTheNewEvent) {
        named.event = again.clone();
    }
    AppendError::DifferentContent { event_id: stored.event.event_id, stored: Box::new(named) }
}

fn own_ids_differ(store: &Breakable, events: &[SealedEvent]) -> Result<(), AppendError> {
    let twice = |(n, event): (usize, &SealedEvent)| events[..n].iter().any(|before| before.event_id == event.event_id);
    if !store.has(Fault::TakesOneIdTwice) && events.iter().enumerate().any(twice) {
        return Err(AppendError::Refused("holds one event id twice"));
    }
    Ok(())
}

impl Breakable {
    pub(super) fn check_limits(&self, events: &[SealedEvent]) -> Result<(), AppendError> {
        let bytes: usize = match self.fault {
            Some(Fault::LimitsPlainBytesOnly) => events.iter().map(|event| event.data.len()).sum(),
            Some(Fault::LimitsEachEventAlone) => events.iter().map(size).max().unwrap_or(0),
            _ => events.iter().map(size).sum(),
        };
        let most = if self.has(Fault::RefusesLargeAppends) { 100 } else { MAX_EVENTS };
        let too_much = events.len() > most || bytes > MAX_EVENT_BYTES;
        if events.is_empty() && !self.has(Fault::TakesEmptyAppends) {
            return Err(AppendError::Refused("holds no event"));
        }
        let nul = |event: &SealedEvent| {
            let texts = [&*event.event_type, event.actor.as_str(), &*event.data, event.key_id.as_deref().unwrap_or("")];
            texts.iter().any(|text| text.contains('\0'))
        };
        if !self.has(Fault::TakesNul) && events.iter().any(nul) {
            return Err(AppendError::Refused("holds a text with U+0000"));
        }
        let lacks_key = |event: &SealedEvent| event.personal.is_some() != event.key_id.is_some();
        if !self.has(Fault::TakesSealedPartsWithoutKey) && events.iter().any(lacks_key) {
            return Err(AppendError::Refused("holds a sealed part without its key"));
        }
        if too_much && !self.has(Fault::TakesAppendsOfAnySize) {
            return Err(AppendError::Refused("is over the limits"));
        }
        Ok(())
    }

    /// Faults of the stored bytes.
    pub(super) fn change_contents(&self, events: &mut [SealedEvent]) {
        for event in events {
            match self.fault {
                Some(Fault::LosesTheCausation) => event.causation_id = None,
                Some(Fault::KeepsSchemasInAByte) => event.schema &= 0xff,
                Some(Fault::SerialisesJsonAgain) => event.data = again(&event.data),
                Some(Fault::TrimsTexts) => event.data = event.data.trim().into(),
                Some(Fault::KeepsTextInTheBasicPlane) => {
                    event.data =
                        event.data.chars().map(|c| if c > '\u{ffff}' { '?' } else { c }).collect::<String>().into();
                }
                Some(Fault::KeepsSealedBytesAsText) => {
                    event.personal =
                        event.personal.take().map(|b| String::from_utf8_lossy(&b).into_owned().into_bytes().into());
                }
                Some(Fault::CutsSealedBytesAtZero) => {
                    event.personal =
                        event.personal.take().map(|b| b.split(|b| *b == 0).next().unwrap_or_default().into());
                }
                _ => {}
            }
        }
    }
}

fn again(json: &str) -> Arc<str> {
    let value: Result<serde_json::Value, _> = serde_json::from_str(json);
    value.map_or_else(|_| json.into(), |value| value.to_string().into())
}
