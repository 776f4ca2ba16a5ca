//! The table of all settings.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// In the TOML file; `DESK_` and upper case make the environment's name.
    pub key: &'static str,
    /// What the original system called it, if it had it.
    pub original: Option<&'static str>,
    /// Used when nobody says otherwise; absent means unset.
    pub default: Option<&'static str>,
    /// Never printed.
    pub secret: bool,
    /// For the page.
    pub about: &'static str,
}

const fn setting(key: &'static str, default: Option<&'static str>, about: &'static str) -> Setting {
    Setting { key, original: None, default, secret: false, about }
}

const fn original(setting: Setting, name: &'static str) -> Setting {
    Setting { original: Some(name), ..setting }
}

const fn secret(setting: Setting) -> Setting {
    Setting { secret: true, ..setting }
}

/// All of them, in the page's order.
pub const SETTINGS: &[Setting] = &[
    setting(
        "listen",
        Some("127.0.0.1:8080"),
        "Address and port to listen on. The original's `HOST` and `PORT` are understood as well.",
    ),
    setting(
        "data_dir",
        Some("./data"),
        "Folder for everything this node keeps: databases (SQLite), generated secrets, the lock. One running `desk` per folder.",
    ),
    secret(setting(
        "database_url",
        None,
        "`postgres://…` to keep views, policies, vault and, unless `event_store_url` says otherwise, the log in PostgreSQL 15 or newer. Unset: SQLite files in `data_dir`.",
    )),
    secret(setting(
        "database_owner_url",
        None,
        "The same database as the role that owns the tables and migrates them (`desk_owner`). Then `database_url` names a role that may only do what a running `desk` needs (`desk_app`).",
    )),
    secret(setting(
        "event_store_url",
        None,
        "The log, where it has a place of its own: `kurrentdb://…` (also `kurrentdb+discover://`, `esdb://`, `esdb+discover://`) for KurrentDB, beside which `database_url` holds the rest, or SQLite on a single node; or `postgres://…` for another PostgreSQL database than `database_url`. Unset: with the rest. `docs/kurrentdb.md`, `docs/copy-log.md`.",
    )),
    secret(setting(
        "event_store_owner_url",
        None,
        "For a log in a PostgreSQL database of its own: the role that owns its tables and migrates them, as `database_owner_url` is for the rest.",
    )),
    setting(
        "event_store_credentials_file",
        None,
        "For a log in KurrentDB: file with user and password, on two lines or as `user:password` on one; readable by its owner only. Unset: what the URL says, or nobody.",
    ),
    secret(setting(
        "vault_url",
        None,
        "`postgres://…` of the vault, when it is kept apart from the log, as its backups should be. Unset: beside views and policies.",
    )),
    setting(
        "master_key_file",
        None,
        "File with 64 hexadecimal digits: the master key that wraps all data keys. With SQLite `master-key` is made in `data_dir` when unset; PostgreSQL requires it. Losing it loses all personal data.",
    ),
    setting(
        "checkpoint_dir",
        None,
        "Folder for checkpoints: signed notes of what the log was, against which `desk-replay verify --checkpoint` finds any change. Best on another disk or machine than the log, out of reach of whoever can write the log. Unset: `checkpoints` in `data_dir`. Each node needs its own.",
    ),
    setting(
        "checkpoint_key_file",
        None,
        "File with the key that signs checkpoints; made at the first start (mode 0600) if it is not there. `desk keys` prints its public half. Unset: `checkpoint-key` in `data_dir`.",
    ),
    setting(
        "token_key_file",
        None,
        "File with keys that sign the tokens of visitors and staff, each 64 hexadecimal digits on a line of its own: the first signs, all are taken. To change it, put a new line in front, restart all nodes, and take the old line out when its tokens have ended (180 days for visitors). Unset: `token-key` is made in `data_dir`. Several nodes need the same one.",
    ),
    secret(setting(
        "admin_password",
        None,
        "Password of the account `admin`, which the first start makes; used then only, best given as `DESK_ADMIN_PASSWORD`. Unset: one is made up, written to `admin-password` in `data_dir`, and has to be changed at the first sign-in.",
    )),
    setting(
        "second_factor_roles",
        Some(""),
        "Roles, with commas between them, whose members have to set up a second factor before they do anything else, for example `admin,auditor`. Anybody may have one.",
    ),
    setting(
        "identity_audience",
        Some("fiido-desk"),
        "The `aud` that the shop's identity tokens must have: another one for each desk that the shop runs.",
    ),
    setting(
        "identity_keys_file",
        None,
        "File with a JWK set: the keys that the shop signs identity tokens with, each with `kid` and `alg` (HS256, RS256 or EdDSA). Not readable by everybody (mode 640 or less). Read at the start. Unset: no such token is taken. `docs/migrate.md` shows how.",
    ),
    setting(
        "compat_legacy_sessions",
        Some("false"),
        "For clients of the original system: a caller without a visitor token acts in the session that it names, if the name has at least 20 characters. Whoever knows such a name can read and write in its session.",
    ),
    setting(
        "node_id",
        None,
        "This node's name among those that share a database. Unset: made once and kept in `data_dir`.",
    ),
    setting(
        "faq_dir",
        None,
        "Folder of Markdown that the FAQ assistant answers from; edits take effect while it runs. Unset: `faq` in `data_dir`, filled at the first start with the entries that come with the program.",
    ),
    setting("assistant_limit_seconds", Some("120"), "The longest one attempt of the assistant may take."),
    original(setting("time_zone", Some("Asia/Shanghai"), "The shop's time zone: where its day begins."), "TIMEZONE"),
    original(setting("bot_name", Some("Fiido 客服"), "The assistant's name, shown to customers."), "COZE_BOT_NAME"),
    original(setting("bot_description", Some("Fiido 智能客服助手"), "One line about it."), "COZE_BOT_DESCRIPTION"),
    original(setting("bot_icon_url", Some("/page/favicon.svg"), "Its picture."), "COZE_BOT_ICON_URL"),
    original(
        setting(
            "bot_welcome",
            Some("您好！我是Fiido智能客服助手,很高兴为您服务。请问有什么可以帮助您的？"),
            "Its first words.",
        ),
        "COZE_BOT_WELCOME",
    ),
    original(
        setting("workflow_id", Some("faq"), "Answered as `workflowId` by `/api/config`, for old clients."),
        "COZE_WORKFLOW_ID",
    ),
    original(
        setting("app_id", Some("fiido-desk"), "Answered as `appId` by `/api/config`, for old clients."),
        "COZE_APP_ID",
    ),
    setting(
        "allowed_origins",
        Some(""),
        "Origins of pages elsewhere that may call the API (CORS), with cookies: `https://shop.example,https://www.shop.example`. Empty: only pages of this server.",
    ),
    setting(
        "widget_origins",
        Some(""),
        "Origins of pages that the customers' widget stands in. They may call the API like `allowed_origins`, and over TLS the visitor's cookie is set for them as a third party's (`SameSite=None; Secure; Partitioned`).",
    ),
    setting(
        "frame_ancestors",
        Some("self"),
        "Who may show pages of this server in a frame: `self`, `none`, or origins like `https://shop.example` or `https://*.shop.example`, with commas between them.",
    ),
    setting(
        "trusted_proxies",
        Some(""),
        "Addresses or networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For`, `X-Forwarded-Proto` and `X-Forwarded-Host`, or `Forwarded`, are believed. The client is the right-most address that is none of them. Where the two headers differ, neither counts.",
    ),
    setting(
        "chat_rate_per_minute",
        Some("20"),
        "Messages a minute per visitor and per address, of which 10 may come at once; 0 for no limit. Each node counts for itself.",
    ),
    setting(
        "rate_per_second",
        Some("100"),
        "Requests a second per address, or per account when signed in; 0 for no limit. Each node counts for itself.",
    ),
    setting(
        "tls_cert_file",
        None,
        "PEM file with the certificate, and those between it and the root, for TLS in the server itself. When the files change they are taken up within seconds, without a restart.",
    ),
    setting("tls_key_file", None, "PEM file with the certificate's private key."),
    setting(
        "redirect_listen",
        None,
        "Address and port, like `0.0.0.0:80`, on which plain HTTP is told to come back by https to the port of `listen`. Needs `tls_cert_file`.",
    ),
    setting("dev", Some("false"), "For a developer's own machine: logs for people instead of JSON."),
];
