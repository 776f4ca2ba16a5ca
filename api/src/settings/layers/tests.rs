//! What wins over what, what is passed over, and what is told.

use std::os::unix::ffi::OsStringExt as _;

use super::*;
use crate::settings::Settings;

fn environment(variables: &[(&str, &str)]) -> Layers {
    let mut layers = Layers::default();
    layers.environment(variables.iter().map(|(name, value)| ((*name).into(), (*value).into())));
    layers
}

fn refused(layers: &Layers) -> String {
    Settings::parse(layers).err().map(|error| error.to_string()).unwrap_or_default()
}

#[test]
fn flags_win_over_environment_and_ours_over_the_originals() {
    let mut layers = environment(&[("PORT", "8000"), ("DESK_LISTEN", "127.0.0.1:1"), ("TIMEZONE", "UTC")]);
    assert_eq!(layers.get("listen"), Some("127.0.0.1:1"));
    assert_eq!(layers.get("time_zone"), Some("UTC"));
    layers.flag("listen", Some("127.0.0.1:2".to_owned()));
    assert_eq!(layers.get("listen"), Some("127.0.0.1:2"));
    assert_eq!(layers.source("listen"), Some(&Source::Flag("--listen".to_owned())));
}

#[test]
fn an_unknown_setting_is_refused_with_the_nearest_where_one_is_near() {
    let expected = "unknown setting listenn (environment DESK_LISTENN); did you mean listen?";
    assert_eq!(refused(&environment(&[("DESK_LISTENN", "x")])), expected);
    let expected = "unknown setting colour (environment DESK_COLOUR); `desk settings` lists all";
    assert_eq!(refused(&environment(&[("DESK_COLOUR", "x")])), expected);
}

#[test]
fn all_faults_are_reported_at_once_by_setting_and_source_and_without_values() {
    let layers = environment(&[
        ("DESK_DATABASE_URL", "mysql://user:hunter2@host"),
        ("DESK_LISTENN", "hunter2"),
        ("TIMEZONE", "hunter2"),
        ("DESK_CLOCK_FILE", "/c"),
        ("DESK_TLS_CERT_FILE", "/c"),
    ]);
    let error = refused(&layers);
    assert!(error.starts_with("5 faults in the settings:\n"), "{error}");
    for named in
        ["listenn", "database_url (environment DESK_DATABASE_URL)", "time_zone", "clock_file", "tls_key_file (default)"]
    {
        assert!(error.contains(named), "{named}: {error}");
    }
    assert!(!error.contains("hunter2"), "{error}");
}

#[test]
fn links_to_services_of_kubernetes_are_passed_over_with_one_line() {
    let layers = environment(&[
        ("DESK_PORT", "tcp://10.0.0.1:8080"),
        ("DESK_PORT_8080_TCP", "tcp://10.0.0.1:8080"),
        ("DESK_PORT_8080_TCP_PROTO", "tcp"),
        ("DESK_SERVICE_HOST", "10.0.0.1"),
        ("DESK_API_SERVICE_HOST", "10.0.0.1"),
        ("DESK_API_SERVICE_PORT_HTTP", "8080"),
        ("SMTP_PORT", "tcp://10.0.0.2:25"),
        ("DESK_SMTP_PORT", "tcp://10.0.0.2:25"),
        ("PORT", "tcp://10.0.0.3:80"),
    ]);
    assert_eq!(refused(&layers), "");
    assert_eq!((layers.get("listen"), layers.get("smtp_port")), (Some("127.0.0.1:8080"), Some("465")));
    let [note] = layers.notes() else { panic!("{:?}", layers.notes()) };
    assert!(note.contains("DESK_PORT (Kubernetes' link to a service)") && note.contains("SMTP_PORT"), "{note}");
    assert!(refused(&environment(&[("DESK_PORT", "8080")])).contains("unknown setting port"));
}

#[test]
fn the_originals_port_opens_nothing_beyond_listen_and_loses_to_it() {
    let listen = |variables: &[(&str, &str)]| environment(variables).get("listen").map(str::to_owned);
    assert_eq!(listen(&[("PORT", "8000")]).as_deref(), Some("127.0.0.1:8000"));
    assert_eq!(listen(&[("HOST", "0.0.0.0"), ("PORT", "8000")]).as_deref(), Some("0.0.0.0:8000"));
    assert_eq!(listen(&[("HOST", "::"), ("PORT", "8000")]).as_deref(), Some("[::]:8000"));
    assert_eq!(listen(&[("HOST", "localhost"), ("PORT", "8000")]).as_deref(), Some("127.0.0.1:8000"));
    assert_eq!(listen(&[("HOST", "x86_64-linux-gnu")]).as_deref(), Some("127.0.0.1:8080"));
    let named = environment(&[("HOST", "my-machine"), ("PORT", "8000")]);
    assert_eq!((refused(&named).as_str(), named.get("listen")), ("", Some("127.0.0.1:8000")));
    assert!(named.notes()[0].contains("HOST (no IP address)"), "{:?}", named.notes());

    let folder = std::env::temp_dir().join(format!("desk-layers-{}", std::process::id()));
    std::fs::write(&folder, "listen = \"127.0.0.1:7000\"").expect("the temporary folder can be written");
    let mut layers = Layers::default();
    layers.file(&folder);
    layers.environment([("HOST".into(), "0.0.0.0".into()), ("PORT".into(), "8000".into())].into_iter());
    std::fs::remove_file(&folder).expect("it is there");
    assert_eq!(layers.get("listen"), Some("127.0.0.1:7000"), "the file is ours");
}

#[test]
fn a_variable_that_is_no_text_is_named_if_it_is_a_setting() {
    let rubbish = || std::ffi::OsString::from_vec(vec![0xff, 0xfe]);
    let mut layers = Layers::default();
    let variables = [("LESSOPEN".into(), rubbish()), (rubbish(), "x".into()), ("DESK_BOT_NAME".into(), rubbish())];
    layers.environment(variables.into_iter());
    assert_eq!(refused(&layers), "environment DESK_BOT_NAME is not UTF-8");
}

#[test]
fn secrets_lose_line_ends_and_a_byte_order_mark() {
    let layers = environment(&[("DESK_ADMIN_PASSWORD", "\u{feff}four words of mine\r\n"), ("DESK_BOT_NAME", "a\n")]);
    assert_eq!(layers.get("admin_password"), Some("four words of mine"));
    assert_eq!(layers.get("bot_name"), Some("a\n"), "what is no secret is as it was written");
}
