//! Faults of reading and of subscriptions.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use event_store::{
    AppendError, Appended, EventReader, EventStore, EventStream, Expected, Identity, Position, Positions, ReadError,
    RecordedEvent, SealedEvent, StreamName, StreamVersion, port::RecordedEnd, subscription::follow,
};
use tokio::sync::broadcast::error::RecvError;
use uuid::Uuid;

use super::{fault::Fault, store::Breakable};

type Events = Vec<Arc<RecordedEvent>>;

impl Breakable {
    fn of_stream(&self, stream: &StreamName) -> Events {
        let matches = |event: &&Arc<RecordedEvent>| match self.fault {
            Some(Fault::ReadsStreamsByPrefix) => event.stream.as_str().starts_with(stream.as_str()),
            Some(Fault::ReadsStreamsByPattern) => {
                let same = |(a, b): (u8, u8)| a == b || b == b'_';
                event.stream.as_str().len() == stream.as_str().len()
                    && event.stream.as_str().bytes().zip(stream.as_str().bytes()).all(same)
            }
            _ => event.stream == *stream,
        };
        self.log().visible().filter(matches).cloned().collect()
    }

    async fn turn(&self) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        if self.has(Fault::ReadsBlockAppends) { Some(self.inner.turn.lock().await) } else { None }
    }

    fn last_position(&self) -> Position {
        self.log().visible().last().map_or(Position::START, |event| event.position)
    }
}

fn without_sealed(event: &Arc<RecordedEvent>) -> Arc<RecordedEvent> {
    let event = &**event;
    Arc::new(RecordedEvent { event: SealedEvent { personal: None, ..event.event.clone() }, ..event.clone() })
}

