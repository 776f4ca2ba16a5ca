//! `/docs/`: the OpenAPI document for people. A page of ours around RapiDoc, one pinned file (`api/docs/README.md`).
//!
//! Invariant: the viewer is sent as it was published, in whatever encoding the client accepts, and is cached for good under a
//! name that has its version.

use std::{io::Read as _, sync::LazyLock};

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{
        AcceptEncoding, CACHE_CONTROL, CONTENT_ENCODING, ETAG, Encoding, EntityTag, Header as _, IfNoneMatch, VARY,
    },
    web::{Bytes, Path},
};
use flate2::read::GzDecoder;

use crate::{auth::require::Anybody, problem::Problem};

const VIEWER: &str = "rapidoc-9.3.8.js";
const VIEWER_BROTLI: &[u8] = include_bytes!("../../../docs/rapidoc-9.3.8.js.br");
const VIEWER_GZIP: &[u8] = include_bytes!("../../../docs/rapidoc-9.3.8.js.gz");
/// Of the unpacked file.
const VIEWER_SHA256: &str = "affbd173a65e870e18f392cca963113bcdafb6e50e88cd2f6a834a65b22db94d";
/// For the rare client that accepts no compression: unpacked at the first such request, and kept.
static VIEWER_PLAIN: LazyLock<Bytes> = LazyLock::new(|| {
    let mut plain = Vec::new();
    GzDecoder::new(VIEWER_GZIP).read_to_end(&mut plain).expect("the file is gzip, as a test checks");
    plain.into()
});

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// One file of the page.
pub(in crate::routes) async fn file(
    _: Anybody,
    request: HttpRequest,
    name: Path<String>,
) -> Result<HttpResponse, Problem> {
    match name.as_str() {
        "" => Ok(small_file(HTML, include_str!("../../../docs/index.html"))),
        "styles.js" => Ok(small_file(JAVASCRIPT, include_str!("../../../docs/styles.js"))),
        VIEWER => Ok(viewer(&request)),
        _ => Err(Problem::not_found("there is no such file")),
    }
}

fn small_file(content_type: &'static str, text: &'static str) -> HttpResponse {
    HttpResponse::Ok().content_type(content_type).insert_header((CACHE_CONTROL, "no-cache")).body(text)
}

fn viewer(request: &HttpRequest) -> HttpResponse {
    // Weak, for it is the same in every encoding.
    let tag = EntityTag::new_weak(VIEWER_SHA256.to_owned());
    let is_current = has_current(request, &tag);
    let mut response = if is_current { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response
        .insert_header((CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((ETAG, tag.to_string()));
    if is_current {
        return response.finish();
    }
    let (encoding, body) = encoded(request);
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    response.content_type(JAVASCRIPT).body(body)
}

/// The smallest form that the client accepts.
fn encoded(request: &HttpRequest) -> (Option<&'static str>, Bytes) {
    let accepted = AcceptEncoding::parse(request).ok();
    let negotiate = |encoding: &Encoding| accepted.as_ref()?.negotiate(std::iter::once(encoding));
    let accepts = |encoding: Encoding| negotiate(&encoding).is_some_and(|chosen| chosen == encoding);
    if accepts(Encoding::brotli()) {
        (Some("br"), Bytes::from_static(VIEWER_BROTLI))
    } else if accepts(Encoding::gzip()) {
        (Some("gzip"), Bytes::from_static(VIEWER_GZIP))
    } else {
        (None, VIEWER_PLAIN.clone())
    }
}

/// Whether the client has what this tag stands for.
pub(in crate::routes) fn has_current(request: &HttpRequest, tag: &EntityTag) -> bool {
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(known)) => known.iter().any(|known| known.weak_eq(tag)),
        Err(_absent_or_malformed) => false,
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    #[test]
    fn the_viewer_unpacks_to_the_file_that_was_published() {
        assert_eq!(hex::encode(Sha256::digest(&*VIEWER_PLAIN)), VIEWER_SHA256);
    }

    #[test]
    fn the_page_names_the_viewer_that_is_served() {
        assert!(include_str!("../../../docs/index.html").contains(&format!("src=\"{VIEWER}\"")));
        assert!(include_str!("../../../docs/README.md").contains(VIEWER_SHA256));
    }
}
