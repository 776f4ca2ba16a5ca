//! `?min_position=`: the views, once they have read so far.

use std::{future::Future, ops::Deref, pin::Pin, time::Duration};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use event_store::{EventReader, Position};
use projections::Views;

use crate::{problem::Problem, query::QueryFields};

/// How long a read waits for the position it was asked for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The views, once they have read up to the position that the query names.
pub struct CaughtUpViews(Data<Views>);

impl Deref for CaughtUpViews {
    type Target = Views;

    fn deref(&self) -> &Views {
        &self.0
    }
}

impl FromRequest for CaughtUpViews {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let views = Data::<Views>::from_request(request, payload);
        let log = Data::<dyn EventReader>::from_request(request, payload);
        let query = QueryFields::parse(request.query_string());
        Box::pin(async move {
            let registered = "every server of ours registers its services";
            let (views, log) = (views.await.expect(registered), log.await.expect(registered));
            wait(&views, &**log, &query?).await?;
            Ok(Self(views))
        })
    }
}

/// Waits for `?min_position=`: for a moment also for one that is about to come.
///
/// # Errors
/// The position is malformed or beyond the log's head, or the views are behind.
pub(super) async fn wait(views: &Views, log: &dyn EventReader, query: &QueryFields) -> Result<(), Problem> {
    let Some(wanted) = query.number("min_position")?.map(Position) else { return Ok(()) };
    let Err(behind) = views.wait_for(wanted, PATIENCE).await else { return Ok(()) };
    let head = log.head().await?;
    if wanted > head {
        return Err(Problem::ahead(format_args!("min_position {wanted}"), head));
    }
    let detail = format!("the views have read to position {}, not to {wanted} yet", behind.position);
    Err(Problem::unavailable("VIEWS_BEHIND", detail, Duration::from_secs(1)))
}
