//! `Read` of a stream or of `$all`, in either direction, page by page; with a subscription asked for, see `subscribe`.

use tonic::{Request, Response, Status};

use super::{
    Call, Node,
    convert::{self, Ids},
    outlet::{self, Answers, Outlet, Stop},
    subscribe,
};
use crate::{
    access::Act,
    event::ALL,
    index::{
        filter::Filter,
        pages::{Bounds, StreamPage},
    },
    options::InvalidPosition,
    proto::streams::{
        ReadReq, ReadResp,
        read_req::{
            Options,
            options::{
                CountOption, FilterOption, ReadDirection, StreamOption, all_options::AllOption, filter_options::Window,
                stream_options::RevisionOption, uuid_option,
            },
        },
        read_resp::{Content, StreamNotFound},
    },
    statuses,
};

/// How many events a page has. 32 in KurrentDB.
pub(super) const PAGE: u64 = 32;

/// What is read.
pub(super) enum Source {
    Stream { name: String, from: RevisionOption },
    All { from: AllOption, filter: Filter, window: Option<u64>, checkpoint_multiplier: u64, is_filtered: bool },
}

pub(super) async fn read(node: &Node, request: Request<ReadReq>) -> Result<Response<Answers<ReadResp>>, Status> {
    let call = Call::of(&request);
    let options = request.get_ref().options.clone().unwrap_or_default();
    let ids = match options.uuid_option.as_ref().map(|option| &option.content) {
        None => return Err(Status::invalid_argument("a read says how it wants ids")),
        Some(Some(uuid_option::Content::String(()))) => Ids::Text,
        Some(_) => Ids::Structured,
    };
    let source = source(&options)?;
    let name = match &source {
        Source::Stream { name, .. } => name,
        Source::All { .. } => ALL,
    };
    node.caller(&request)?.may(Act::Read, name, &node.cluster.store.read(), node.until())?;
    node.cluster.counts.call(match (&source, &options.count_option) {
        (_, Some(CountOption::Subscription(_))) => "subscribe",
        (Source::Stream { .. }, _) => "read_stream",
        (Source::All { .. }, _) => "read_all",
    });
    let faults = node.cluster.faults.clone();
    match options.count_option {
        Some(CountOption::Count(count)) => {
            let (outlet, answers) = Outlet::of_read(faults, call, ids);
            let backwards = options.read_direction() == ReadDirection::Backwards;
            let tells_ends = options.control_option.is_some_and(|control| control.compatibility >= 1);
            tokio::spawn(Reading { node: node.clone(), outlet, count, backwards, tells_ends }.run(source));
            outlet::begin(answers).await
        }
        Some(CountOption::Subscription(_)) if options.read_direction() == ReadDirection::Forwards => {
            let (outlet, answers) = Outlet::of_subscription(faults, call, ids);
            tokio::spawn(subscribe::run(node.clone(), outlet, source));
            outlet::begin(answers).await
        }
        _ => Err(Status::invalid_argument("The combination of options is invalid.")),
    }
}

fn source(options: &Options) -> Result<Source, Status> {
    match (&options.stream_option, &options.filter_option) {
        (Some(StreamOption::Stream(stream)), Some(FilterOption::NoFilter(()))) => {
            let from = stream.revision_option.ok_or_else(|| Status::invalid_argument("a read begins somewhere"))?;
            Ok(Source::Stream { name: convert::stream_name(stream.stream_identifier.clone())?, from })
        }
        (Some(StreamOption::All(all)), Some(filter)) => {
            let from = all.all_option.ok_or_else(|| Status::invalid_argument("a read begins somewhere"))?;
            let FilterOption::Filter(said) = filter else {
                let (window, checkpoint_multiplier) = (None, 1);
                return Ok(Source::All {
                    from,
                    filter: Filter::None,
                    window,
                    checkpoint_multiplier,
                    is_filtered: false,
                });
            };
            let window = match said.window {
                Some(Window::Max(max)) => Some(u64::from(max)),
                Some(Window::Count(())) => None,
                None => return Err(Status::invalid_argument("a filter has a window")),
            };
            let checkpoint_multiplier = u64::from(said.checkpoint_interval_multiplier);
            let filter = Filter::parse(said)?;
            Ok(Source::All { from, filter, window, checkpoint_multiplier, is_filtered: true })
        }
        _ => Err(Status::invalid_argument("The combination of options is invalid.")),
    }
}

