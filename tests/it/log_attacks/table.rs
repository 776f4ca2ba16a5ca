//! The attacks.

use std::path::PathBuf;

use event_store::{
    Identity,
    checkpoint::{Checkpoint, CheckpointKey},
    merkle::TreeSize,
    proof::tree_of,
    restore::record,
    sqlite::SqliteStore,
};
use jiff::Timestamp;

use super::{Attack, Notes, identity_of, positions_of};
use crate::{
    checkpoint_attacks::{
        EVERY, Shop,
        forger::{Dialect, FORGERIES, moving_head, relinked, replacing_all},
        newest_before,
    },
    tamper::{CHANGES, EVENTS, event, run, swap_columns},
};

/// Collects attacks on copies of one log.
struct Table<'a> {
    shop: &'a Shop,
    attacks: Vec<Attack>,
}

/// The event itself is bad.
fn at(position: u64) -> (u8, Option<(u64, u64)>) {
    (1, Some((position, position)))
}

fn between(from: u64, to: u64) -> (u8, Option<(u64, u64)>) {
    (1, Some((from, to)))
}

/// Between the newest note that fits and the first that does not.
fn by_notes(position: u64) -> (u8, Option<(u64, u64)>) {
    let fits = newest_before(position);
    between(fits + 1, fits + EVERY)
}

const INTACT: (u8, Option<(u64, u64)>) = (0, None);
/// The log was changed, and no position can be named.
const UNPLACED: (u8, Option<(u64, u64)>) = (1, None);
const HEAD: &str = "update head set (position, recorded_at, hash) = \
                    (select position, recorded_at, hash from event order by position desc limit 1);";
/// Closes every hole.
const RENUMBER: &str = "create temp table numbered as select position as was, row_number() over (order by position) as now from event; \
    update event set position = -(select now from numbered where was = position); update event set position = -position;";
const IDENTITY_GUARDS: &str = "drop trigger identity_is_never_deleted; drop trigger identity_is_made_once; \
                               drop trigger identity_keeps_its_log;";

impl Table<'_> {
    async fn add(&mut self, name: impl Into<String>, sql: &str, notes: Notes, expected: (u8, Option<(u64, u64)>)) {
        let path = self.shop.written.tampered(sql).await;
        self.add_file(name, path, notes, expected);
    }

    fn add_file(&mut self, name: impl Into<String>, path: PathBuf, notes: Notes, expected: (u8, Option<(u64, u64)>)) {
        self.attacks.push(Attack { name: name.into(), path, notes, restored_at: None, expected });
    }

    /// The same change, seen without notes, with the newest, and with all.
    async fn add_seen(&mut self, name: &str, sql: &str, expected: [(u8, Option<(u64, u64)>); 3]) {
        for (notes, expected) in [Notes::None, Notes::Newest, Notes::All].into_iter().zip(expected) {
            self.add(name, sql, notes, expected).await;
        }
    }
}

pub(super) async fn attacks(shop: &Shop) -> Vec<Attack> {
    let mut table = Table { shop, attacks: Vec::new() };
    changes(&mut table).await;
    removals(&mut table).await;
    rewrites(&mut table).await;
    heads(&mut table).await;
    identities(&mut table).await;
    copies(&mut table).await;
    restores(&mut table).await;
    files(&mut table).await;
    table.attacks
}

async fn changes(table: &mut Table<'_>) {
    for (column, value) in CHANGES {
        let sql = format!("update event set {column} = {value} where position = 57;");
        table.add(format!("{column} = {value}"), &sql, Notes::None, at(57)).await;
    }
    let sql = "update event set data = '{}' where position = 57;";
    table.add_seen("data", sql, [at(57), at(57), at(57)]).await;
    for columns in [&["data"][..], &["hash"], &["event_id", "data", "hash"]] {
        table.add(format!("{columns:?} swapped"), &swap_columns(57, 90, columns), Notes::All, at(57)).await;
    }
}

