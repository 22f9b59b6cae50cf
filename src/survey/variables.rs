//! The environment that a configuration sees: of the one that a master has loaded, and of the next re-execution's.

use crate::contract::{Options, Recognised, Server, Variable, Variables};
use crate::facts::Fact;
use crate::model::{Config, Hook, Process, Restart, Setting};
use crate::os::Text;
use crate::servers::ruby::command::{base, is_ruby};

/// What Bundler and RubyGems set anew when a program starts.
const ANEW: &[&[u8]] = &[b"BUNDLE", b"GEM_", b"RUBY", b"PATH", b"MANPATH", b"_", b"LD_", b"SPRING"];

/// Who is asked for it.
#[derive(Clone, Copy)]
pub struct Asked<'a> {
    /// The server.
    pub server: &'static Server,
    /// The master.
    pub process: &'a Process,
    /// Its title.
    pub recognised: &'a Recognised,
    /// Its arguments.
    pub options: &'a Options,
}

impl Asked<'_> {
    /// That of the configuration which it has loaded: what it was started with, as far as the live environment still
    /// says the same, and what its launcher sets. `None`: one of both is not known.
    pub fn loaded(&self) -> Option<Variables> {
        let start = self.process.environ.get()?;
        let live = self.process.live.get()?;
        let mut all = Variables::of(start).agreed(&Variables::of(live));
        if let Some(name) = self.mode() {
            let value = self.mode_set(start.value(name));
            let still = live.value(name) == Some(&value);
            all.set(&Text::from(name), Some(value).filter(|_| still));
        }
        for name in self.server.sets_late {
            all.set_as(name, start);
        }
        Some(all)
    }

    /// That of the next re-execution: the live one, what `before_exec` makes of it, and what its launcher sets. `None`:
    /// that cannot be told.
    pub fn next(&self, loaded: &Fact<Config>, restart: &Restart) -> Option<Variables> {
        let config = loaded.get()?;
        // A program that is no Ruby may set whatever it likes before it starts the server.
        let interpreter = restart.interpreter.get()?.as_ref()?;
        if !is_ruby(base(&Text::from(interpreter.path.as_path()))) {
            return None;
        }
        let early = |hook: Option<Hook>| hook == Some(Hook::BeforeExec);
        let obscure = config.obscure_hooks.iter().any(|one| one.hook.is_none() || early(one.hook));
        if obscure || config.sweeps.iter().any(|sweep| early(sweep.hook)) {
            return None;
        }
        let mut all = Variables::of(self.process.live.get()?);
        all.forget(|name| ANEW.iter().any(|start| name.starts_with(start)));
        for set in config.environment.iter().filter(|set| early(set.hook)) {
            let value = match &set.value {
                Setting::Set { value, .. } => Some(value.clone()),
                Setting::Unevaluable { .. } | Setting::NotSet => None,
            };
            all.set(&set.name, value);
        }
        for set in config.defaulted.iter().filter(|set| early(set.hook)) {
            if all.get(set.name.bytes()) == Variable::Unset {
                all.set(&set.name, None);
            }
        }
        let name = self.mode()?;
        let value = match all.get(name.as_bytes()) {
            Variable::Unknown => self.options.environment.clone(),
            Variable::Unset => Some(self.mode_set(None)),
            Variable::Set(now) => Some(self.mode_set(Some(now))),
        };
        all.set(&Text::from(name), value);
        Some(all)
    }

    fn mode(&self) -> Option<&'static str> {
        self.server.mode.map(|of| of(&self.recognised.program))
    }

    fn mode_set(&self, before: Option<&Text>) -> Text {
        let given = self.options.environment.as_ref().or(before);
        given.cloned().unwrap_or_else(|| Text::from("development"))
    }
}
