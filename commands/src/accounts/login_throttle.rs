//! Who could not sign in, and how long they are to wait before the next try: per account and per address.
//!
//! Kept in the policies' store, because it is neither history nor derived from it. Invariants: the wait grows with every
//! failure and is never longer than 15 minutes, so nobody is locked out for good; while somebody waits nothing is counted,
//! so that hammering makes it no longer; a clock that is set back makes no wait longer than a whole one.

use std::time::Duration;

use event_store::sql::{Database, SqlError, Transaction};
use jiff::Timestamp;
use uuid::Uuid;

/// LoginThrottle without a wait: everybody mistypes.
const FREE: u32 = 3;
/// The longest wait.
pub const LONGEST: Duration = Duration::from_secs(15 * 60);
/// After so long without a failure the count begins anew.
const FORGOTTEN: Duration = Duration::from_secs(24 * 3600);

/// What failures are counted for; no name and no address stands in the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Subject(Uuid);

impl Subject {
    /// An account, whether there is one of this id or not.
    #[must_use]
    pub fn account(log_id: Uuid, agent: domain::AgentId) -> Self {
        Self(Uuid::new_v5(&log_id, format!("failed account {agent}").as_bytes()))
    }

    /// The codes of an account's second factor: counted from every device, because whoever gets so far has the password.
    #[must_use]
    pub fn second_factor(log_id: Uuid, agent: domain::AgentId) -> Self {
        Self(Uuid::new_v5(&log_id, format!("failed code {agent}").as_bytes()))
    }

    /// A network address.
    #[must_use]
    pub fn address(log_id: Uuid, address: &str) -> Self {
        Self(Uuid::new_v5(&log_id, format!("failed address {address}").as_bytes()))
    }
}

/// How long to wait after so many failures in a row.
#[must_use]
pub fn wait_after(failures: u32) -> Duration {
    match failures.checked_sub(FREE) {
        None | Some(0) => Duration::ZERO,
        Some(more) => Duration::from_secs(1 << more.min(10)).min(LONGEST),
    }
}

/// The counts.
pub struct LoginThrottle(Database);

impl LoginThrottle {
    /// Counts in the policies' store.
    #[must_use]
    pub fn new(database: Database) -> Self {
        Self(database)
    }

    /// Begins a try of these: zero, and it counts as a failure until [`Self::forget`] says otherwise, so that many tries at
    /// once are counted like one after the other; or how long to wait, and nothing is counted.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn begin(&self, subjects: &[Subject], now: Timestamp) -> Result<Duration, SqlError> {
        let now = now.as_duration().as_secs_f64();
        for subject in subjects {
            self.begin_anew_if_set_back(*subject, now).await?;
        }
        let mut tx = self.0.begin().await?;
        forget_old(&mut tx, now).await?;
        let mut longest = 0.0_f64;
        for subject in subjects {
            longest = longest.max(count(&mut tx, *subject, now).await?);
        }
        if longest <= 0.0 {
            tx.commit().await?;
            return Ok(Duration::ZERO);
        }
        Ok(Duration::from_secs_f64(longest.min(LONGEST.as_secs_f64())))
    }

    /// A wait that would end later than a whole one from now was begun by a clock that has been set back since.
    async fn begin_anew_if_set_back(&self, subject: Subject, now: f64) -> Result<(), SqlError> {
        let sql = "select failures, next_at from sign_in_failure where subject = $1";
        let rows = self.0.fetch(sql, &[subject.0.into()]).await?;
        let Some(row) = rows.first() else { return Ok(()) };
        let ends = now + wait_after(u32::try_from(row.int(0)?).unwrap_or(u32::MAX)).as_secs_f64();
        if row.float(1)? <= ends + 1.0 {
            return Ok(());
        }
        let mut tx = self.0.begin().await?;
        tx.execute("update sign_in_failure set next_at = $2 where subject = $1", &[subject.0.into(), ends.into()])
            .await?;
        tx.commit().await
    }

    /// They came in: what was before does not count any more.
    ///
    /// # Errors
    /// The store does not answer.
    pub async fn forget(&self, subjects: &[Subject]) -> Result<(), SqlError> {
        let mut tx = self.0.begin().await?;
        for subject in subjects {
            tx.execute("delete from sign_in_failure where subject = $1", &[subject.0.into()]).await?;
        }
        tx.commit().await
    }
}

