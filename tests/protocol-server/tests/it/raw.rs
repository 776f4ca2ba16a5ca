//! The generated client: it shows every message as it was sent.

use std::net::SocketAddr;

use base64::{Engine, prelude::BASE64_STANDARD};
use protocol_server::{
    Server,
    proto::{
        StreamIdentifier, Uuid,
        streams::{
            AppendReq, AppendResp, DeleteReq, ReadReq, TombstoneReq, append_req,
            append_req::options::ExpectedStreamRevision,
            append_resp, delete_req,
            read_req::{
                Options,
                options::{
                    AllOptions, ControlOption, CountOption, FilterOption, FilterOptions, ReadDirection, StreamOption,
                    StreamOptions, SubscriptionOptions, UuidOption, all_options::AllOption, filter_options,
                    stream_options::RevisionOption, uuid_option,
                },
            },
            read_resp::{Content, ReadEvent, read_event::RecordedEvent},
            streams_client::StreamsClient,
            tombstone_req,
        },
    },
    uuid_of,
};
use tonic::{Request, Status, Streaming, transport::Channel};

use crate::harness::within;

pub(crate) type Expected = ExpectedStreamRevision;

pub(crate) async fn channel(address: SocketAddr) -> Channel {
    Channel::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap()
}

/// A caller of the generated client, who may want the leader and may have a name.
#[derive(Clone)]
pub(crate) struct Raw {
    client: StreamsClient<Channel>,
    pub(crate) requires_leader: bool,
    pub(crate) credentials: Option<String>,
}

pub(crate) async fn raw(server: &Server) -> Raw {
    raw_of(server, 0).await
}

pub(crate) async fn raw_of(server: &Server, node: usize) -> Raw {
    let client = StreamsClient::new(channel(server.address(node)).await);
    Raw { client, requires_leader: false, credentials: None }
}

/// An event to be written, with its id and a text as content.
pub(crate) fn proposed(id: uuid::Uuid, text: &str) -> append_req::ProposedMessage {
    append_req::ProposedMessage {
        id: Some(text_id(id)),
        metadata: [("type", "noted"), ("content-type", "application/octet-stream")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
        custom_metadata: bytes::Bytes::from_static(b"beside"),
        data: bytes::Bytes::copy_from_slice(text.as_bytes()),
    }
}

pub(crate) fn metadata_event(json: &str) -> append_req::ProposedMessage {
    let mut event = proposed(uuid::Uuid::new_v4(), json);
    event.metadata.insert("type".to_owned(), "$metadata".to_owned());
    event.metadata.insert("content-type".to_owned(), "application/json".to_owned());
    event
}

pub(crate) fn text_id(id: uuid::Uuid) -> Uuid {
    Uuid { value: Some(protocol_server::proto::uuid::Value::String(id.to_string())) }
}

pub(crate) fn identifier(stream: &str) -> Option<StreamIdentifier> {
    Some(StreamIdentifier { stream_name: bytes::Bytes::copy_from_slice(stream.as_bytes()) })
}

impl Raw {
    pub(crate) fn request<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if self.requires_leader {
            request.metadata_mut().insert("requires-leader", "true".parse().unwrap());
        }
        if let Some(credentials) = &self.credentials {
            let header = format!("Basic {}", BASE64_STANDARD.encode(credentials));
            request.metadata_mut().insert("authorization", header.parse().unwrap());
        }
        request
    }

    pub(crate) fn streams(&self) -> StreamsClient<Channel> {
        self.client.clone()
    }

    pub(crate) fn signed_in(&self, credentials: &str) -> Self {
        Self { credentials: Some(credentials.to_owned()), ..self.clone() }
    }

    pub(crate) async fn append(
        &self,
        stream: &str,
        expected: Expected,
        events: Vec<append_req::ProposedMessage>,
    ) -> Result<append_resp::Result, Status> {
        let options =
            append_req::Options { stream_identifier: identifier(stream), expected_stream_revision: Some(expected) };
        let first = append_req::Content::Options(options);
        let contents = std::iter::once(first).chain(events.into_iter().map(append_req::Content::ProposedMessage));
        let messages: Vec<AppendReq> = contents.map(|content| AppendReq { content: Some(content) }).collect();
        let answer = self.streams().append(self.request(futures::stream::iter(messages))).await?;
        let AppendResp { result } = answer.into_inner();
        Ok(result.unwrap())
    }

    /// Appends events with these texts, whatever the stream is; the number and position of the last.
    pub(crate) async fn write(&self, stream: &str, texts: &[&str]) -> (u64, u64) {
        let events = texts.iter().map(|text| proposed(uuid::Uuid::new_v4(), text)).collect();
        success(self.append(stream, Expected::Any(()), events).await.unwrap())
    }

    pub(crate) async fn set_metadata(&self, stream: &str, json: &str) {
        let metadata = vec![metadata_event(json)];
        success(self.append(&format!("$${stream}"), Expected::Any(()), metadata).await.unwrap());
    }

    pub(crate) async fn delete(
        &self,
        stream: &str,
        expected: delete_req::options::ExpectedStreamRevision,
    ) -> Result<(), Status> {
        let options =
            delete_req::Options { stream_identifier: identifier(stream), expected_stream_revision: Some(expected) };
        self.streams().delete(self.request(DeleteReq { options: Some(options) })).await.map(|_| ())
    }

    pub(crate) async fn tombstone(&self, stream: &str) -> Result<(), Status> {
        let expected_stream_revision = Some(tombstone_req::options::ExpectedStreamRevision::Any(()));
        let options = tombstone_req::Options { stream_identifier: identifier(stream), expected_stream_revision };
        self.streams().tombstone(self.request(TombstoneReq { options: Some(options) })).await.map(|_| ())
    }

    pub(crate) async fn open(
        &self,
        options: Options,
    ) -> Result<Streaming<protocol_server::proto::streams::ReadResp>, Status> {
        let read = self.streams().read(self.request(ReadReq { options: Some(options) })).await?;
        Ok(read.into_inner())
    }

    /// Everything that a read sends.
    pub(crate) async fn read(&self, options: Options) -> Result<Vec<Content>, Status> {
        let mut answers = self.open(options).await?;
        let mut contents = Vec::new();
        while let Some(answer) = within(answers.message()).await? {
            contents.push(answer.content.unwrap());
        }
        Ok(contents)
    }

    pub(crate) async fn events(&self, options: Options) -> Result<Vec<RecordedEvent>, Status> {
        Ok(self.read(options).await?.into_iter().filter_map(event_of).collect())
    }

    /// The texts of a stream.
    pub(crate) async fn texts(&self, stream: &str) -> Result<Vec<String>, Status> {
        Ok(self.events(of_stream(stream)).await?.iter().map(text).collect())
    }

    /// The texts of `$all` but for the server's own events.
    pub(crate) async fn all_texts(&self) -> Vec<String> {
        let events = self.events(of_all()).await.unwrap();
        events.iter().filter(|event| !stream(event).starts_with('$')).map(text).collect()
    }
}