#[async_trait]
impl EventReader for Breakable {
    async fn find(&self, stream: &StreamName, event_id: Uuid) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        let log = self.log();
        let elsewhere = self.has(Fault::FindLooksInEveryStream);
        let of_stream = log.visible().filter(|event| elsewhere || event.stream == *stream);
        let skipped =
            if self.has(Fault::FindLooksAtTheLastPage) { of_stream.clone().count().max(200) - 200 } else { 0 };
        let found = of_stream.skip(skipped).find(|event| event.event.event_id == event_id);
        Ok(match self.fault {
            Some(Fault::FindGivesTheNearest) => found.or(log.events.last()).cloned(),
            Some(Fault::FindLeavesOutTheSealedPart) => found.map(without_sealed),
            Some(Fault::FindKnowsNothing) => None,
            _ => found.cloned(),
        })
    }

    async fn owner(&self, event_id: Uuid) -> Result<Option<StreamName>, ReadError> {
        let log = self.log();
        let found = log.visible().find(|event| event.event.event_id == event_id);
        Ok(match self.fault {
            Some(Fault::HolderKnowsNothing) => None,
            _ if self.positions == Positions::Increasing => log.claims.get(&event_id).cloned(),
            _ => found.map(|event| event.stream.clone()),
        })
    }

    async fn head(&self) -> Result<Position, ReadError> {
        let position = self.last_position();
        Ok(match self.fault {
            Some(Fault::HeadIsOneBehind) => Position(position.0.saturating_sub(1)),
            Some(Fault::HeadIsTheNextPosition) => position.next(),
            _ => position,
        })
    }

    async fn recorded_end(&self) -> Result<Option<RecordedEnd>, ReadError> {
        let log = self.log();
        let behind = usize::from(self.has(Fault::RecordedEndIsOneBehind));
        let end = log.events.iter().rev().nth(behind).or(log.events.last());
        let recorded = |event: &Arc<RecordedEvent>| RecordedEnd {
            position: event.position.max(log.events.last().map_or(Position::START, |last| last.position)),
            recorded_at: event.recorded_at_text(),
            hash: event.hash.to_vec(),
        };
        Ok(end.map(recorded))
    }

    async fn identity(&self) -> Result<Identity, ReadError> {
        match self.fault {
            Some(Fault::NewIdentityEachTime) => Ok(Identity { log_id: Uuid::new_v4(), generation: 1 }),
            _ => Ok(self.inner.identity),
        }
    }

    fn positions(&self) -> Positions {
        self.positions
    }

    async fn read_at(&self, position: Position) -> Result<Option<Arc<RecordedEvent>>, ReadError> {
        let log = self.log();
        let near = self.has(Fault::ReadAtGivesTheNext);
        let found = log.visible().find(|event| event.position >= position);
        Ok(found.filter(|event| near || event.position == position).cloned())
    }

    async fn read_stream(&self, stream: &StreamName, after: StreamVersion, limit: usize) -> Result<Events, ReadError> {
        let _turn = self.turn().await;
        if self.has(Fault::ReadsBlockAppends) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let limit = if self.has(Fault::IgnoresTheLimitOfStreams) { usize::MAX } else { limit };
        let inclusive = self.has(Fault::ReadsStreamsFromTheVersionItself);
        let follows = |event: &Arc<RecordedEvent>| event.version > after || (inclusive && event.version == after);
        Ok(self.of_stream(stream).into_iter().filter(follows).take(limit).collect())
    }

    async fn read_stream_after_position(
        &self,
        stream: &StreamName,
        after: Position,
        limit: usize,
    ) -> Result<Events, ReadError> {
        let follows = |event: &Arc<RecordedEvent>| match self.fault {
            Some(Fault::TakesPositionsForVersionsInReads) => event.version.0 > after.0,
            Some(Fault::ReadsStreamsFromThePositionItself) => event.position >= after,
            _ => event.position > after,
        };
        Ok(self.of_stream(stream).into_iter().filter(follows).take(limit).collect())
    }

    async fn read_all(&self, after: Position, limit: usize) -> Result<Events, ReadError> {
        let log = self.log();
        let visible = log.visible();
        Ok(match self.fault {
            Some(Fault::ReadsAllFromThePositionItself) => {
                visible.filter(|e| e.position >= after).take(limit).cloned().collect()
            }
            Some(Fault::IgnoresTheLimitOfAll) => visible.filter(|e| e.position > after).cloned().collect(),
            Some(Fault::ReadsTheNewestFirst) => {
                let mut page: Events = visible.filter(|e| e.position > after).take(limit).cloned().collect();
                page.reverse();
                page
            }
            Some(Fault::TakesHugePositionsForNegative) => {
                let after = after.0.cast_signed();
                visible.filter(|e| e.position.0.cast_signed() > after).take(limit).cloned().collect()
            }
            Some(Fault::GivesTheLastEventForEver) => {
                let rest: Events = visible.filter(|e| e.position > after).take(limit).cloned().collect();
                if rest.is_empty() { log.events.last().into_iter().cloned().collect() } else { rest }
            }
            _ => visible.filter(|e| e.position > after).take(limit).cloned().collect(),
        })
    }

    fn subscribe(&self, after: Position) -> EventStream {
        let healthy = |after| follow(Arc::new(self.clone()), self.inner.head.subscribe(), after);
        match self.fault {
            Some(Fault::SubscribesToNewEventsOnly) => healthy(self.last_position()),
            Some(Fault::SubscribesFromTheStartAlways) => healthy(Position::START),
            Some(Fault::SubscribesFromThePositionItself) => healthy(Position(after.0.saturating_sub(1))),
            Some(Fault::SubscribesFromTheHeadAtMost) => healthy(after.min(self.last_position())),
            Some(Fault::EndsWhereTheLogEnds) => self.ends_at_head(after),
            Some(Fault::DropsAtTheSeam) => self.read_then_listen(after),
            Some(Fault::DoublesAtTheSeam) => self.listen_then_read(after, true),
            Some(Fault::DropsForSlowSubscribers) => self.listen_then_read(after, false),
            Some(Fault::SwapsNeighbours) => self.swapped(after),
            Some(Fault::SubscriptionLeavesOutTheSealedPart) => {
                Box::pin(futures::StreamExt::map(healthy(after), |event| event.map(|event| without_sealed(&event))))
            }
            _ => healthy(after),
        }
    }
}

