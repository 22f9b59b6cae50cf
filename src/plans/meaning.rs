//! What a signal that was asked for means to a master: which operation of its server it begins, in its present state.

use crate::contract::Way;
use crate::model::{Master, Operation, Role, Signal};

use super::{Case, Refused, rollback};

/// What it means.
pub(super) enum Meaning {
    /// An operation, a restart in that shape.
    Operation(Operation, Option<Way>),
    /// An end that cuts requests, for which the server has no operation.
    Fast,
    /// Nothing that farrier sends.
    None,
}

impl Case<'_> {
    /// By the server's card: its restarts, then its operations. One signal may carry out several; the master's role tells
    /// which is meant.
    pub(super) fn meaning(&self, master: &Master, signal: Signal) -> Result<Meaning, Refused> {
        let server = self.server()?;
        let restart = server.restarts.iter().find(|restart| restart.by().signal == signal);
        if let Some(restart) = restart {
            // Where there is only one way, nothing has to be kept of it.
            let way = (server.restarts.len() > 1).then(|| restart.way());
            return Ok(Meaning::Operation(Operation::Upgrade, way));
        }
        let mut carries = server.operations.iter().filter(|used| used.signal == signal);
        let has = |operation| carries.clone().any(|used| used.operation == operation);
        let wanted = if master.role == Role::Old && has(Operation::Retire) {
            Some(Operation::Retire)
        } else if has(Operation::Rollback) && rollback::way_back(self.app, master).is_some() {
            Some(Operation::Rollback)
        } else {
            let by_role = |operation| matches!(operation, Operation::Retire | Operation::Rollback);
            carries.find(|used| !by_role(used.operation)).map(|used| used.operation)
        };
        Ok(match wanted {
            Some(operation) => Meaning::Operation(operation, None),
            None if signal == Signal::SIGTERM => Meaning::Fast,
            None => Meaning::None,
        })
    }
}
