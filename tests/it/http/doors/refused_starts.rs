//! Invalid middleware settings: the start is refused with the setting and the expected value.

use tests::desk::{Desk, Setup};

fn refused(environment: &[(&'static str, &str)]) -> String {
    let environment = environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let (code, said) = Desk::start_refused(Setup { environment, ..Setup::default() });
    assert_eq!(code, Some(2), "{said}");
    said
}

#[test]
fn start_with_a_wildcard_origin_is_refused() {
    for setting in ["DESK_ALLOWED_ORIGINS", "DESK_WIDGET_ORIGINS"] {
        for value in ["*", "https://shop.example,*", "https://*.shop.example"] {
            let said = refused(&[(setting, value)]);
            let key = setting.trim_start_matches("DESK_").to_lowercase();
            assert!(said.contains(&format!("setting {key} (environment {setting}) must be origins like")), "{said}");
            assert!(said.contains("no *: cookies are sent along"), "{said}");
        }
    }
}

#[test]
fn start_with_an_invalid_setting_names_valid_values() {
    for (name, value, expected) in [
        ("DESK_ALLOWED_ORIGINS", "https://shop.example/page", "setting allowed_origins"),
        ("DESK_FRAME_ANCESTORS", "*", "must be self, none, or origins"),
        ("DESK_FRAME_ANCESTORS", "self; script-src *", "setting frame_ancestors"),
        ("DESK_TRUSTED_PROXIES", "10.0.0.0/40", "must be addresses or networks like 10.0.0.0/8"),
        ("DESK_CHAT_RATE_PER_MINUTE", "many", "must be a number of messages"),
        ("DESK_RATE_PER_SECOND", "-1", "must be a number of requests"),
        ("DESK_REDIRECT_LISTEN", "80", "must be an address like 0.0.0.0:80"),
        ("DESK_REDIRECT_LISTEN", "127.0.0.1:0", "must be unset without tls_cert_file"),
        ("DESK_TLS_CERT_FILE", "cert.pem", "setting tls_key_file (default) must be set together with tls_cert_file"),
        ("DESK_TLS_KEY_FILE", "key.pem", "setting tls_cert_file (default) must be set together with tls_key_file"),
        ("DESK_TLS_CERTFILE", "cert.pem", "did you mean tls_cert_file?"),
    ] {
        let said = refused(&[(name, value)]);
        assert!(said.contains(expected), "{name}={value}: {said}");
    }
}
