//! The two forms that collectors read: OpenMetrics for whoever asks for it, as Prometheus does, otherwise the older plain text, which
//! a browser shows as well.
//!
//! Invariant: both have the same series with the same names and values; they differ in what they say of them.

use std::fmt::Write as _;

use actix_web::http::header::HeaderMap;

/// A form of the metrics.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    OpenMetrics,
    PlainText,
}

impl Format {
    /// The form that a request asks for.
    pub(crate) fn asked_for(headers: &HeaderMap) -> Self {
        let accept = headers.get("Accept").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let names = |wanted: &str| accept.split(',').any(|one| one.trim().starts_with(wanted));
        if names("application/openmetrics-text") { Self::OpenMetrics } else { Self::PlainText }
    }

    /// Its content type.
    pub(crate) fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::PlainText => "text/plain; version=0.0.4; charset=utf-8",
        }
    }

    /// OpenMetrics text in this form.
    pub(crate) fn of(self, open_metrics: String) -> String {
        match self {
            Self::OpenMetrics => open_metrics,
            Self::PlainText => plain_text(&open_metrics),
        }
    }
}

/// Plain text describes a counter by the name of its series, which ends in `_total`, and knows no infos, units or mark of the end.
fn plain_text(open_metrics: &str) -> String {
    let mut written = String::with_capacity(open_metrics.len());
    let mut help = "";
    for line in open_metrics.lines() {
        let mut words = line.splitn(4, ' ');
        let _ = match (words.next(), words.next(), words.next(), words.next()) {
            (Some("#"), Some("HELP"), ..) => {
                help = line;
                Ok(())
            }
            (Some("#"), Some("TYPE"), Some(name), Some(kind)) => {
                let (suffix, kind) = match kind {
                    "counter" => ("_total", kind),
                    "info" => ("_info", "gauge"),
                    _as_it_is => ("", kind),
                };
                let told = help.strip_prefix("# HELP ").and_then(|told| told.strip_prefix(name)).unwrap_or_default();
                writeln!(written, "# HELP {name}{suffix}{told}\n# TYPE {name}{suffix} {kind}")
            }
            (Some("#"), ..) => Ok(()),
            _series => writeln!(written, "{line}"),
        };
    }
    written
}

#[cfg(test)]
mod tests {
    use actix_web::{http::header::ACCEPT, test::TestRequest};

    use super::*;

    #[test]
    fn the_form_is_the_one_that_is_asked_for() {
        let asked = |accept: Option<&str>| {
            let request = TestRequest::default();
            let request = accept.into_iter().fold(request, |request, accept| request.insert_header((ACCEPT, accept)));
            Format::asked_for(request.to_http_request().headers())
        };
        let prometheus = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3,*/*;q=0.1";
        assert_eq!(asked(Some(prometheus)), Format::OpenMetrics);
        for other in [None, Some("*/*"), Some("text/plain"), Some("text/html,application/xhtml+xml")] {
            assert_eq!(asked(other), Format::PlainText, "{other:?}");
        }
    }

    #[test]
    fn plain_text_has_the_same_series_and_describes_them_by_their_own_names() {
        let open_metrics = "# HELP built What.\n# TYPE built info\nbuilt_info{version=\"1\"} 1\n# HELP asked Requests.\n# TYPE asked counter\nasked_total{route=\"/a b\"} 3\n\
             # HELP took_seconds How long.\n# TYPE took_seconds histogram\n# UNIT took_seconds seconds\ntook_seconds_sum 1.5\n# EOF\n";
        let plain = "# HELP built_info What.\n# TYPE built_info gauge\nbuilt_info{version=\"1\"} 1\n# HELP asked_total Requests.\n# TYPE asked_total counter\nasked_total{route=\"/a b\"} 3\n\
             # HELP took_seconds How long.\n# TYPE took_seconds histogram\ntook_seconds_sum 1.5\n";
        assert_eq!(Format::PlainText.of(open_metrics.to_owned()), plain);
        assert_eq!(Format::OpenMetrics.of(open_metrics.to_owned()), open_metrics);
    }
}