async fn removals(table: &mut Table<'_>) {
    let events = &table.shop.written.events;
    let stream = events[14].stream.clone();
    let of_stream = positions_of(events, &stream);
    let (first, middle, last) = (of_stream[0], of_stream[2], *of_stream.last().unwrap());
    let next = of_stream[3];
    let remove = |position: u64| format!("delete from event where position = {position};");
    table.add_seen("removed, with its hole", &remove(57), [at(57), at(57), at(57)]).await;
    table
        .add_seen("the last removed", &remove(EVENTS), [between(1, EVENTS), between(1, EVENTS), between(161, EVENTS)])
        .await;
    // The stream's last event, and a whole stream: only notes find those.
    let sql = format!("{}{RENUMBER}{HEAD}", remove(last));
    table.add_seen("a stream's last event removed", &sql, [INTACT, between(1, EVENTS), by_notes(last)]).await;
    let sql = format!("delete from event where stream = '{stream}';{RENUMBER}{HEAD}");
    let left = EVENTS - of_stream.len() as u64;
    table.add_seen("a stream removed", &sql, [INTACT, between(1, left + 1), by_notes(first)]).await;
    // Without the head, the end shows that something is missing.
    let sql = format!("{}{RENUMBER}", remove(last));
    table.add("a stream's last event removed, head kept", &sql, Notes::None, between(1, EVENTS)).await;
    let sql = format!("{}{RENUMBER}{HEAD}", remove(middle));
    let fits = newest_before(middle);
    let by_all = between(fits + 1, (fits + EVERY).min(next - 1));
    table.add_seen("removed within a stream", &sql, [between(1, next - 1), between(1, next - 1), by_all]).await;
    let cut = format!("delete from event where position > 150;{HEAD}");
    table.add_seen("cut off", &cut, [INTACT, between(1, 151), between(121, 151)]).await;
    table
        .add_seen(
            "cut off, head kept",
            "delete from event where position > 150;",
            [between(1, 151), between(1, 151), between(121, 151)],
        )
        .await;
    let emptied = format!("delete from event;{}", moving_head(None, Dialect::Sqlite));
    table.add_seen("emptied", &emptied, [INTACT, at(1), at(1)]).await;
    table.add_seen("emptied, head kept", "delete from event;", [at(1), at(1), at(1)]).await;
}

async fn rewrites(table: &mut Table<'_>) {
    let events = table.shop.written.events.clone();
    for forgery in FORGERIES {
        let forged = forgery.of(&events, 57).unwrap();
        let sql = replacing_all(&forged, Dialect::Sqlite);
        table.add_seen(&format!("{forgery:?} and relinked"), &sql, [INTACT, between(1, EVENTS), by_notes(57)]).await;
    }
    // A fork: the log goes on from an earlier state.
    let mut fork = events[..100].to_vec();
    for number in 0..120 {
        let mut other = (*events[100 + number as usize % 50]).clone();
        other.event = event(number);
        fork.push(std::sync::Arc::new(other));
    }
    let longer = replacing_all(&relinked(&fork), Dialect::Sqlite);
    table.add_seen("a fork that is longer", &longer, [INTACT, between(1, EVENTS), by_notes(101)]).await;
    let shorter = replacing_all(&relinked(&fork[..130]), Dialect::Sqlite);
    table.add_seen("a fork that is shorter", &shorter, [INTACT, between(1, 131), by_notes(101)]).await;
    let raised = format!("{longer} update identity set generation = generation + 1;");
    table.add_seen("a fork with a raised generation", &raised, [INTACT, between(1, EVENTS), by_notes(101)]).await;
}

async fn heads(table: &mut Table<'_>) {
    for (sql, to) in [
        ("update head set position = position - 1;", EVENTS - 1),
        ("update head set position = 100;", 100),
        ("update head set position = 0;", 1),
        ("update head set position = -position;", 1),
        ("update head set position = position + 1;", EVENTS + 1),
        ("update head set recorded_at = '2027-01-01T00:00:00.000000Z';", EVENTS),
        ("update head set hash = randomblob(32);", EVENTS),
        ("update head set hash = x'';", EVENTS),
        ("delete from head;", 1),
    ] {
        table.add(sql, sql, Notes::None, between(1, to)).await;
    }
    table.add("head changed, all proved", "update head set hash = x'';", Notes::All, at(EVENTS)).await;
    table.add("head deleted, all proved", "delete from head;", Notes::All, at(1)).await;
    table.add("no table head", "drop table head;", Notes::None, UNPLACED).await;
}

