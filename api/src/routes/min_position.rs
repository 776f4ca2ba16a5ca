//! `?min_position=`: the views, once they have read so far.

use std::{future::Future, ops::Deref, pin::Pin, sync::Arc, time::Duration};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use event_store::{EventReader, Position};
use projections::Views;

use crate::{problem::Problem, query::QueryFields, services::registered};

/// How long a read waits for the position it was asked for.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// The views, once they have read up to the position that the query names.
pub struct CaughtUpViews(Arc<Views>);

impl Deref for CaughtUpViews {
    type Target = Views;

    fn deref(&self) -> &Views {
        &self.0
    }
}

impl FromRequest for CaughtUpViews {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let (views, log) = (registered::<Views>(request), registered::<dyn EventReader>(request));
        let query = QueryFields::parse(request.query_string());
        Box::pin(async move {
            wait(&views, &*log, &query?).await?;
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
    if behind.have_stopped {
        return Err(Problem::history_unreadable());
    }
    let detail = format!("the views have read to position {}, not to {wanted} yet", behind.position);
    Err(Problem::unavailable("VIEWS_BEHIND", detail, Duration::from_secs(1)))
}
