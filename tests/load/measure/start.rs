//! Starting on a large log whose views are up to date, and what the program holds in memory when nobody asks anything.

use std::time::{Duration, Instant};

use tests::desk::{Desk, Setup};

use super::{
    Line,
    fixture::{Failure, Fixture, median},
    process::resident_mb,
};

/// After it nothing of the start goes on.
const SETTLED: Duration = Duration::from_secs(10);
/// A first start on a log without views rebuilds them meanwhile.
const REBUILT: Duration = Duration::from_secs(900);

pub(super) async fn start(fixture: &Fixture) -> Result<Vec<Line>, Failure> {
    let copy = fixture.copy_of(fixture.events)?;
    let data_dir = copy.path().join("data");
    let mut desk = desk_on(&data_dir);
    wait_for_views(&desk, fixture.events).await?;
    let mut ready = Vec::new();
    for _ in 0..fixture.rounds {
        desk.terminate();
        let started = Instant::now();
        desk.start_again();
        ready.push(started.elapsed().as_secs_f64());
    }
    tokio::time::sleep(SETTLED).await;
    let large_mb = resident_mb(desk.process_id())?;
    drop(desk);
    let empty = fixture.fresh()?;
    let desk = desk_on(&empty.path().join("data"));
    tokio::time::sleep(SETTLED).await;
    let empty_mb = resident_mb(desk.process_id())?;
    let ready = median(ready);
    let line = |what: String, figure: String, bar: &str, is_met: bool| Line {
        what,
        figure,
        against: String::new(),
        ratio: None,
        bar: bar.to_owned(),
        is_met,
    };
    Ok(vec![
        line(format!("ready after a start on {} events", fixture.events), format!("{ready:.2} s"), "1 s", ready <= 1.0),
        line("memory at rest, no events".into(), format!("{empty_mb:.0} MB"), "80 MB", empty_mb <= 80.0),
        line(
            format!("memory at rest, {} events", fixture.events),
            format!("{large_mb:.0} MB"),
            "80 MB",
            large_mb <= 80.0,
        ),
    ])
}

/// With the master key that the generated log came with.
fn desk_on(data_dir: &std::path::Path) -> Desk {
    let key = data_dir.join("master-key");
    let environment = if key.exists() { vec![("DESK_MASTER_KEY_FILE", key.display().to_string())] } else { Vec::new() };
    Desk::start(Setup { data_dir: Some(data_dir.to_owned()), environment, ..Setup::default() })
}

pub(super) async fn wait_for_views(desk: &Desk, position: u64) -> Result<(), Failure> {
    let (staff, started) = (desk.staff(), Instant::now());
    while started.elapsed() < REBUILT {
        let answer = staff.get(&format!("/api/sessions?limit=1&min_position={position}")).await?;
        if answer.status().is_success() {
            return Ok(());
        }
    }
    Err("the views were not rebuilt in time".into())
}
