//! Which settings files are read, and whose they have to be.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::Options;
use super::machine::{Machine, own_machine};
use crate::os::live::LiveOptions;
use crate::os::{Ask, FileStat, Found, PathAsk, Refusal, Root, Source, own, shown};
use crate::settings::Settings;
use crate::tui::bound::Keys;

/// The file for the whole machine.
const SYSTEM: &str = "/etc/farrier.toml";

/// More than any settings file needs, in bytes.
const BOUND: u32 = 64 * 1024;

impl Options {
    /// The settings: of the file that was named, else of the machine and then of the user, the second wins key by key.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        self.settings_by(own_machine().as_ref())
    }

    /// The same, read by the eyes that look at this machine anyway: a reader less is started.
    pub fn settings_beside(&self, machines: &[Machine]) -> anyhow::Result<Settings> {
        let here = self.proc == LiveOptions::default().proc;
        match machines.iter().find(|machine| here && machine.is_live()) {
            Some(machine) => self.settings_by(machine.source.as_ref()),
            None => self.settings(),
        }
    }

    fn settings_by(&self, source: &dyn Source) -> anyhow::Result<Settings> {
        let mut is_silent = false;
        let files: Vec<(PathBuf, bool)> = if let Some(named) = &self.config {
            // The machine answers for whole paths only.
            vec![(own::directory().join(named), true)]
        } else {
            let mut files = vec![(PathBuf::from(SYSTEM), false)];
            if let Some(home) = own::own().config_home {
                match whose(source, &home) {
                    Whose::Mine => files.push((home.join("farrier/config.toml"), false)),
                    Whose::Silent => is_silent = true,
                    Whose::Other => {}
                }
            }
            files
        };
        let mut settings = taken(source, files)?;
        settings.unread |= is_silent;
        settings.read_only |= self.read_only || is_silent;
        settings.zone = Some(own::zone(source));
        Ok(settings)
    }
}

/// Whose directory of settings it is.
enum Whose {
    Mine,
    /// Somebody else's (sudo keeps HOME), or nobody's.
    Other,
    /// It does not answer: what it says is not known.
    Silent,
}

fn whose(source: &dyn Source, home: &Path) -> Whose {
    match source.ask_one(Ask::path(Root::Own, home, PathAsk::Stat)) {
        Ok(Found::Stat(Some(stat))) if stat.uid == nix::unistd::geteuid().as_raw() => Whose::Mine,
        Ok(_) | Err(Refusal::Denied) => Whose::Other,
        Err(_) => Whose::Silent,
    }
}

/// What these files say together; one that was named has to be there.
fn taken(source: &dyn Source, files: Vec<(PathBuf, bool)>) -> anyhow::Result<Settings> {
    let mut settings = Settings::default();
    for (path, named) in files {
        match read(source, &path)? {
            // It may forbid to send: looking is what is left.
            Read::Silent(_) if !named => settings.unread = true,
            Read::Silent(why) => bail!("{}: {why}", shown(&path)),
            Read::Text(text) => {
                let read = settings.read(&text);
                read.and_then(|()| Keys::of_settings(&settings.keys).map(drop))
                    .map_err(|refused| anyhow::anyhow!("{}:{refused}", shown(&path)))?;
            }
            Read::None if named => bail!("{}: there is no such file", shown(&path)),
            Read::None => {}
        }
    }
    settings.read_only |= settings.unread;
    Ok(settings)
}

/// What came of reading a settings file.
#[derive(Debug)]
enum Read {
    Text(String),
    /// There is no such file.
    None,
    /// Nobody answered: its file system hangs, or without `/proc` no reader can be started.
    Silent(Refusal),
}

/// A settings file's text. One that others may write is refused.
fn read(source: &dyn Source, path: &Path) -> anyhow::Result<Read> {
    let ask = |what| source.ask_one(Ask::path(Root::Own, path, what));
    let stat = match ask(PathAsk::Stat) {
        Ok(Found::Stat(Some(stat))) => stat,
        Ok(_) => return Ok(Read::None),
        Err(why @ (Refusal::Unsupported(_) | Refusal::TimedOut)) => return Ok(Read::Silent(why)),
        Err(why) => bail!("{}: {why}", shown(path)),
    };
    if let Some(whose) = others_may_write(&stat, nix::unistd::geteuid().as_raw()) {
        bail!("{} is not read: {whose}. Nothing was started", shown(path));
    }
    match ask(PathAsk::Read(BOUND)) {
        Ok(Found::File(Some(text))) => match text.utf8() {
            Some(text) => Ok(Read::Text(text.to_owned())),
            None => bail!("{} is not UTF-8. Nothing was started", shown(path)),
        },
        Ok(_) => Ok(Read::None),
        Err(Refusal::TimedOut) => Ok(Read::Silent(Refusal::TimedOut)),
        Err(why) => bail!("{}: {why}", shown(path)),
    }
}

/// Who else may write a settings file, in words.
fn others_may_write(stat: &FileStat, euid: u32) -> Option<String> {
    if stat.uid != 0 && stat.uid != euid {
        return Some(format!("it belongs to user {}, not to root or to user {euid}", stat.uid));
    }
    (stat.mode & 0o022 != 0).then(|| format!("its mode {:04o} lets others write it", stat.mode))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::Answer;

    /// A machine that answers nothing.
    struct Mute(Refusal);

    impl Source for Mute {
        fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
            asks.iter().map(|_| Err(self.0.clone())).collect()
        }

        fn next_look(&self) {}
    }

    #[test]
    fn a_file_that_gives_no_answer_leaves_farrier_to_look_only() {
        let silences = [Refusal::TimedOut, Refusal::Unsupported("no reader".into())];
        for silence in silences {
            let files = |named| vec![(PathBuf::from(SYSTEM), named)];
            let settings = taken(&Mute(silence.clone()), files(false)).unwrap();
            assert!(settings.unread && settings.read_only);
            assert!(
                taken(&Mute(silence), files(true)).is_err(),
                "the one that was named is wanted"
            );
        }
        assert!(taken(&Mute(Refusal::Denied), vec![(SYSTEM.into(), false)]).is_err());
    }
}
