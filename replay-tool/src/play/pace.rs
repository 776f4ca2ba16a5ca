//! Pauses between two events.

use std::time::Duration;

use jiff::SignedDuration;

/// Longest pause.
const LONGEST: Duration = Duration::from_secs(5);

/// A pause of playing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pause {
    pub(super) wait: Duration,
    /// Whether it was cut to the longest pause.
    pub(super) is_cut: bool,
}

impl Pause {
    pub(super) fn of(gap: SignedDuration, speed: f64) -> Self {
        let wanted = gap.as_secs_f64().max(0.0) / speed;
        let is_cut = wanted > LONGEST.as_secs_f64();
        Self { wait: if is_cut { LONGEST } else { Duration::from_secs_f64(wanted) }, is_cut }
    }
}

/// `3 h 12 min`: the two largest units.
pub(super) fn in_words(gap: SignedDuration) -> String {
    let seconds = gap.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    let units = [(days, "d"), (hours, "h"), (minutes, "min"), (seconds % 60, "s")];
    let largest = units.iter().position(|(count, _)| *count > 0).unwrap_or(units.len() - 1);
    let shown = units[largest..].iter().take(2).filter(|(count, _)| *count > 0);
    let words: Vec<String> = shown.map(|(count, unit)| format!("{count} {unit}")).collect();
    if words.is_empty() { "0 s".to_owned() } else { words.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_are_scaled_and_limited() {
        let gap = SignedDuration::from_secs(12);
        assert_eq!(Pause::of(gap, 4.0), Pause { wait: Duration::from_secs(3), is_cut: false });
        assert_eq!(Pause::of(gap, 1.0), Pause { wait: LONGEST, is_cut: true });
        assert_eq!(Pause::of(-gap, 1.0), Pause { wait: Duration::ZERO, is_cut: false });
    }

    #[test]
    fn a_gap_is_printed_in_its_two_largest_units() {
        for (seconds, words) in
            [(0, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (11_520, "3 h 12 min"), (86_400, "1 d"), (90_061, "1 d 1 h")]
        {
            assert_eq!(in_words(SignedDuration::from_secs(seconds)), words);
        }
    }
}
