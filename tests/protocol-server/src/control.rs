//! Faults by word: what the program is told on its standard input, a line for each request.

use std::time::Duration;

use crate::{
    faults::{AppendFault, Ending},
    server::Server,
};

/// What may be said, for `--help`.
pub const HELP: &str = "\
Requests, a line each on standard input; each is answered by a line, `ok`, `ok VALUE` or `error: WHY`:
  append FAULT [TIMES] [PREFIX]   the next appends go wrong, to streams whose names begin so
      stored-never-answered stored-timed-out stored-deadline-exceeded stored-unavailable
      stored-connection-cut lost-timed-out lost-too-busy lost-connection-cut
  read ENDING AFTER [TIMES]       the next reads end when they have given AFTER events
  subscription ENDING AFTER [TIMES]
      connection-cut ok unavailable too-slow silence
  end-subscriptions ENDING        all subscriptions end now
  delay MILLISECONDS              every answer and event comes so much later
  clear                           nothing is to go wrong any more
  waiting                         how many faults have not happened yet
  cut                             cut all connections
  down [NODE]  up [NODE]          a node, or all, is gone and refuses connections, or is back
  restart                         stop and start again on the same events and ports
  lead NODE|none                  make a node the leader
  hold NODE  release NODE         a node gets to know nothing new any more, or everything again
  foreign COUNT                   write events of the server's own, which are not ours
  calls                           how often each kind of call was made, as KIND=COUNT
  looked-at                       how many events filtered reads have looked at
  scavenge                        remove what is deleted and truncated; answers how many events
  url                             the connection string
  stop                            end the program
When standard input ends, the server goes on.";

const APPENDS: &[(&str, AppendFault)] = &[
    ("stored-never-answered", AppendFault::StoredNeverAnswered),
    ("stored-timed-out", AppendFault::StoredTimedOut),
    ("stored-deadline-exceeded", AppendFault::StoredDeadlineExceeded),
    ("stored-unavailable", AppendFault::StoredUnavailable),
    ("stored-connection-cut", AppendFault::StoredConnectionCut),
    ("lost-timed-out", AppendFault::LostTimedOut),
    ("lost-too-busy", AppendFault::LostTooBusy),
    ("lost-connection-cut", AppendFault::LostConnectionCut),
];

const ENDINGS: &[(&str, Ending)] = &[
    ("connection-cut", Ending::ConnectionCut),
    ("ok", Ending::Ok),
    ("unavailable", Ending::Unavailable),
    ("too-slow", Ending::TooSlow),
    ("silence", Ending::Silence),
];

/// Whether the program goes on.
#[derive(Debug, PartialEq, Eq)]
pub enum Then {
    /// It does, and this is its answer.
    Answer(String),
    /// It ends.
    Stop,
}

/// Does what a line asks for.
pub fn obey(server: &mut Server, line: &str) -> Then {
    let words: Vec<&str> = line.split_whitespace().collect();
    if words == ["stop"] {
        return Then::Stop;
    }
    Then::Answer(match request(server, &words) {
        Ok(value) if value.is_empty() => "ok".to_owned(),
        Ok(value) => format!("ok {value}"),
        Err(why) => format!("error: {why}"),
    })
}

fn request(server: &mut Server, words: &[&str]) -> Result<String, String> {
    match words {
        ["append", fault, more @ ..] => {
            let prefix = more.get(1).copied().unwrap_or_default();
            server.faults().on_appends(prefix, named(APPENDS, fault)?, times(more)?);
        }
        ["read", ending, after, more @ ..] => {
            server.faults().on_reads(number(after)?, named(ENDINGS, ending)?, times(more)?);
        }
        ["subscription", ending, after, more @ ..] => {
            server.faults().on_subscriptions(number(after)?, named(ENDINGS, ending)?, times(more)?);
        }
        ["end-subscriptions", ending] => server.faults().end_subscriptions(named(ENDINGS, ending)?),
        ["delay", delay] => server.faults().delay(Duration::from_millis(number(delay)?)),
        ["clear"] => server.faults().clear(),
        ["waiting"] => return Ok(server.faults().waiting().to_string()),
        ["cut"] => server.cut_connections(),
        ["down"] => server.go_down_everywhere(),
        ["up"] => server.listen_everywhere().map_err(|error| error.to_string())?,
        ["down", node] => server.go_down(of(server, node)?),
        ["up", node] => server.come_back(of(server, node)?).map_err(|error| error.to_string())?,
        ["restart"] => server.restart().map_err(|error| error.to_string())?,
        ["lead", "none"] => server.lead(None),
        ["lead", node] => server.lead(Some(of(server, node)?)),
        ["hold", node] => server.hold(of(server, node)?),
        ["release", node] => server.release(of(server, node)?),
        ["foreign", count] => server.write_foreign(number(count)?).map_err(|error| error.to_string())?,
        ["calls"] => {
            let calls: Vec<String> = server.calls().iter().map(|(kind, count)| format!("{kind}={count}")).collect();
            return Ok(calls.join(" "));
        }
        ["looked-at"] => return Ok(server.looked_at().to_string()),
        ["scavenge"] => return server.scavenge().map(|removed| removed.to_string()).map_err(|error| error.to_string()),
        ["url"] => return Ok(server.url()),
        _ => return Err("no such request; --help lists them".to_owned()),
    }
    Ok(String::new())
}

fn named<T: Copy>(names: &[(&str, T)], name: &str) -> Result<T, String> {
    let found = names.iter().find(|(known, _)| *known == name);
    found.map(|(_, value)| *value).ok_or_else(|| format!("{name} is none of those that there are"))
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, String> {
    word.parse().map_err(|_| format!("{word} is no number"))
}

/// How often; once if it is not said.
fn times(words: &[&str]) -> Result<u32, String> {
    let times = words.first().map_or(Ok(1), |word| number(word))?;
    if times == 0 { Err("not at all is not a fault".to_owned()) } else { Ok(times) }
}

fn of(server: &Server, word: &str) -> Result<usize, String> {
    let node = number(word)?;
    if node < server.nodes() { Ok(node) } else { Err(format!("there is no node {node}")) }
}
