//! Files of days that are moved, a disk that is full, and one that hangs.

use std::{
    collections::BTreeSet,
    fs,
    io::Write as _,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use event_store::Clock;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use super::{LogFolder, day_files::DayFiles, filter, queue::Queue};

#[test]
fn lines_of_kurrentdb_s_client_are_heard_only_where_they_are_asked_for() {
    let of = |asked_for: Option<&str>| filter(asked_for.map(str::to_owned)).to_string();
    for asked_for in [None, Some("debug"), Some("warn,api=debug")] {
        assert!(of(asked_for).contains("kurrentdb=off"), "{asked_for:?}: {}", of(asked_for));
    }
    assert!(of(Some("warn,api=debug")).contains("api=debug"));
    assert_eq!(of(Some("kurrentdb=debug")), "kurrentdb=debug");
}

/// A clock that a test moves.
#[derive(Debug)]
struct MovedClock(Mutex<Timestamp>);

impl MovedClock {
    fn at(text: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(text.parse().expect("a time"))))
    }

    fn moves(&self, hours: i64) {
        *self.0.lock().expect("nobody panics with it") += SignedDuration::from_hours(hours);
    }
}

#[async_trait]
impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().expect("nobody panics with it")
    }

    async fn sleep_until(&self, _: Timestamp) {
        unreachable!("files look at the clock and do not wait by it");
    }
}

/// A folder that is removed with it.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("desk-log-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&path));
        fs::create_dir_all(&path).expect("the temporary folder can be written");
        Self(path)
    }

    fn names(&self) -> BTreeSet<String> {
        let entries =
            fs::read_dir(&self.0).expect("it is there").map(|entry| entry.expect("it can be read").file_name());
        entries.map(|name| name.into_string().expect("it is ASCII")).collect()
    }

    fn open(&self, clock: &Arc<MovedClock>, days: u32) -> std::io::Result<DayFiles> {
        let zone = TimeZone::get("Asia/Shanghai").expect("it is in the program");
        DayFiles::open(LogFolder { path: self.0.clone(), days, zone, clock: clock.clone() })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

fn text(path: &Path) -> String {
    fs::read_to_string(path).expect("it can be read")
}

fn names<const N: usize>(names: [&str; N]) -> BTreeSet<String> {
    names.map(str::to_owned).into()
}

#[test]
fn a_day_begins_at_midnight_in_the_shops_zone_and_old_files_go_by_the_date_in_their_names() {
    let folder = Folder::new("days");
    for kept in ["desk-2026-10-31.jsonl", "desk-2026-10-30.jsonl", "desk-2026-9-1.jsonl", "other-2026-01-01.jsonl"] {
        fs::write(folder.0.join(kept), "old").expect("it can be written");
    }
    // 30 November, 23:00 in Shanghai.
    let clock = MovedClock::at("2026-11-30T15:00:00Z");
    let mut files = folder.open(&clock, 30).expect("the folder can be used");
    files.write(b"one\n").expect("there is room");
    let others = ["desk-2026-9-1.jsonl", "other-2026-01-01.jsonl"];
    let at_start = names(["desk-2026-10-31.jsonl", "desk-2026-11-30.jsonl", others[0], others[1]]);
    assert_eq!(folder.names(), at_start, "30 days and today are kept, and what is no file of ours");
    clock.moves(1);
    files.write(b"two\n").expect("there is room");
    let next_day = names(["desk-2026-11-30.jsonl", "desk-2026-12-01.jsonl", others[0], others[1]]);
    assert_eq!(folder.names(), next_day, "the oldest goes when a day begins");
    assert_eq!(text(&folder.0.join("desk-2026-11-30.jsonl")), "one\n");
    assert_eq!(text(&folder.0.join("desk-2026-12-01.jsonl")), "two\n");
}

#[test]
fn todays_file_is_never_removed_and_a_restart_appends() {
    let folder = Folder::new("today");
    let clock = MovedClock::at("2026-11-30T00:00:00Z");
    for line in [b"one\n", b"two\n"] {
        folder.open(&clock, 0).expect("the folder can be used").write(line).expect("there is room");
    }
    assert_eq!(folder.names(), names(["desk-2026-11-30.jsonl"]));
    assert_eq!(text(&folder.0.join("desk-2026-11-30.jsonl")), "one\ntwo\n");
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let began = Instant::now();
    while !is_so() {
        assert!(began.elapsed() < Duration::from_secs(10), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn lines_that_a_full_disk_does_not_take_are_counted_and_the_next_ones_are_written_once_there_is_room() {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    let folder = Folder::new("full");
    symlink("/dev/full", folder.0.join("desk-2026-11-30.jsonl")).expect("links can be made");
    let clock = MovedClock::at("2026-11-30T00:00:00Z");
    let files = folder.open(&clock, 30).expect("it can be opened");
    let (mut queue, guard) = Queue::start(files, &DROPPED).expect("threads can be started");
    for _ in 0..5 {
        queue.write_all(b"lost\n").expect("whoever logs hears nothing of it");
    }
    until("five lines are lost", || DROPPED.load(Ordering::Relaxed) == 5);
    clock.moves(24);
    queue.write_all(b"kept\n").expect("whoever logs hears nothing of it");
    drop(guard);
    assert_eq!(text(&folder.0.join("desk-2026-12-01.jsonl")), "kept\n");
    assert_eq!(DROPPED.load(Ordering::Relaxed), 5);
}

/// A pipe that nobody reads from takes as much as fits into it, and then hangs whoever writes.
#[test]
fn a_disk_that_hangs_holds_up_nobody_who_logs_and_what_finds_no_room_is_counted() {
    static DROPPED: AtomicU64 = AtomicU64::new(0);
    let folder = Folder::new("slow");
    let pipe = folder.0.join("desk-2026-11-30.jsonl");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("there is mkfifo").success());
    // Both ends, so that opening it for writing does not wait.
    let _reader = fs::OpenOptions::new().read(true).write(true).open(&pipe).expect("it can be opened");
    let files = folder.open(&MovedClock::at("2026-11-30T00:00:00Z"), 30).expect("it can be opened");
    let (mut queue, _guard) = Queue::start(files, &DROPPED).expect("threads can be started");
    let line = [b'x'; 200];
    let began = Instant::now();
    for _ in 0..40_000 {
        queue.write_all(&line).expect("whoever logs hears nothing of it");
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    let dropped = DROPPED.load(Ordering::Relaxed);
    assert!((20_000..40_000).contains(&dropped), "{dropped}");
}

#[test]
fn a_folder_that_cannot_be_made_is_refused() {
    let folder = Folder::new("refused");
    fs::write(folder.0.join("file"), "").expect("it can be written");
    let below_a_file = Folder(folder.0.join("file").join("logs"));
    assert!(below_a_file.open(&MovedClock::at("2026-11-30T00:00:00Z"), 30).is_err());
}
