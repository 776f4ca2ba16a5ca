//! One reader's stream, read all the time by a task of its own, so that the time of each frame is when its last byte came.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tests::desk::{EventFrame, Frames};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// Timeout on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

/// A frame, and when it was there.
pub(crate) struct Received {
    frame: EventFrame,
    at: Timestamp,
}

/// What came over one stream since it was last asked.
pub(crate) struct Reader {
    incoming: UnboundedReceiver<Received>,
    read: Vec<Received>,
}

/// What one reader saw of one session.
pub(crate) struct Seen(Vec<EventFrame>);

impl Received {
    pub(crate) fn data(&self) -> &Value {
        &self.frame.data
    }

    /// How long after its commit the event was here. It was recorded just before the commit, so this is an upper bound.
    pub(crate) fn delay(&self) -> Duration {
        let recorded_at: Timestamp = self.data()["recorded_at"].as_str().unwrap().parse().unwrap();
        self.at.duration_since(recorded_at).try_into().unwrap_or_default()
    }

    fn is(&self, event: &str) -> bool {
        self.frame.event.as_deref() == Some(event)
    }
}

impl Reader {
    pub(crate) fn of(mut frames: Frames) -> Self {
        let (sender, incoming) = unbounded_channel();
        tokio::spawn(async move {
            while let Some(frame) = frames.next().await {
                if sender.send(Received { frame, at: Timestamp::now() }).is_err() {
                    return;
                }
            }
        });
        Self { incoming, read: Vec::new() }
    }

    /// The next event of this type, like `offer_made`; what comes before it is kept.
    pub(crate) async fn next(&mut self, event: &str) -> &Received {
        let event_type = format!("session.{event}");
        loop {
            let received = tokio::time::timeout(LIMIT, self.incoming.recv()).await;
            let received = received.unwrap_or_else(|_| panic!("{event} does not come after {:?}", self.names()));
            self.read.push(received.unwrap_or_else(|| panic!("the stream ends before {event}")));
            if self.read.last().is_some_and(|last| last.is(&event_type)) {
                return self.read.last().unwrap();
            }
        }
    }

    fn names(&self) -> Vec<&str> {
        self.read.iter().filter_map(|received| received.frame.event.as_deref()).collect()
    }

    /// Everything of a session that has been read; the rest is forgotten.
    pub(crate) fn take(&mut self, session: &str) -> Seen {
        let stream = format!("session-{session}");
        let is_of = |frame: &EventFrame| frame.data["session_id"] == session || frame.data["stream"] == *stream;
        Seen(self.read.drain(..).map(|received| received.frame).filter(is_of).collect())
    }
}

impl Seen {
    /// The types of the frames, in the order in which they came.
    pub(crate) fn names(&self) -> Vec<&str> {
        self.0.iter().map(|frame| frame.event.as_deref().unwrap().trim_start_matches("session.")).collect()
    }

    /// What customer and agents wrote.
    pub(crate) fn texts(&self) -> Vec<&str> {
        self.0.iter().filter_map(|frame| frame.data["personal"]["text"].as_str()).collect()
    }

    /// What the server said to the customer.
    pub(crate) fn notices(&self) -> Vec<&str> {
        self.0.iter().filter_map(|frame| frame.data["data"]["text"].as_str()).collect()
    }

    /// What anybody said, with its position.
    pub(crate) fn said(&self) -> Vec<(u64, &str)> {
        self.0.iter().filter_map(said).collect()
    }

    /// Why the session became visible.
    pub(crate) fn reason_of_visibility(&self) -> Value {
        let visible = self.0.iter().find(|frame| frame.event.as_deref() == Some("session_visible"));
        visible.unwrap().data["reason"].clone()
    }

    /// The positions of the events.
    pub(crate) fn positions(&self) -> Vec<u64> {
        let events = self.0.iter().filter(|frame| frame.id.is_some());
        events.map(|frame| frame.data["position"].as_u64().unwrap()).collect()
    }
}

/// The position and the text of a frame in which somebody says something.
fn said(frame: &EventFrame) -> Option<(u64, &str)> {
    let text = frame.data["personal"]["text"].as_str().or(frame.data["data"]["text"].as_str())?;
    Some((frame.data["position"].as_u64()?, text))
}
