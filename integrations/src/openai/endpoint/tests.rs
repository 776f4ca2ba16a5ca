//! Addresses and keys, and the settings that are refused by name.

use super::*;

fn url(base: &str) -> Result<String, String> {
    let mut config = OpenAiConfig::new(base, "gpt-4o mini");
    config.allow_http = base.starts_with("http://ollama");
    address(&config).map(Into::into).map_err(|error| error.to_string())
}

#[test]
fn the_address_is_the_base_and_the_contracts_path() {
    let addresses = [
        ("https://api.openai.com/v1", "https://api.openai.com/v1/chat/completions"),
        (" https://api.deepseek.com/ \n", "https://api.deepseek.com/chat/completions"),
        (
            "https://dashscope.aliyuncs.com/compatible-mode/v1/",
            "https://dashscope.aliyuncs.com/compatible-mode/v1/chat/completions",
        ),
        ("http://localhost:11434/v1", "http://localhost:11434/v1/chat/completions"),
        ("http://127.0.0.2:8000/v1", "http://127.0.0.2:8000/v1/chat/completions"),
        ("http://[::1]:8080", "http://[::1]:8080/chat/completions"),
        ("http://ollama:11434/v1", "http://ollama:11434/v1/chat/completions"),
    ];
    for (base, address) in addresses {
        assert_eq!(url(base).as_deref(), Ok(address));
    }
}

#[test]
fn azure_has_its_own_address_and_header() {
    let mut config = OpenAiConfig::new("https://shop.openai.azure.com", "my model");
    config.azure_api_version = Some("2024-10-21".to_owned());
    config.api_key = Some("key-of-azure".parse().unwrap());
    let expected =
        "https://shop.openai.azure.com/openai/deployments/my%20model/chat/completions?api-version=2024-10-21";
    assert_eq!(address(&config).unwrap().as_str(), expected);
    let sent = headers(&config).unwrap();
    assert_eq!(sent.get("api-key").unwrap(), "key-of-azure");
    assert!(sent.get("authorization").is_none() && sent["api-key"].is_sensitive());
    config.azure_api_version = None;
    assert_eq!(headers(&config).unwrap().get("authorization").unwrap(), "Bearer key-of-azure");
}

#[test]
fn an_address_that_cannot_be_used_is_refused_with_the_settings_name() {
    let refused = [
        ("", "openai_base_url must be a URL"),
        ("api.openai.com/v1", "openai_base_url must be a URL"),
        ("ftp://example.com", "openai_base_url must be a URL"),
        ("http://example.com/v1", "openai_base_url must be https"),
        ("http://localhost.example.com/v1", "openai_base_url must be https"),
        ("https://me:secret@example.com/v1", "openai_base_url must not hold user or password"),
        ("https://example.com/v1?key=secret", "openai_base_url must not have a query"),
        ("https://example.com/v1/chat/completions/", "openai_base_url must end before"),
    ];
    for (base, error) in refused {
        let refusal = url(base).unwrap_err();
        assert!(refusal.starts_with(error) && !refusal.contains("secret"), "{base}: {refusal}");
    }
}

#[test]
fn other_settings_that_cannot_be_used_are_refused_by_name() {
    let refusal = |change: fn(&mut OpenAiConfig)| {
        let mut config = OpenAiConfig::new("https://example.com/v1", "m");
        change(&mut config);
        config.check().and_then(|()| address(&config).map(|_| ())).unwrap_err().to_string()
    };
    assert!(refusal(|config| config.model = " ".to_owned()).starts_with("openai_model "));
    assert!(refusal(|config| config.temperature = Some(f64::NAN)).starts_with("openai_temperature "));
    assert!(refusal(|config| config.temperature = Some(2.1)).starts_with("openai_temperature "));
    assert!(refusal(|config| config.max_tokens = Some(0)).starts_with("openai_max_tokens "));
    assert!(
        refusal(|config| config.connect_timeout = std::time::Duration::ZERO).starts_with("assistant_connect_seconds ")
    );
    assert!(refusal(|config| config.azure_api_version = Some(String::new())).starts_with("openai_azure_api_version "));
    assert_eq!(
        refusal(|config| config.extra_body = r#"{"seed": 1, "messages": []}"#.parse().unwrap()),
        "openai_extra_body must not set \"messages\""
    );
    for key in ["", " \n", "two words", "schlüssel", "a\0b"] {
        assert!(key.parse::<ApiKey>().unwrap_err().to_string().starts_with("openai_api_key "), "{key:?}");
    }
}

#[test]
fn a_key_is_not_shown() {
    let mut config = OpenAiConfig::new("https://example.com/v1", "m");
    config.api_key = Some(" sk-very-secret\n".parse().unwrap());
    assert!(!format!("{config:?} {:?}", headers(&config).unwrap()).contains("secret"));
    assert_eq!(config.api_key.unwrap().reveal(), "sk-very-secret");
}
