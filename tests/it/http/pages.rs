//! Pages for people: the widget's script, the chat alone, and the workbench. Where they were not built before the program, it says
//! how to build them.

use reqwest::{Method, Response};

use super::{desk, problem};

/// What the page says that stands in for them.
const NOT_BUILT: &str = "npm ci &amp;&amp; npm run build";

async fn get(path: &str, header: (&str, &str)) -> Response {
    desk().customer().request(Method::GET, path).header(header.0, header.1).send().await.unwrap()
}

async fn page(path: &str) -> String {
    let answer = get(path, ("Accept", "text/html")).await;
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8", "{path}");
    assert_eq!(answer.headers()["cache-control"], "no-cache", "{path}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn pages_embed_the_widget_or_say_how_to_build_it() {
    let is_built = get("/widget.js", ("Accept", "*/*")).await.status() == 200;
    for path in ["/", "/embed"] {
        let html = page(path).await;
        assert_eq!(html.contains("src=\"/widget.js\""), is_built, "{path}");
        assert_eq!(html.contains(NOT_BUILT), !is_built, "{path}");
    }
}

#[tokio::test]
async fn widget_is_kept_by_browsers_for_minutes_and_known_by_its_tag() {
    let first = get("/widget.js", ("Accept", "*/*")).await;
    if first.status() == 404 {
        problem(first, 404, "NOT_FOUND").await;
        return;
    }
    assert_eq!(first.headers()["content-type"], "text/javascript; charset=utf-8");
    assert!(!first.headers().contains_key("cross-origin-resource-policy"), "pages of other origins load it");
    let tag = first.headers()["etag"].to_str().unwrap().to_owned();
    for (known, status) in [(tag.as_str(), 304), ("\"another\"", 200)] {
        let again = get("/widget.js", ("If-None-Match", known)).await;
        assert_eq!(again.status(), status, "{known}");
        assert!(again.headers()["cache-control"].to_str().unwrap().starts_with("public, max-age=300"));
    }
}

#[tokio::test]
async fn every_path_of_the_workbench_is_its_page_and_its_files_are_kept_for_good() {
    let html = page("/workbench/").await;
    for path in ["/workbench", "/workbench/sessions/some-name", "/workbench/settings/roles.html"] {
        assert_eq!(page(path).await, html, "{path}");
    }
    let own: Vec<&str> = html.split('"').filter(|text| text.starts_with("/workbench/assets/")).collect();
    assert_eq!(own.is_empty(), html.contains(NOT_BUILT));
    for path in own {
        let file = get(path, ("Accept", "*/*")).await;
        assert_eq!(file.status(), 200, "{path}");
        assert_eq!(file.headers()["cache-control"], "public, max-age=31536000, immutable", "{path}");
    }
    problem(get("/workbench/assets/none.js", ("Accept", "*/*")).await, 404, "NOT_FOUND").await;
}