/// Subscriptions with a fault between catching up and live events.
impl Breakable {
    fn ends_at_head(&self, after: Position) -> EventStream {
        let backlog: Events = self.log().visible().filter(|event| event.position > after).cloned().collect();
        Box::pin(futures::stream::iter(backlog.into_iter().map(Ok)))
    }

    /// Events appended between the last page and the start of listening are lost.
    fn read_then_listen(&self, after: Position) -> EventStream {
        let store = self.clone();
        let backlog = self.ends_at_head(after);
        let live = futures::stream::unfold((store, None), |(store, listening)| async move {
            let mut listening = match listening {
                Some(listening) => listening,
                None => {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                    store.inner.live.subscribe()
                }
            };
            let event = listening.recv().await.ok()?;
            Some((Ok(event), (store, Some(listening))))
        });
        Box::pin(futures::StreamExt::chain(backlog, live))
    }

    /// Events appended during the pages come twice; without `doubles`, overflowing events are lost.
    fn listen_then_read(&self, after: Position, doubles: bool) -> EventStream {
        let listening = self.inner.live.subscribe();
        let store = self.clone();
        let start = futures::stream::once(async move {
            tokio::time::sleep(Duration::from_millis(5)).await;
            store.ends_at_head(after)
        });
        let backlog = futures::StreamExt::flatten(start);
        let live = futures::stream::unfold(listening, move |mut listening| async move {
            loop {
                match listening.recv().await {
                    Ok(event) => return Some((Ok(event), listening)),
                    Err(RecvError::Lagged(_)) => {}
                    Err(RecvError::Closed) => return None,
                }
            }
        });
        let mut last = after;
        let once = move |event: &Result<Arc<RecordedEvent>, ReadError>| {
            let position = event.as_ref().map_or(last, |event| event.position);
            let new = position > last || doubles;
            last = last.max(position);
            futures::future::ready(new)
        };
        Box::pin(futures::StreamExt::filter(futures::StreamExt::chain(backlog, live), {
            let mut once = once;
            move |event| once(event)
        }))
    }

    /// Two events that are available together come in the wrong order.
    fn swapped(&self, after: Position) -> EventStream {
        let events = follow(Arc::new(self.clone()), self.inner.head.subscribe(), after);
        let pairs = futures::StreamExt::ready_chunks(events, 2);
        Box::pin(futures::StreamExt::flat_map(pairs, |mut pair| {
            pair.reverse();
            futures::stream::iter(pair)
        }))
    }
}

#[async_trait]
impl EventStore for Breakable {
    async fn append(
        &self,
        stream: &StreamName,
        expected: Expected,
        events: Vec<SealedEvent>,
    ) -> Result<Appended, AppendError> {
        let _turn = self.turn().await;
        let answer = self.take(stream, expected, events).await;
        if self.has(Fault::AnswersTheHeadOfTheMoment) {
            tokio::time::sleep(Duration::from_millis(1)).await;
            let log = self.log();
            let last = log.events.iter().rev().find(|event| event.stream == *stream);
            return answer
                .map(|_| last.map(|e| Appended { last_version: e.version, last_position: e.position }).unwrap());
        }
        answer
    }

    async fn reserve(&self, event_id: Uuid, stream: &StreamName) -> Result<StreamName, AppendError> {
        if self.positions == Positions::Dense {
            let owner = self.owner(event_id).await.unwrap();
            return Ok(owner.unwrap_or_else(|| stream.clone()));
        }
        let mut log = self.log();
        let owner = log.claims.entry(event_id).or_insert_with(|| stream.clone()).clone();
        Ok(if self.has(Fault::ForgetsClaims) { stream.clone() } else { owner })
    }
}