struct Reading {
    node: Node,
    outlet: Outlet,
    count: u64,
    backwards: bool,
    /// Whether the caller wants to hear where a stream begins and ends.
    tells_ends: bool,
}

impl Reading {
    async fn run(mut self, source: Source) {
        let ended = match source {
            Source::Stream { name, from } => self.stream(&name, from).await,
            Source::All { from, filter, window, .. } => self.all(from, &filter, window.unwrap_or(PAGE)).await,
        };
        self.outlet.close(ended).await;
    }

    async fn stream(&mut self, name: &str, from: RevisionOption) -> Result<(), Stop> {
        self.outlet.go_wrong().await?;
        let size = PAGE.min(self.count).max(1);
        let mut from = match from {
            RevisionOption::Revision(revision) => Some(revision),
            RevisionOption::Start(()) => Some(0),
            RevisionOption::End(()) => None,
        };
        let mut given = 0;
        loop {
            self.node.may_answer(self.outlet.call())?;
            let (events, next, last, is_end) = match self.page(name, from, size) {
                StreamPage::Events { events, next, last, is_end } => (events, next, last, is_end),
                StreamPage::Tombstoned => return Err(statuses::stream_deleted(name).into()),
                StreamPage::NoStream => {
                    let stream_identifier = Some(convert::identifier(name));
                    return self.outlet.say(Content::StreamNotFound(StreamNotFound { stream_identifier })).await;
                }
            };
            if given == 0 && self.tells_ends && !self.backwards && events.is_empty() && from != Some(next) {
                self.outlet.say(Content::FirstStreamPosition(next)).await?;
            }
            for event in events.iter().take(usize::try_from(self.count - given).unwrap_or(usize::MAX)) {
                self.outlet.event(event).await?;
                given += 1;
            }
            if is_end || given >= self.count {
                if self.tells_ends {
                    self.outlet.say(Content::LastStreamPosition(last)).await?;
                }
                return Ok(());
            }
            from = Some(next);
        }
    }

    fn page(&self, name: &str, from: Option<u64>, size: u64) -> StreamPage {
        let until = self.node.until();
        let index = self.node.cluster.store.read();
        match from {
            from if self.backwards => index.stream_backwards(name, from, size, until),
            Some(from) => index.stream_forwards(name, from, size, until),
            // Forwards from the end there is nothing.
            None => index.stream_forwards(name, u64::MAX, size, until),
        }
    }

    async fn all(&mut self, from: AllOption, filter: &Filter, window: u64) -> Result<(), Stop> {
        self.outlet.go_wrong().await?;
        let mut from = self.place(from)?;
        let bounds = Bounds { events: usize::try_from(PAGE.min(self.count)).unwrap_or(1), considered: window };
        let mut given = 0;
        while given < self.count {
            self.node.may_answer(self.outlet.call())?;
            let until = self.node.until();
            let page = {
                let index = self.node.cluster.store.read();
                if self.backwards {
                    index.all_backwards(from, bounds, filter, until)
                } else {
                    index.all_forwards(from, bounds, filter, until)
                }
            };
            self.node.cluster.look(page.considered).await;
            for event in page.events.iter().take(usize::try_from(self.count - given).unwrap_or(usize::MAX)) {
                self.outlet.event(event).await?;
                given += 1;
            }
            if page.is_end {
                break;
            }
            from = page.next;
        }
        Ok(())
    }

    /// Where to begin, if that is a place where a record begins or ends.
    fn place(&self, from: AllOption) -> Result<u64, Status> {
        let until = self.node.until();
        let position = match from {
            AllOption::Start(()) => return Ok(0),
            AllOption::End(()) => return Ok(until),
            AllOption::Position(position) => position,
        };
        let options = &self.node.cluster.options;
        let at = position.commit_position;
        let refused = options.refuse_positions_behind_the_end && at > until;
        if refused || !self.node.cluster.store.read().is_place(at, until) {
            return Err(match options.invalid_position {
                InvalidPosition::Unknown => statuses::unreadable_position(),
                InvalidPosition::InvalidArgument => statuses::invalid_position(),
            });
        }
        // An event that lies at the same commit position, but before the prepare position, is not meant.
        Ok(if !self.backwards && position.prepare_position > at { at + 1 } else { at })
    }
}
