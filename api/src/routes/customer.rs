//! `/api/customer`: shows who the visitor is, identifies it by the shop's token, and signs it out.
//!
//! Invariant: a visitor's identity comes from the shop's signed token alone, never from a field that the caller fills.

use actix_web::{HttpResponse, web::Data};
use commands::{Customers, customers::Identify};
use domain::{
    VisitorId,
    customer::{Customer, event::Profile},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    auth::{
        identity::{GoodToken, IdentityTokens},
        require::{KnownVisitor, TokenHolder},
        visitor::Visitors,
    },
    body::{JsonBody, field::required},
    openapi::texts,
    problem::Problem,
    request::request_id,
};

/// The shop's word.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct IdentifyRequest {
    /// A JWT that the shop has signed for this sign-in: at most 8,192 bytes.
    #[serde(deserialize_with = "required")]
    #[schema(value_type = texts::IdentityToken)]
    identity_token: String,
}

/// Nothing is to be said.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOutRequest {}

/// Who the visitor is.
#[derive(Serialize, ToSchema)]
pub struct CustomerAnswer {
    success: bool,
    data: CustomerData,
    /// Where that is recorded; 0 where nothing is.
    position: u64,
}

/// What the shop has said of the visitor.
#[derive(Default, Serialize, ToSchema)]
pub struct CustomerData {
    /// Whether it has said anything.
    is_identified: bool,
    /// What the customer is called.
    name: Option<String>,
    /// Where mail goes.
    email: Option<String>,
    /// Whether the shop counts the customer among its best.
    vip: bool,
}

impl CustomerData {
    fn of(customer: &Customer) -> Self {
        let (name, email) = match &customer.profile {
            Some(Profile { name, email, .. }) => (name.as_ref(), email.as_ref()),
            None => (None, None),
        };
        Self {
            is_identified: true,
            name: name.map(|name| name.as_str().to_owned()),
            email: email.map(|email| email.as_str().to_owned()),
            vip: customer.vip,
        }
    }

    fn answer(self, position: u64) -> HttpResponse {
        HttpResponse::Ok().json(CustomerAnswer { success: true, data: self, position })
    }
}

/// Shows to visitors who they are.
///
/// Whether the visitor is a customer that the shop has named, and what the shop said of it. No event is recorded.
///
/// # Errors
/// The token is not good, the log is away.
#[utoipa::path(
    get, path = "/api/customer", operation_id = "show_customer", tag = "customers",
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    responses(
        (status = 200, body = CustomerAnswer),
    )
)]
pub async fn show(visitor: KnownVisitor, customers: Data<Customers>) -> Result<HttpResponse, Problem> {
    let Some(visitor) = visitor.find(None) else { return Ok(CustomerData::default().answer(0)) };
    let current = customers.current(visitor).await?;
    let data = current.state.customer().map(CustomerData::of).unwrap_or_default();
    Ok(data.answer(current.position.0))
}

/// Makes the visitor the customer that the shop's identity token names.
///
/// Records `customer.identified`, or `customer.profile_changed` where the shop says something new. The visitor's sessions are
/// that customer's from now on, and the visitor's earlier tokens are over: the answer brings the one that counts. A visitor that is another customer already, or has signed out, stays behind: the answer brings
/// the token of a new visitor, without sessions. A token is good once; the same visitor may repeat it while it lives, for the
/// answer may have been lost.
///
/// # Errors
/// The identity token is not good or was used before; the log is away.
#[utoipa::path(
    post, path = "/api/customer/identify", operation_id = "identify_customer", tag = "customers", request_body = IdentifyRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    responses(
        (status = 200, body = CustomerAnswer, description = "The visitor's token comes in the cookie and in X-Visitor-Token"),
        (status = 401, description = "IDENTITY_TOKEN_INVALID, IDENTITY_TOKEN_REPLAYED: ask the shop for another; UNAUTHORIZED: the visitor token is not good"),
    )
)]
pub async fn identify(
    holder: TokenHolder,
    identity_tokens: Data<IdentityTokens>,
    visitors: Data<Visitors>,
    body: JsonBody<IdentifyRequest>,
) -> Result<HttpResponse, Problem> {
    let GoodToken { identity, id } = identity_tokens.check(&body.0.identity_token, visitors.clock.now())?;
    let is_in_force = holder.is_in_force().await?;
    let command = Identify { visitor: holder.visitor, is_in_force, identity, token: id, correlation_id: request_id() };
    let identified = visitors.customers.identify(command).await?;
    holder.visitor.into_iter().for_each(|visitor| visitors.revocation.forget(visitor));
    holder.become_visitor(identified.visitor);
    Ok(CustomerData::of(&identified.customer).answer(identified.position.0))
}

/// Signs the visitor out.
///
/// Records `customer.signed_out`: the visitor's token opens nothing any more, on any node, and a new visitor's token comes with
/// the answer. A repeat with the old token is a 401.
///
/// # Errors
/// The visitor token is not good; the log is away.
#[utoipa::path(
    post, path = "/api/customer/sign-out", operation_id = "sign_out_customer", tag = "customers", request_body = SignOutRequest,
    security((), ("visitor" = []), ("visitor_cookie" = [])),
    responses(
        (status = 200, body = CustomerAnswer, description = "A new visitor's token comes in the cookie and in X-Visitor-Token"),
    )
)]
pub async fn sign_out(
    holder: TokenHolder,
    visitors: Data<Visitors>,
    _body: JsonBody<SignOutRequest>,
) -> Result<HttpResponse, Problem> {
    let position = match leaving(&holder, &visitors).await? {
        Some(visitor) => {
            let position = visitors.customers.sign_out(visitor, request_id()).await?;
            visitors.revocation.forget(visitor);
            position.0
        }
        None => 0,
    };
    holder.become_new_visitor();
    Ok(CustomerData::default().answer(position))
}

/// Who signs out. A repeat answers as the first did; a token of before the shop named the visitor signs nobody out.
async fn leaving(holder: &TokenHolder, visitors: &Visitors) -> Result<Option<VisitorId>, Problem> {
    let Some(visitor) = holder.visitor else { return Ok(None) };
    let may = holder.is_in_force().await? || visitors.customers.has_left(visitor).await?;
    Ok(may.then_some(visitor))
}
