//! Where a read or subscription puts what its caller is to get: never more than a few answers ahead, and not for longer than
//! the faults allow.

use std::{pin::Pin, sync::Arc};

use futures::{Stream, StreamExt};
use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status};

use super::{
    Call,
    convert::{self, Ids},
};
use crate::{
    event::Event,
    faults::{EarlyEnd, Ending, Faults},
    proto::streams::{ReadResp, read_resp::Content},
    statuses,
};

/// So many answers wait for a caller who does not take them; then whoever has more waits. 32 in KurrentDB.
const AHEAD: usize = 32;

/// What a caller gets, one after the other.
pub(super) type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// Why nothing more is sent.
pub(super) enum Stop {
    /// Because that was all, or nobody listens any more.
    Over,
    Failed(Status),
}

impl From<Status> for Stop {
    fn from(status: Status) -> Self {
        Self::Failed(status)
    }
}

/// What ends a call before its time.
enum End {
    /// A read: asked for after every event.
    Read,
    Subscription {
        planned: Option<EarlyEnd>,
        dropped: watch::Receiver<(u64, Ending)>,
    },
}

pub(super) struct Outlet {
    answers: mpsc::Sender<Result<ReadResp, Status>>,
    faults: Arc<Faults>,
    call: Call,
    ids: Ids,
    given: u32,
    end: End,
}

impl Outlet {
    pub(super) fn of_read(
        faults: Arc<Faults>,
        call: Call,
        ids: Ids,
    ) -> (Self, mpsc::Receiver<Result<ReadResp, Status>>) {
        Self::new(faults, call, ids, End::Read)
    }

    pub(super) fn of_subscription(
        faults: Arc<Faults>,
        call: Call,
        ids: Ids,
    ) -> (Self, mpsc::Receiver<Result<ReadResp, Status>>) {
        let end = End::Subscription { planned: faults.of_subscription(), dropped: faults.dropped() };
        Self::new(faults, call, ids, end)
    }

    fn new(faults: Arc<Faults>, call: Call, ids: Ids, end: End) -> (Self, mpsc::Receiver<Result<ReadResp, Status>>) {
        let (answers, receiver) = mpsc::channel(AHEAD);
        (Self { answers, faults, call, ids, given: 0, end }, receiver)
    }

    pub(super) fn call(&self) -> &Call {
        &self.call
    }

    /// Sends an event, and then whatever is to go wrong goes wrong.
    pub(super) async fn event(&mut self, event: &Event) -> Result<(), Stop> {
        self.faults.wait().await;
        self.content(convert::event(event, self.ids)).await?;
        self.given += 1;
        self.go_wrong().await
    }

    pub(super) async fn say(&mut self, content: Content) -> Result<(), Stop> {
        self.content(convert::content_of(content)).await
    }

    async fn content(&mut self, answer: ReadResp) -> Result<(), Stop> {
        let sent = match &mut self.end {
            End::Read => self.answers.send(Ok(answer)).await,
            End::Subscription { dropped, .. } => tokio::select! {
                biased;
                _ = dropped.changed() => {
                    let ending = dropped.borrow().1;
                    return Err(self.end(ending).await);
                }
                sent = self.answers.send(Ok(answer)) => sent,
            },
        };
        sent.map_err(|_| Stop::Over)
    }

    /// Waits, until there may be something to send or the call has ended.
    pub(super) async fn wait(&mut self, news: impl Future<Output = ()>) -> Result<(), Stop> {
        let End::Subscription { dropped, .. } = &mut self.end else { return Err(Stop::Over) };
        tokio::select! {
            biased;
            _ = dropped.changed() => {
                let ending = dropped.borrow().1;
                Err(self.end(ending).await)
            }
            () = self.answers.closed() => Err(Stop::Over),
            () = news => Ok(()),
        }
    }

    /// Ends the call if it is to end after as many events as it has given.
    pub(super) async fn go_wrong(&mut self) -> Result<(), Stop> {
        let ending = match &self.end {
            End::Read => self.faults.of_read(self.given),
            End::Subscription { planned, .. } => {
                planned.filter(|planned| planned.after == self.given).map(|planned| planned.ending)
            }
        };
        match ending {
            Some(ending) => Err(self.end(ending).await),
            None => Ok(()),
        }
    }

    async fn end(&self, ending: Ending) -> Stop {
        match ending {
            Ending::Ok => return Stop::Over,
            Ending::Unavailable => return Stop::Failed(statuses::not_ready()),
            Ending::TooSlow => return Stop::Failed(statuses::too_slow()),
            Ending::Silence => {}
            Ending::ConnectionCut => self.call.cut(),
        }
        self.answers.closed().await;
        Stop::Over
    }

    /// Tells the caller how it ended.
    pub(super) async fn close(self, ended: Result<(), Stop>) {
        if let Err(Stop::Failed(status)) = ended {
            // A caller who has gone hears nothing.
            let _ = self.answers.send(Err(status)).await;
        }
    }
}

/// Waits for the first answer: when it is an error the call has failed as a whole, as with KurrentDB, which sends headers
/// with the first message only.
pub(super) async fn begin(
    mut answers: mpsc::Receiver<Result<ReadResp, Status>>,
) -> Result<Response<Answers<ReadResp>>, Status> {
    let first = answers.recv().await.transpose()?;
    let first = futures::stream::iter(first.map(Ok));
    Ok(Response::new(Box::pin(first.chain(ReceiverStream::new(answers)))))
}
