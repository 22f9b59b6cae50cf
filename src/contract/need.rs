//! What an app must have for a rule to be about it: the rule asks for that, and not for whom.

use crate::model::App;

use super::{Runtime, Server};

/// One thing that a rule needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Need {
    /// Its code lies in the directory that it runs in: what only passes requests on has none.
    Code,
    /// It writes a pidfile.
    Pidfile,
    /// It listens.
    Listeners,
    /// A master forks workers, and a configuration says how many.
    Workers,
    /// It executes its program again without being started anew: what it remembers of its first start counts.
    Reexec,
    /// A second master can live beside the first, and takes over from it.
    SecondGeneration,
    /// It runs by Python's interpreter, which a virtual environment may hold.
    Interpreter,
    /// It keeps what it will start again in a Hash of Ruby's, and hooks in its configuration run before and after it.
    StartContext,
}

impl Need {
    /// Whether an app of this server has it. Of a server that farrier does not know nothing can be said but that it has
    /// code: its releases are there.
    pub fn is_met(self, app: &App, server: Option<&Server>) -> bool {
        match (self, server) {
            (Self::Code, None) => true,
            (_, None) => false,
            (Self::Pidfile, Some(server)) => !app.pidfiles.is_empty() || self.is_met_by(server),
            (_, Some(server)) => self.is_met_by(server),
        }
    }

    /// Whether a server has it by its card.
    pub fn is_met_by(self, server: &Server) -> bool {
        match self {
            Self::Code => !server.is_proxy(),
            Self::Pidfile => !server.usual_pidfiles.is_empty(),
            Self::Listeners | Self::Workers => true,
            Self::Reexec => server.reexecutes,
            Self::SecondGeneration => server.keeps_start_context && server.beside.is_some(),
            Self::Interpreter => server.runtime == Runtime::Python && server.reexecutes,
            Self::StartContext => server.keeps_start_context,
        }
    }

    /// What it is, for the table of servers and rules.
    pub fn words(self) -> &'static str {
        match self {
            Self::Code => "code in its working directory",
            Self::Pidfile => "a pidfile",
            Self::Listeners => "listeners",
            Self::Workers => "workers",
            Self::Reexec => "executes itself again",
            Self::SecondGeneration => "a second generation beside the first",
            Self::Interpreter => "Python's interpreter",
            Self::StartContext => "a start context and hooks",
        }
    }
}
