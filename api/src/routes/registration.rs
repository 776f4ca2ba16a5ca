//! How rows of the table become routes. Everything under `/api` is served under `/api/v1` as well.

use std::rc::Rc;

use actix_web::{
    FromRequest, Handler, HttpRequest, HttpResponse, Resource, Responder, Route, Scope, guard,
    http::{Method, StatusCode, Uri, header::LOCATION},
    middleware::from_fn,
    web::{self, ServiceConfig},
};

use super::sessions::STAFFS_WORDS;
use crate::{
    auth::{
        caller::Caller,
        require::{Access, GuardedBy},
    },
    middleware::patience,
    problem::Problem,
};

/// Below `/api`, what is followed by a session's name.
const SESSIONS: &str = "/sessions/";

/// Prefixes that the API is served under, the longest first.
const PREFIXES: [&str; 2] = ["/api/v1", "/api"];

/// A row of the table, to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The HTTP method, in capitals.
    pub method: &'static str,
    /// As in the OpenAPI document, with parameters in braces.
    pub path: &'static str,
    /// Who may call it.
    pub access: Access,
    /// Whether it is in the OpenAPI document; files and aliases are not.
    pub is_documented: bool,
}

/// A row of the table, to be served.
pub(super) type Registered = (&'static str, Method, Route);

/// Writes the table: rows to be read, rows to be served, and the document of those that are documented.
macro_rules! routes {
    (
        documented { $($method:ident $path:literal $access:ty => $module:ident::$handler:ident;)+ }
        undocumented { $($other_method:ident $other_path:literal $other_access:ty => $other_module:ident::$other:ident;)+ }
    ) => {
        /// Every route.
        pub const ROUTES: &[Row] = &[
            $(Row {
                method: stringify!($method),
                path: $path,
                access: <$access as crate::auth::require::Guard>::ACCESS,
                is_documented: true,
            },)+
            $(Row {
                method: stringify!($other_method),
                path: $other_path,
                access: <$other_access as crate::auth::require::Guard>::ACCESS,
                is_documented: false,
            },)+
        ];

        /// Serves every route.
        pub fn configure(config: &mut ServiceConfig) {
            config.app_data(Data::new(docs::Document::new(document)));
            serve(config, registered);
        }

        fn registered() -> Vec<Registered> {
            vec![
                $(registered_as::<$access, _, _>($path, Method::$method, $module::$handler),)+
                $(registered_as::<$other_access, _, _>($other_path, Method::$other_method, $other_module::$other),)+
            ]
        }

        #[derive(utoipa::OpenApi)]
        #[openapi(paths($(crate::routes::$module::$handler),+))]
        struct Paths;

        /// The OpenAPI document of all documented routes.
        #[must_use]
        pub fn document() -> utoipa::openapi::OpenApi {
            let rights: Vec<_> = ROUTES.iter().map(|row| (row.method, row.path, row.access)).collect();
            crate::openapi::document(<Paths as utoipa::OpenApi>::openapi(), &rights)
        }
    };
}
pub(super) use routes;

/// A row whose handler's first argument is the row's access. A GET route answers HEAD as well.
pub(super) fn registered_as<G, F, Arguments>(path: &'static str, method: Method, handler: F) -> Registered
where
    F: Handler<Arguments>,
    Arguments: FromRequest + GuardedBy<G> + 'static,
    F::Output: Responder + 'static,
{
    let route = match method {
        // The middleware removes the body from answers to HEAD.
        Method::GET => web::route().guard(guard::Any(guard::Get()).or(guard::Head())),
        _ => web::method(method.clone()),
    };
    (path, method, route.to(handler).wrap(from_fn(patience::around)))
}

/// Serves these rows.
pub(super) fn serve(config: &mut ServiceConfig, registered: fn() -> Vec<Registered>) {
    for prefix in PREFIXES {
        let rows = registered().into_iter();
        let below = rows.filter_map(|(path, method, route)| Some((api_path(path)?, method, route)));
        let scope = resources(below).into_iter().fold(web::scope(prefix), Scope::service);
        config.service(scope.default_service(web::to(not_found)));
    }
    let elsewhere = registered().into_iter().filter(|(path, ..)| api_path(path).is_none());
    for resource in resources(elsewhere) {
        config.service(resource);
    }
    config.default_service(web::to(not_found));
}

/// The path below `/api`, for a path that is there.
fn api_path(path: &'static str) -> Option<&'static str> {
    path.strip_prefix("/api").filter(|below| below.starts_with('/'))
}

/// One resource for each path, in the order of the rows.
fn resources(rows: impl Iterator<Item = Registered>) -> Vec<Resource> {
    let mut paths: Vec<(&'static str, Vec<(Method, Route)>)> = Vec::new();
    for (path, method, route) in rows {
        match paths.iter_mut().find(|(known, _)| *known == path) {
            Some((_, routes)) => routes.push((method, route)),
            None => paths.push((path, vec![(method, route)])),
        }
    }
    paths.into_iter().map(|(path, routes)| resource(path, routes)).collect()
}

/// A path with its methods; any other is refused with a list of them.
fn resource(path: &str, routes: Vec<(Method, Route)>) -> Resource {
    let allowed: Vec<Method> = routes.iter().flat_map(|(method, _)| answered(method)).collect();
    let refuse = move |request: HttpRequest| std::future::ready(wrong_method(&request, &allowed));
    let resource = routes.into_iter().fold(web::resource(path), |resource, (_, route)| resource.route(route));
    let resource = resource.default_service(web::to(refuse));
    match path.strip_prefix(SESSIONS) {
        Some(word) if STAFFS_WORDS.contains(&word) => resource.guard(guard::fn_guard(|context| !is_visitors(context))),
        Some(_) | None => resource,
    }
}

/// Whether a customer asks, to whom a word of ours is the name of a session.
fn is_visitors(context: &guard::GuardContext<'_>) -> bool {
    let caller = context.req_data().get::<Rc<Caller>>().cloned();
    caller.is_some_and(|caller| caller.is_visitor(context.head().headers()))
}

fn answered(method: &Method) -> Vec<Method> {
    if method == Method::GET { vec![Method::GET, Method::HEAD] } else { vec![method.clone()] }
}

async fn not_found(request: HttpRequest) -> Result<HttpResponse, Problem> {
    match without_slash(request.uri()) {
        Some(location) => Ok(HttpResponse::PermanentRedirect().insert_header((LOCATION, location)).finish()),
        None => Err(Problem::not_found("there is nothing here; /docs/ lists all routes")),
    }
}

/// Where a path with one slash too many at its end leads, relative to it, so that it leads to no other host and below whatever path
/// a proxy serves us.
fn without_slash(uri: &Uri) -> Option<String> {
    let segment = uri.path().strip_suffix('/')?.rsplit('/').next().filter(|segment| !segment.is_empty())?;
    let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
    Some(format!("../{segment}{query}"))
}

fn wrong_method(request: &HttpRequest, allowed: &[Method]) -> Result<HttpResponse, Problem> {
    let detail = format!("{} is not possible here; /docs/ lists all routes", request.method());
    Err(Problem::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", detail).allowing(allowed))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slash_at_the_end_leads_to_the_path_without_it() {
        for (path, location) in [
            ("/api/config/", Some("../config")),
            ("/api/sessions/a%2Fb/?at=1", Some("../a%2Fb?at=1")),
            ("/nothing/", Some("../nothing")),
            ("/", None),
            ("/api/config", None),
            ("/api/config//", None),
            ("//evil.example/", Some("../evil.example")),
        ] {
            assert_eq!(without_slash(&Uri::from_static(path)).as_deref(), location, "{path}");
        }
    }
}
