//! A point in time as a customer reads it: the shop's local date and time in the form of the customer's language.
//!
//! The offset from UTC stands behind it, for the customer may be elsewhere than the shop.

use jiff::{
    Timestamp, Zoned,
    tz::{Offset, TimeZone},
};

use crate::Language;

/// The names of a language, each set in one text: seven days from Monday on, twelve months.
struct Calendar {
    days: &'static str,
    months: &'static str,
}

const ZH: Calendar = Calendar {
    days: "星期一 星期二 星期三 星期四 星期五 星期六 星期日",
    months: "1 2 3 4 5 6 7 8 9 10 11 12",
};
const EN: Calendar = Calendar {
    days: "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    months: "January February March April May June July August September October November December",
};
const DE: Calendar = Calendar {
    days: "Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
    months: "Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
};
const FR: Calendar = Calendar {
    days: "lundi mardi mercredi jeudi vendredi samedi dimanche",
    months: "janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
};
const ES: Calendar = Calendar {
    days: "lunes martes miércoles jueves viernes sábado domingo",
    months: "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
};
const IT: Calendar = Calendar {
    days: "lunedì martedì mercoledì giovedì venerdì sabato domenica",
    months: "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
};

/// Date, time and offset in a time zone.
pub(super) fn local(at: Timestamp, zone: &TimeZone, language: Language) -> String {
    let at = at.to_zoned(zone.clone());
    let (day, hour, minute, offset) = (at.day(), at.hour(), at.minute(), offset(at.offset()));
    let named = |calendar: &Calendar| (calendar.day(&at), calendar.month(&at));
    match language {
        Language::Zh => {
            let (weekday, month) = named(&ZH);
            format!("{month}月{day}日（{weekday}）{hour:02}:{minute:02}（{offset}）")
        }
        Language::En => {
            let (weekday, month) = named(&EN);
            format!("{weekday} {day} {month} at {hour:02}:{minute:02} ({offset})")
        }
        Language::De => {
            let (weekday, month) = named(&DE);
            format!("{weekday}, {day}. {month}, {hour:02}:{minute:02} Uhr ({offset})")
        }
        Language::Fr => {
            let ((weekday, month), day) = (named(&FR), ordinal(day, "1er"));
            format!("{weekday} {day} {month} à {hour}\u{a0}h\u{a0}{minute:02} ({offset})")
        }
        Language::Es => {
            let ((weekday, month), at) = (named(&ES), if hour == 1 { "a la " } else { "a las " });
            format!("{weekday} {day} de {month} {at}{hour}:{minute:02} ({offset})")
        }
        Language::It => {
            let ((weekday, month), day) = (named(&IT), ordinal(day, "1º"));
            let at = if hour == 1 { "all’" } else { "alle " };
            format!("{weekday} {day} {month} {at}{hour}:{minute:02} ({offset})")
        }
    }
}

impl Calendar {
    fn day(&self, at: &Zoned) -> &'static str {
        nth(self.days, at.weekday().to_monday_one_offset())
    }

    fn month(&self, at: &Zoned) -> &'static str {
        nth(self.months, at.month())
    }
}

/// The word of this number, counted from 1.
fn nth(words: &'static str, number: i8) -> &'static str {
    words.split(' ').nth(usize::from(number.unsigned_abs()) - 1).unwrap_or_default()
}

/// The first of a month has an ordinal number, its other days a plain one.
fn ordinal(day: i8, first: &str) -> String {
    if day == 1 { first.to_owned() } else { day.to_string() }
}

/// `UTC`, `UTC+8` or `UTC-3:30`.
fn offset(offset: Offset) -> String {
    let seconds = offset.seconds();
    let (sign, minutes) = (if seconds < 0 { '-' } else { '+' }, seconds.unsigned_abs() / 60);
    match (minutes / 60, minutes % 60) {
        (0, 0) => "UTC".to_owned(),
        (hours, 0) => format!("UTC{sign}{hours}"),
        (hours, minutes) => format!("UTC{sign}{hours}:{minutes:02}"),
    }
}
