//! A desk behind nginx: with the lines of `docs/proxy.md`, with nothing but `proxy_pass` at another port, and under a path.

use reqwest::{Client, Method, RequestBuilder, Response, header::SET_COOKIE, redirect::Policy};
use serde_json::{Value, json};
use tests::desk::{Desk, Setup};
use tokio::net::TcpStream;

use super::{
    certificate::{Pair, secured},
    nginx::Nginx,
    say, status,
};

const PAGE: &str = include_str!("../../../../../docs/proxy.md");
const UPSTREAM: &str = "http://127.0.0.1:8080";

/// The page's blocks of nginx's lines.
fn blocks() -> impl Iterator<Item = &'static str> {
    PAGE.split("```nginx\n").skip(1).map(|rest| rest.split("```").next().unwrap())
}

fn desk(environment: &[(&'static str, &str)]) -> Desk {
    let environment = environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Desk::start(Setup { environment, ..Setup::default() })
}

fn browser() -> Client {
    tests::http_client::client_builder().redirect(Policy::none()).build().unwrap()
}

/// A browser's request to open a session, of a page at this origin.
fn create(url: &str, origin: &str) -> RequestBuilder {
    let request = browser().post(format!("{url}/api/conversation/create"));
    request.header("Origin", origin).json(&json!({"user_id": "behind"}))
}

fn cookie_of(response: &Response) -> String {
    response.headers()[SET_COOKIE].to_str().unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn the_documented_lines_work_with_tls_in_front() {
    let desk = desk(&[("DESK_TRUSTED_PROXIES", "127.0.0.1")]);
    let pair = Pair::make();
    let nginx = Nginx::start(&[("cert.pem", &pair.cert_pem), ("key.pem", &pair.key_pem)], |port, folder| {
        let folder = folder.display();
        blocks()
            .next()
            .unwrap()
            .replace("listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"))
            .replace("server_name desk.example", "server_name localhost")
            .replace("/etc/ssl/desk.example.pem", &format!("{folder}/cert.pem"))
            .replace("/etc/ssl/desk.example.key", &format!("{folder}/key.pem"))
            .replace(UPSTREAM, &desk.url())
    });
    let port = nginx.port;
    let ask = async |origin: &str, path: &str, body: &str| {
        let tcp = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\nOrigin: {origin}\r\n\
             Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        say(secured(tcp, &pair).await.unwrap(), request.as_bytes()).await
    };
    let own = format!("https://localhost:{port}");
    let answer = ask(&own, "/api/conversation/create", r#"{"user_id": "behind"}"#).await;
    assert_eq!(status(&answer), 200, "{answer}");
    assert!(answer.to_lowercase().contains("strict-transport-security"), "https is known: {answer}");
    assert!(answer.contains("; Secure"), "{answer}");
    let answer = ask(&own, "/api/chat/stream", r#"{"user_id": "behind", "message": "hello"}"#).await;
    assert!(answer.contains(r#""type":"accepted""#) && answer.contains(r#""type":"done""#), "{answer}");
    let answer = ask("https://localhost", "/api/conversation/create", r#"{"user_id": "behind"}"#).await;
    assert_eq!(status(&answer), 403, "another port is another origin: {answer}");
}

#[tokio::test]
async fn plain_proxy_pass_at_another_port_works_for_browsers_that_say_same_origin() {
    let desk = desk(&[]);
    let nginx = Nginx::start(&[], |port, _| {
        format!("server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {}; }} }}", desk.url())
    });
    let url = format!("http://127.0.0.1:{}", nginx.port);
    let answer = create(&url, &url).header("Sec-Fetch-Site", "same-origin").send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let cookie = cookie_of(&answer);

    let stream = browser().post(format!("{url}/api/chat/stream")).header("Origin", &url).header("Cookie", &cookie);
    let stream = stream.header("Sec-Fetch-Site", "same-origin").json(&json!({"user_id": "behind", "message": "hello"}));
    let text = stream.send().await.unwrap().text().await.unwrap();
    assert!(text.starts_with("data: {") && text.contains(r#""type":"done""#), "over HTTP/1.0: {text}");

    let older = create(&url, &url).header("Cookie", &cookie).send().await.unwrap();
    assert_eq!(older.status(), 403, "a browser that does not say so");
    let log = desk.log_with("docs/proxy.md");
    let line = log.lines().find(|line| line.contains("docs/proxy.md")).unwrap();
    let own = desk.url();
    assert!(line.contains(&url) && line.contains(own.strip_prefix("http://").unwrap()), "both values: {line}");
}

#[tokio::test]
async fn a_forwarded_port_completes_a_host_without_one() {
    let desk = desk(&[("DESK_TRUSTED_PROXIES", "127.0.0.1")]);
    let nginx = Nginx::start(&[], |port, _| {
        let lines = "proxy_set_header Host $host; proxy_set_header X-Forwarded-Port $server_port;";
        format!("server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass {}; {lines} }} }}", desk.url())
    });
    let url = format!("http://127.0.0.1:{}", nginx.port);
    assert_eq!(create(&url, &url).send().await.unwrap().status(), 200);
    assert_eq!(create(&url, "http://127.0.0.1:1").send().await.unwrap().status(), 403);
}

/// Everything that the desk's pages name and lead to is below the path, and is there.
async fn is_whole_under(url: &str, path: &str) {
    let get = async |path: &str| {
        let request = browser().request(Method::GET, format!("{url}{path}")).header("Accept", "text/html");
        request.send().await.unwrap()
    };
    let bare = get(path).await;
    assert_eq!((bare.status().as_u16(), bare.headers()["location"].to_str().unwrap()), (308, &*format!("{path}/")));
    for page in ["/", "/embed", "/workbench/", "/workbench/inbox/some", "/docs/"] {
        let html = get(&format!("{path}{page}")).await;
        assert_eq!(html.status(), 200, "{page}");
        let html = html.text().await.unwrap();
        let named: Vec<&str> = html.split('"').filter(|text| text.starts_with('/')).collect();
        assert!(!named.is_empty(), "{page}");
        for address in named {
            assert!(address.starts_with(&format!("{path}/")), "{page} names {address}");
            let found = get(address).await;
            let status = found.status().as_u16();
            assert!(matches!(status, 200 | 307), "{page} names {address}: {status}");
        }
    }
    for folder in ["/workbench", "/docs"] {
        let answer = browser().get(format!("{url}{path}{folder}")).send().await.unwrap();
        let location = answer.headers()["location"].to_str().unwrap();
        let led = answer.url().join(location).unwrap();
        assert_eq!(led.path(), format!("{path}{folder}/"));
    }
    let document: Value = get(&format!("{path}/openapi.json")).await.json().await.unwrap();
    let public = format!("https://shop.example{path}");
    assert_eq!(document["servers"], json!([{"url": path}, {"url": public}]));
    let slash = browser().get(format!("{url}{path}/api/config/")).send().await.unwrap();
    let led = slash.url().join(slash.headers()["location"].to_str().unwrap()).unwrap();
    assert_eq!((slash.status().as_u16(), led.path()), (308, &*format!("{path}/api/config")));
    assert_eq!(create(&format!("{url}{path}"), url).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_desk_under_a_path_is_whole_whether_the_proxy_takes_the_path_off_or_not() {
    let settings = [("DESK_TRUSTED_PROXIES", "127.0.0.1"), ("DESK_BASE_PATH", "/desk")];
    let desk = desk(&[&settings[..], &[("DESK_PUBLIC_ORIGIN", "https://Shop.example:443")]].concat());
    let documented = blocks().nth(1).unwrap().replace(UPSTREAM, &desk.url());
    let cut = documented.replace("location /desk", "location /desk/").replace(&desk.url(), &format!("{}/", desk.url()));
    for location in [documented, format!("{cut} location = /desk {{ return 308 /desk/; }} absolute_redirect off;")] {
        let nginx = Nginx::start(&[], |port, _| format!("server {{ listen 127.0.0.1:{port};\n{location}\n}}"));
        is_whole_under(&format!("http://127.0.0.1:{}", nginx.port), "/desk").await;
    }
}
