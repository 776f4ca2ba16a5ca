//! What the kernel says of processes: processor time and memory.

use std::fs;

use super::fixture::Failure;

/// Ticks a second that `/proc` counts in: fixed at 100 for programs on Linux.
const TICKS: f64 = 100.0;

/// Processor time of this process so far, in seconds.
pub(super) fn cpu_seconds() -> Result<f64, Failure> {
    cpu_seconds_of("self")
}

/// Processor time of a process so far, in seconds.
pub(super) fn cpu_seconds_of(process: &str) -> Result<f64, Failure> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
    let (_, fields) = stat.rsplit_once(')').ok_or("/proc/*/stat names the program in brackets")?;
    // After the name: state is the first field, user and system time are the 12th and 13th.
    let ticks: f64 = fields.split_whitespace().skip(11).take(2).filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    Ok(ticks / TICKS)
}

/// Resident memory of a process, in MB (10^6 bytes).
pub(super) fn resident_mb(process: u32) -> Result<f64, Failure> {
    let status = fs::read_to_string(format!("/proc/{process}/status"))?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib: Option<f64> = resident.and_then(|field| field.trim().trim_end_matches(" kB").parse().ok());
    Ok(kib.ok_or("the process is gone")? * 1024.0 / 1e6)
}
