//! The crash walk: a writer is killed at random times, and the log is compared with what it had acknowledged.

use std::{
    collections::{BTreeMap, BTreeSet},
    pin::pin,
    process::Stdio,
    time::Duration,
};

use event_store::{EventReader, Position, StreamName, StreamVersion, pages::stream_pages, verify::verify};
use futures::StreamExt as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    time::{Instant, timeout_at},
};

use crate::{Failure, options::Options, place::Place, report::Report, writer};

/// Longest lifetime in ms of a writer after its first output.
const LIFE: u64 = 900;
/// Limit for a writer's first output.
const FIRST_WORD: Duration = Duration::from_secs(120);
/// Kills between two restarts of the server.
const RESTARTED: u32 = 4;

/// The output of the writers.
#[derive(Default)]
struct Said {
    /// The greatest n that was sent to a stream.
    tried: BTreeMap<StreamName, u64>,
    acknowledged: BTreeMap<(StreamName, u64), (StreamVersion, Position)>,
    answers: usize,
    /// Differences found.
    differences: Vec<String>,
}

/// Runs the crash walk; true if there are no differences.
pub(crate) async fn walk(place: &Place, options: &Options, report: &mut Report) -> Result<bool, Failure> {
    let seed = options.seed.unwrap_or_else(rand::random);
    let (mut random, walk) = (StdRng::seed_from_u64(seed), format!("{seed}-{}", uuid::Uuid::new_v4()));
    report.line(&format!("crashes   {} kills, --seed {seed}", options.kills))?;
    let (mut said, mut restarts) = (Said::default(), 0);
    for kill in 1..=options.kills {
        let life = Duration::from_millis(random.random_range(0..LIFE));
        live(options, &walk, life, &mut said).await?;
        if kill % RESTARTED == 0 && place.restart().await? {
            restarts += 1;
        }
        let log = place.open_patiently().await?;
        said.hold_against(&*log, &walk).await?;
        if !said.differences.is_empty() {
            break;
        }
    }
    let log = place.open_patiently().await?;
    let proved = verify(&*log, |_| ()).await?;
    if let Some(flaw) = proved.first_flaw {
        said.differences.push(flaw.to_string());
    }
    let (answers, events) = (said.answers, said.acknowledged.len());
    report
        .line(&format!("          {answers} acknowledgements of {events} events, {restarts} restarts of the server"))?;
    report.line(&format!("          {} events in the log, every hash and link proved up to there", proved.events))?;
    said.differences.iter().try_for_each(|difference| report.line(&format!("  FAIL    {difference}")))?;
    Ok(said.differences.is_empty())
}

/// Starts a writer, reads its output, and kills it.
async fn live(options: &Options, walk: &str, life: Duration, said: &mut Said) -> Result<(), Failure> {
    let program = std::env::current_exe().map_err(Failure::Writer)?;
    let mut command = Command::new(program);
    command.args(&options.url).args(["--writer", walk]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
    if let Some(file) = &options.credentials_file {
        command.arg("--credentials-file").arg(file);
    }
    let mut writer = command.spawn().map_err(Failure::Writer)?;
    let out = writer.stdout.take().ok_or_else(|| Failure::Writer(std::io::Error::other("it has no output")))?;
    let mut lines = BufReader::new(out).lines();
    let mut ends = Instant::now() + FIRST_WORD;
    let mut has_spoken = false;
    while let Ok(line) = timeout_at(ends, lines.next_line()).await {
        let Some(line) = line.map_err(Failure::Writer)? else {
            return Err(Failure::Writer(std::io::Error::other("it ended by itself")));
        };
        if !has_spoken {
            (has_spoken, ends) = (true, Instant::now() + life);
        }
        said.hear(&line);
    }
    writer.kill().await.map_err(Failure::Writer)?;
    // Its output before it died, without an incomplete last line.
    while let Ok(Some(line)) = lines.next_line().await {
        said.hear(&line);
    }
    Ok(())
}

impl Said {
    fn hear(&mut self, line: &str) {
        let mut words = line.split(' ');
        let (Some(what), Some(stream), Some(n)) = (words.next(), words.next(), words.next()) else { return };
        let (Ok(stream), Ok(n)) = (StreamName::parse(stream), n.parse::<u64>()) else { return };
        let mut number = || words.next().and_then(|word| word.parse().ok());
        match what {
            "try" => {
                let tried = self.tried.entry(stream).or_default();
                *tried = n.max(*tried);
            }
            "ok" => {
                let (Some(version), Some(position)) = (number(), number()) else { return };
                let place = (StreamVersion(version), Position(position));
                self.answers += 1;
                let before = self.acknowledged.insert((stream.clone(), n), place);
                if before.is_some_and(|before| before != place) {
                    self.differences
                        .push(format!("event {n} of {stream} was acknowledged at {before:?}, then at {place:?}"));
                }
            }
            "refused" => self.differences.push(format!("an append was refused: {line}")),
            _cut_off => {}
        }
    }

    /// Checks that every stream has its first events once each: at most those that were sent, and at least those that were
    /// acknowledged, at the acknowledged positions.
    async fn hold_against(&mut self, log: &dyn EventReader, walk: &str) -> Result<(), Failure> {
        for number in 0..writer::STREAMS {
            let stream = writer::stream(walk, number);
            let mut version = StreamVersion::NONE;
            let mut ids = BTreeSet::new();
            let mut pages = pin!(stream_pages(log, &stream, version));
            while let Some(page) = pages.next().await {
                for event in &page? {
                    version = version.next();
                    let is_it = event.version == version && event.event == writer::event(&stream, version.0);
                    if !is_it || !ids.insert(event.event.event_id) {
                        self.differences.push(format!("version {version} of {stream} is not the event that was sent"));
                    }
                    let acknowledged = self.acknowledged.get(&(stream.clone(), version.0));
                    if acknowledged.is_some_and(|place| *place != (event.version, event.position)) {
                        let difference = format!("event {version} of {stream} is not where it was acknowledged");
                        self.differences.push(difference);
                    }
                }
            }
            let (tried, last) = (self.tried.get(&stream).copied().unwrap_or(0), version.0);
            let of_stream = (stream.clone(), 0)..=(stream.clone(), u64::MAX);
            let acknowledged = self.acknowledged.range(of_stream).next_back().map_or(0, |((_, n), _)| *n);
            if last < acknowledged {
                self.differences.push(format!("{stream} ends with {last}, and {acknowledged} was acknowledged"));
            }
            if last > tried {
                self.differences.push(format!("{stream} ends with {last}, and {tried} was the last that was sent"));
            }
        }
        Ok(())
    }
}