/// Counts a failure; answers the seconds that were still to be waited before it.
async fn count(tx: &mut Transaction, subject: Subject, now: f64) -> Result<f64, SqlError> {
    let sql = "insert into sign_in_failure (subject, failures, next_at) values ($1, 1, 0)
         on conflict (subject) do update set failures = sign_in_failure.failures + 1 returning failures, next_at";
    let rows = tx.fetch(sql, &[subject.0.into()]).await?;
    let Some(row) = rows.first() else { return Ok(0.0) };
    let (failures, rest) = (row.int(0)?, row.float(1)? - now);
    let next_at = now + wait_after(u32::try_from(failures).unwrap_or(u32::MAX)).as_secs_f64();
    tx.execute("update sign_in_failure set next_at = $2 where subject = $1", &[subject.0.into(), next_at.into()])
        .await?;
    Ok(rest)
}

async fn forget_old(tx: &mut Transaction, now: f64) -> Result<(), SqlError> {
    let before = now - FORGOTTEN.as_secs_f64();
    tx.execute("delete from sign_in_failure where next_at < $1", &[before.into()]).await.map(drop)
}

#[cfg(test)]
mod tests {
    use event_store::{migration::migrate_policy, sql::Access};

    use super::*;

    const NOW: Timestamp = Timestamp::constant(1_795_651_200, 0);

    #[test]
    fn waits_grow_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = (0..20).map(|failures| wait_after(failures).as_secs()).collect();
        assert_eq!(seconds[..8], [0, 0, 0, 0, 2, 4, 8, 16]);
        assert!(seconds.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!((seconds[12], seconds[19], wait_after(u32::MAX)), (512, 900, LONGEST));
    }

    #[tokio::test]
    async fn each_is_counted_by_itself_and_forgotten_when_it_comes_in() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.expect("opens");
        migrate_policy(&database).await.expect("migrates");
        let failures = LoginThrottle::new(database);
        let log_id = Uuid::from_u128(1);
        let agent = domain::AgentId(Uuid::from_u128(2));
        let (anna, here) = (Subject::account(log_id, agent), Subject::address(log_id, "192.0.2.1"));
        let there = Subject::address(log_id, "192.0.2.2");
        for _ in 0..4 {
            assert_eq!(failures.begin(&[anna, here], NOW).await.expect("counts"), Duration::ZERO);
        }
        for _ in 0..10 {
            let wait = failures.begin(&[anna, there], NOW).await.expect("answers").as_secs_f64();
            assert!((1.0..=2.0).contains(&wait), "who hammers waits no longer: {wait}");
        }
        assert!(failures.begin(&[here], NOW).await.expect("answers") > Duration::ZERO);
        assert_eq!(failures.begin(&[there], NOW).await.expect("answers"), Duration::ZERO, "nothing was counted for it");
        let later = NOW + jiff::SignedDuration::from_secs(2);
        assert_eq!(failures.begin(&[anna], later).await.expect("answers"), Duration::ZERO, "the wait is over");
        failures.forget(&[anna, here]).await.expect("forgets");
        assert_eq!(failures.begin(&[anna, here], NOW).await.expect("answers"), Duration::ZERO);
    }

    #[tokio::test]
    async fn wait_is_no_longer_than_its_length_after_the_clock_was_set_back() {
        let folder = tempfile::tempdir().expect("a folder");
        let database = Database::sqlite(&folder.path().join("policies.db"), Access::Durable).await.expect("opens");
        migrate_policy(&database).await.expect("migrates");
        let failures = LoginThrottle::new(database);
        let anna = [Subject::account(Uuid::from_u128(1), domain::AgentId(Uuid::from_u128(2)))];
        for _ in 0..4 {
            failures.begin(&anna, NOW).await.expect("counts");
        }
        let set_back = NOW - jiff::SignedDuration::from_hours(1);
        let wait = failures.begin(&anna, set_back).await.expect("answers");
        assert!(!wait.is_zero() && wait <= Duration::from_secs(2), "{wait:?}");
        let later = set_back + jiff::SignedDuration::from_secs(2);
        assert_eq!(failures.begin(&anna, later).await.expect("answers"), Duration::ZERO, "it is over when it is over");
    }
}
