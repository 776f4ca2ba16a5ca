//! `/api/faq`: what the shop answers from, a question tried on it, and what is wrong with its files.
//!
//! Invariant: a question that is tried is answered as a customer's would be, recorded nowhere and told to nobody but the server of
//! vectors, where one is set.

use actix_web::{HttpResponse, web::Data};
use domain::{Language, text::MessageText};
use integrations::{
    Faq,
    faq::{Found, Hit, Topic},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::require::{Require, SettingsRead},
    body::{
        JsonBody,
        field::{optional, required},
    },
    openapi::{texts, words},
    problem::Problem,
    query::QueryFields,
};

/// The entries in use.
#[derive(Serialize, ToSchema)]
pub struct FaqAnswer {
    success: bool,
    /// In the order of the files.
    data: Vec<FaqEntryData>,
}

/// An entry.
#[derive(Serialize, ToSchema)]
pub struct FaqEntryData {
    /// Its key, the same in all languages.
    id: String,
    /// Its first question, in the language that was asked for or in the first that it has.
    title: String,
    #[schema(value_type = Vec<words::Language>)]
    languages: Vec<&'static str>,
    /// In all its languages.
    questions: Vec<String>,
    file: String,
    /// Where it stands in its file.
    line: usize,
}

impl From<Topic> for FaqEntryData {
    fn from(topic: Topic) -> Self {
        let Topic { key: id, title, languages, questions, file, line } = topic;
        Self { id, title, languages: languages.into_iter().map(Language::as_str).collect(), questions, file, line }
    }
}

/// Lists the entries that the FAQ answers from.
///
/// With their titles in one language. No event is recorded.
///
/// # Errors
/// The caller may not, or the language is none.
#[utoipa::path(
    get, path = "/api/faq", operation_id = "list_faq", tag = "rules", security(("bearer" = [])),
    params(("language" = Option<words::Language>, Query, description = "Of the titles; by default zh")),
    responses(
        (status = 200, body = FaqAnswer),
    )
)]
pub async fn list(_: Require<SettingsRead>, faq: Data<Faq>, query: QueryFields) -> Result<HttpResponse, Problem> {
    let topics = faq.topics(query.language("language")?.unwrap_or_default());
    let data = topics.into_iter().map(FaqEntryData::from).collect();
    Ok(HttpResponse::Ok().json(FaqAnswer { success: true, data }))
}

/// A question that a customer might ask.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FaqTestRequest {
    /// It.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::Text)]
    question: MessageText,
    /// The customer's language; told by the question unless given.
    #[serde(default, deserialize_with = "optional")]
    #[schema(value_type = Option<words::Language>)]
    language: Option<Language>,
}

/// What the FAQ has for it.
#[derive(Serialize, ToSchema)]
pub struct FaqTestAnswer {
    success: bool,
    data: FaqTestData,
}

/// What the FAQ has for it.
#[derive(Serialize, ToSchema)]
pub struct FaqTestData {
    /// sure: the entry answers; choices: the customer is asked which is meant; none: it does not know.
    #[schema(value_type = words::FaqOutcome)]
    outcome: &'static str,
    /// The best first.
    entries: Vec<FaqHitData>,
}

/// An entry that was found.
#[derive(Serialize, ToSchema)]
pub struct FaqHitData {
    id: String,
    /// A question that finds exactly this entry.
    title: String,
    /// 0 to 1: how sure the FAQ is of the best of them.
    score: f32,
    /// Markdown, as the customer would be answered.
    answer: String,
}

impl From<&Hit> for FaqHitData {
    fn from(hit: &Hit) -> Self {
        let Hit { key, question, answer, confidence, .. } = hit;
        Self { id: key.clone(), title: question.clone(), score: *confidence, answer: answer.clone() }
    }
}

/// Tries a question on the FAQ, as a customer would ask it.
///
/// Answers what the FAQ would say, and how sure it is. No event is recorded, however often it is repeated.
///
/// # Errors
/// The question is not taken, or the caller may not.
#[utoipa::path(
    post, path = "/api/faq/test", operation_id = "test_faq", tag = "rules", security(("bearer" = [])),
    request_body = FaqTestRequest,
    responses(
        (status = 200, body = FaqTestAnswer),
    )
)]
pub async fn test(
    _: Require<SettingsRead>,
    faq: Data<Faq>,
    body: JsonBody<FaqTestRequest>,
) -> Result<HttpResponse, Problem> {
    let FaqTestRequest { question, language } = body.0;
    let language = language.unwrap_or_else(|| Language::decide(question.as_str(), None, None));
    let found = faq.ask(question.as_str(), language).await;
    let outcome = match &found {
        Found::Sure(_) => "sure",
        Found::Unsure(_) => "choices",
        Found::Nothing => "none",
    };
    let data = FaqTestData { outcome, entries: found.hits().iter().map(FaqHitData::from).collect() };
    Ok(HttpResponse::Ok().json(FaqTestAnswer { success: true, data }))
}

/// What is wrong with the files.
#[derive(Serialize, ToSchema)]
pub struct FaqFaultsAnswer {
    success: bool,
    /// Each with file and line, and what to do; empty where the files are in use as they are.
    data: Vec<String>,
}

/// Lists why the FAQ's files as they are now are not in use.
///
/// Meanwhile the last good entries answer. No event is recorded.
///
/// # Errors
/// The caller may not.
#[utoipa::path(
    get, path = "/api/faq/faults", operation_id = "list_faq_faults", tag = "rules", security(("bearer" = [])),
    responses(
        (status = 200, body = FaqFaultsAnswer),
    )
)]
pub async fn faults(_: Require<SettingsRead>, faq: Data<Faq>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(FaqFaultsAnswer { success: true, data: faq.health().faults }))
}
