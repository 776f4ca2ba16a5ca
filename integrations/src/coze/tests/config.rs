//! What cannot be used as settings is refused by the name of the setting.

use super::*;

fn refusal(change: impl FnOnce(&mut CozeConfig)) -> String {
    let mut config = config("https://api.coze.com");
    change(&mut config);
    Coze::new(&config, SetClock::at(0)).err().expect("it cannot be used").to_string()
}

#[tokio::test]
async fn settings_that_can_be_used_are_taken() {
    for base in
        ["https://api.coze.com", "https://api.coze.cn/", "https://coze.shop.example/base", "http://127.0.0.1:8888"]
    {
        Coze::new(&config(base), SetClock::at(0)).expect(base);
    }
    let bot = CozeConfig {
        workflow_id: Some(String::new()),
        app_id: None,
        bot_id: Some(" 7379462189365198898 ".to_owned()),
        auth: CozeAuth::PersonalToken("pat_x\n".to_owned()),
        ..config("https://api.coze.com")
    };
    let coze = Coze::new(&bot, SetClock::at(0)).expect("blank is not set, and blanks around do not count");
    assert!(matches!(&coze.calls.target, Target::Bot { bot_id } if bot_id == "7379462189365198898"));
}

#[test]
fn the_error_names_the_setting() {
    type Change = fn(&mut CozeConfig);
    let cases: [(&str, Change); 15] = [
        ("coze_api_base is no URL", |config| config.api_base = "api.coze.com".to_owned()),
        ("coze_api_base must begin with https://", |config| config.api_base = "http://api.coze.com".to_owned()),
        ("coze_api_base must hold no credentials", |config| config.api_base = "https://a:b@api.coze.com".to_owned()),
        ("coze_api_base must end before ?", |config| config.api_base = "https://api.coze.com?x=1".to_owned()),
        ("coze_api_base is missing", |config| config.api_base = " ".to_owned()),
        ("app_id and coze_bot_id cannot both", |config| config.bot_id = Some("1".to_owned())),
        ("workflow_id needs", |config| config.app_id = None),
        ("app_id needs workflow_id", |config| config.workflow_id = None),
        ("workflow_id or coze_bot_id is missing", |config| (config.workflow_id, config.app_id) = (None, None)),
        ("workflow_id is no id", |config| config.workflow_id = Some("7 4".to_owned())),
        ("coze_token is missing", |config| config.auth = CozeAuth::PersonalToken(String::new())),
        ("coze_token has characters", |config| config.auth = CozeAuth::PersonalToken("schlüssel".to_owned())),
        ("coze_oauth_client_id is missing", |config| {
            config.auth = CozeAuth::OAuthJwt(OAuthApp { client_id: String::new(), ..app() });
        }),
        ("coze_oauth_public_key_id is missing", |config| {
            config.auth = CozeAuth::OAuthJwt(OAuthApp { public_key_id: String::new(), ..app() });
        }),
        ("coze_oauth_private_key is missing", |config| {
            config.auth = CozeAuth::OAuthJwt(OAuthApp { private_key: "\n".to_owned(), ..app() });
        }),
    ];
    for (expected, change) in cases {
        let refusal = refusal(change);
        assert!(refusal.starts_with(expected), "{refusal:?} instead of {expected:?}");
    }
}

#[test]
fn a_key_that_cannot_sign_is_found_at_the_start_and_not_quoted() {
    let truncated: String =
        PRIVATE_KEY.lines().take(5).chain(["-----END PRIVATE KEY-----"]).collect::<Vec<_>>().join("\n");
    let swapped = PRIVATE_KEY.replacen("MII", "MIJ", 1);
    for key in [PUBLIC_KEY, "no key", &truncated, &swapped] {
        let refusal = refusal(|config| {
            config.auth = CozeAuth::OAuthJwt(OAuthApp { private_key: key.to_owned(), ..app() });
        });
        assert_eq!(refusal, "coze_oauth_private_key is no RSA private key in PEM");
    }
}

#[test]
fn a_key_may_have_its_line_ends_spelled() {
    let key = PRIVATE_KEY.replace('\n', "\\n");
    let auth = CozeAuth::OAuthJwt(OAuthApp { private_key: key, ..app() });
    let config = CozeConfig { auth, ..config("https://api.coze.com") };
    Coze::new(&config, SetClock::at(0)).expect("it can be used");
}