pub(crate) fn success(result: append_resp::Result) -> (u64, u64) {
    let append_resp::Result::Success(success) = result else { panic!("{result:?}") };
    let Some(append_resp::success::CurrentRevisionOption::CurrentRevision(revision)) = success.current_revision_option
    else {
        panic!("{success:?}")
    };
    let Some(append_resp::success::PositionOption::Position(position)) = success.position_option else {
        panic!("{success:?}")
    };
    (revision, position.commit_position)
}

pub(crate) fn wrong(result: append_resp::Result) -> append_resp::WrongExpectedVersion {
    let append_resp::Result::WrongExpectedVersion(wrong) = result else { panic!("{result:?}") };
    wrong
}

pub(crate) fn event_of(content: Content) -> Option<RecordedEvent> {
    match content {
        Content::Event(ReadEvent { event, .. }) => event,
        _ => None,
    }
}

pub(crate) fn text(event: &RecordedEvent) -> String {
    String::from_utf8(event.data.to_vec()).unwrap()
}

pub(crate) fn stream(event: &RecordedEvent) -> String {
    String::from_utf8(event.stream_identifier.clone().unwrap().stream_name.to_vec()).unwrap()
}

pub(crate) fn id(event: &RecordedEvent) -> uuid::Uuid {
    uuid_of(event.id.clone()).unwrap()
}

/// A stream from its beginning to its end.
pub(crate) fn of_stream(stream: &str) -> Options {
    let options =
        StreamOptions { stream_identifier: identifier(stream), revision_option: Some(RevisionOption::Start(())) };
    options_of(StreamOption::Stream(options))
}

/// `$all` from its beginning to its end.
pub(crate) fn of_all() -> Options {
    options_of(StreamOption::All(AllOptions { all_option: Some(AllOption::Start(())) }))
}

fn options_of(stream_option: StreamOption) -> Options {
    Options {
        stream_option: Some(stream_option),
        count_option: Some(CountOption::Count(u64::MAX)),
        filter_option: Some(FilterOption::NoFilter(())),
        uuid_option: Some(UuidOption { content: Some(uuid_option::Content::String(())) }),
        control_option: Some(ControlOption { compatibility: 1 }),
        ..Options::default()
    }
}

/// What a read may be told beyond where it reads.
pub(crate) trait Asking {
    fn at(self, revision: RevisionOption) -> Self;
    fn from(self, position: u64) -> Self;
    fn at_end(self) -> Self;
    fn count(self, count: u64) -> Self;
    fn backwards(self) -> Self;
    fn subscribe(self) -> Self;
    fn filter(self, filter: FilterOptions) -> Self;
}

impl Asking for Options {
    fn at(mut self, revision: RevisionOption) -> Self {
        if let Some(StreamOption::Stream(stream)) = &mut self.stream_option {
            stream.revision_option = Some(revision);
        }
        self
    }

    fn from(mut self, position: u64) -> Self {
        let position = protocol_server::proto::streams::read_req::options::Position {
            commit_position: position,
            prepare_position: position,
        };
        self.stream_option = Some(StreamOption::All(AllOptions { all_option: Some(AllOption::Position(position)) }));
        self
    }

    fn at_end(mut self) -> Self {
        match &mut self.stream_option {
            Some(StreamOption::Stream(stream)) => stream.revision_option = Some(RevisionOption::End(())),
            Some(StreamOption::All(all)) => all.all_option = Some(AllOption::End(())),
            None => {}
        }
        self
    }

    fn count(mut self, count: u64) -> Self {
        self.count_option = Some(CountOption::Count(count));
        self
    }

    fn backwards(mut self) -> Self {
        self.read_direction = ReadDirection::Backwards.into();
        self
    }

    fn subscribe(mut self) -> Self {
        self.count_option = Some(CountOption::Subscription(SubscriptionOptions {}));
        self
    }

    fn filter(mut self, filter: FilterOptions) -> Self {
        self.filter_option = Some(FilterOption::Filter(filter));
        self
    }
}

/// A filter by the names of streams.
pub(crate) fn streams_like(regex: &str) -> FilterOptions {
    let expression = filter_options::Expression { regex: regex.to_owned(), prefix: Vec::new() };
    filter(filter_options::Filter::StreamIdentifier(expression))
}

pub(crate) fn filter(filter: filter_options::Filter) -> FilterOptions {
    FilterOptions {
        filter: Some(filter),
        window: Some(filter_options::Window::Max(32)),
        checkpoint_interval_multiplier: 1,
    }
}
