//! A master that starts, or started itself anew under the same pid, and serves nobody yet.

use super::{Headline, Word, plain, release};
use crate::contract::line::{Line, cut};
use crate::model::{App, Master, Phase};
use crate::servers::server;

/// The only master of an app, where it loads the app still, or none of its workers has begun to serve. Of a server whose
/// threads tell nothing that is not known.
pub(super) fn renewing(app: &App) -> Option<&Master> {
    server(app.kind)?.serving_thread?;
    let mut living = app.living_masters();
    let only = living.next().filter(|_| living.next().is_none())?;
    let mut workers = only.workers_alive().peekable();
    let workers_load =
        workers.peek().is_some() && workers.all(|worker| worker.serves.get() == Some(&false));
    (matches!(only.phase, Phase::Starting | Phase::Loading) || workers_load).then_some(only)
}

/// What is said of it.
pub(super) fn headline(app: &App, master: &Master) -> Headline<'static> {
    let (pid, name) = (master.process.pid, cut(&app.name, 16));
    let who = match master.phase {
        Phase::Ready => format!("the workers of {pid} load the app"),
        _ => format!("{pid} loads the app"),
    };
    plain(
        Word::Moving,
        Line::new(format!("{name}: {who}, nobody serves meanwhile")),
        Line::new(format!("it starts{}: requests wait in the queue until then", release(master))),
        Line::new(format!("wait until it serves; signal {pid} not meanwhile")),
    )
}