async fn identities(table: &mut Table<'_>) {
    let identity = |sql: &str| format!("{IDENTITY_GUARDS} pragma ignore_check_constraints = on; {sql}");
    table.add("identity deleted", &identity("delete from identity;"), Notes::None, UNPLACED).await;
    table.add("no table identity", &identity("drop table identity;"), Notes::All, UNPLACED).await;
    let malformed = identity("update identity set log_id = zeroblob(15);");
    table.add("identity of 15 bytes", &malformed, Notes::All, UNPLACED).await;
    let negative = identity("update identity set generation = -1;");
    table.add("negative generation", &negative, Notes::None, UNPLACED).await;
    let other = identity("update identity set log_id = randomblob(16);");
    table.add_seen("identity changed", &other, [INTACT, between(0, 0), between(0, 0)]).await;
    let older = identity("update identity set generation = 0;");
    table.add_seen("generation lowered", &older, [INTACT, between(0, 0), between(0, 0)]).await;
    table
        .add_seen("generation raised", "update identity set generation = 2;", [INTACT, between(0, 0), between(0, 0)])
        .await;
}

async fn copies(table: &mut Table<'_>) {
    // Anybody may insert this row: it is said that times were not checked, and what else is wrong is found.
    let row = "insert into copy (id, is_whole, times_rise_after) values (1, true, 200);";
    table.add("exempted", row, Notes::All, INTACT).await;
    let sql = format!("{row} update event set data = '{{}}' where position = 57;");
    table.add("exempted and changed", &sql, Notes::None, at(57)).await;
}

async fn restores(table: &mut Table<'_>) {
    let shop = table.shop;
    let cut = format!("delete from event where position > 100;{HEAD}");
    let here = identity_of(&shop.written.path()).await;
    let stranger = CheckpointKey::generate(here);
    for (name, key, expected) in [
        ("restored, on record", shop.elsewhere.key(), [INTACT, at(101), at(101)]),
        ("restored, by another key", &stranger, [INTACT, between(1, 102), between(81, 102)]),
    ] {
        for (notes, expected) in [Notes::None, Notes::Newest, Notes::All].into_iter().zip(expected) {
            let path = restored(table, &cut, key).await;
            table.add_file(name, path, notes, expected);
        }
    }
    let path = restored(table, &cut, shop.elsewhere.key()).await;
    for (restored_at, expected) in [(100, INTACT), (99, at(101))] {
        let name = format!("restored, and agreed at {restored_at}");
        let (path, restored_at) = (path.clone(), Some(restored_at));
        table.attacks.push(Attack { name, path, notes: Notes::All, restored_at, expected });
    }
    let path = restored(table, &cut, shop.elsewhere.key()).await;
    run(&path, "update event set data = '{}' where position = 30;").await;
    let (name, restored_at) = ("restored, agreed, and changed before".to_owned(), Some(100));
    table.attacks.push(Attack { name, path, notes: Notes::All, restored_at, expected: at(30) });
}

/// The log cut to its first hundred events, as `desk mark-restored` leaves it.
async fn restored(table: &Table<'_>, cut: &str, key: &CheckpointKey) -> PathBuf {
    let path = table.shop.written.tampered(cut).await;
    // The triggers that were dropped are not needed to append.
    let store = SqliteStore::open(&path).await.unwrap();
    let tree = tree_of(&store, TreeSize(100), |_, _| ()).await.unwrap();
    let here = identity_of(&path).await;
    let left = Checkpoint {
        log: Identity { generation: here.generation + 1, ..here },
        size: TreeSize(100),
        root: tree.root(TreeSize(100)).unwrap(),
        position: event_store::Position(100),
        signed_at: Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap(),
    };
    record(&store, &left, "operations", key).await.unwrap();
    event_store::EventStore::raise_generation(&store).await.unwrap();
    event_store::EventStore::flush(&store).await.unwrap();
    path
}

async fn files(table: &mut Table<'_>) {
    let shop = table.shop;
    let copy = async |change: &dyn Fn(&mut Vec<u8>)| {
        let path = shop.written.tampered("").await;
        let mut bytes = std::fs::read(&path).unwrap();
        change(&mut bytes);
        std::fs::write(&path, bytes).unwrap();
        path
    };
    let text = shop.written.at(57).event.data.as_bytes().to_vec();
    let flipped = copy(&|bytes| {
        let place = bytes.windows(text.len()).position(|window| window == text).unwrap();
        bytes[place + 5] ^= 1;
    })
    .await;
    table.add_file("a byte of a text", flipped, Notes::All, at(57));
    let no_database = copy(&|bytes| bytes[0] ^= 1).await;
    table.add_file("no database", no_database, Notes::None, (2, None));
    let other = shop.written.path().with_file_name("other.db");
    std::fs::write(&other, "").unwrap();
    run(&other, "create table other (id integer)").await;
    table.add_file("another database", other, Notes::None, (2, None));
    table.add("no table event", "drop table event;", Notes::None, at(1)).await;
}
