//! Which settings files are read, and whose they have to be.

use std::path::{Path, PathBuf};

use anyhow::bail;

use super::Options;
use super::machine::own_machine;
use crate::os::{Ask, FileStat, Found, PathAsk, Root, Source, own, shown};
use crate::settings::Settings;
use crate::tui::bound::Keys;

/// The file for the whole machine.
const SYSTEM: &str = "/etc/farrier.toml";

/// More than any settings file needs, in bytes.
const BOUND: u32 = 64 * 1024;

impl Options {
    /// The settings: of the file that was named, else of the machine and then of the user, the second wins key by key.
    pub fn settings(&self) -> anyhow::Result<Settings> {
        let mut settings = Settings::default();
        let source = own_machine();
        let files: Vec<(PathBuf, bool)> = match &self.config {
            // The machine answers for whole paths only.
            Some(named) => vec![(own::directory().join(named), true)],
            None => std::iter::once(PathBuf::from(SYSTEM))
                .chain(own::own().config_home.map(|home| home.join("farrier/config.toml")))
                .map(|path| (path, false))
                .collect(),
        };
        for (path, named) in files {
            match read(source.as_ref(), &path)? {
                Some(text) => {
                    let read = settings.read(&text);
                    read.and_then(|()| Keys::of_settings(&settings.keys).map(drop))
                        .map_err(|refused| anyhow::anyhow!("{}:{refused}", shown(&path)))?;
                }
                None if named => bail!("{}: there is no such file", shown(&path)),
                None => {}
            }
        }
        settings.read_only |= self.read_only;
        Ok(settings)
    }
}

/// A settings file's text; `None`: there is none. One that others may write is refused.
fn read(source: &dyn Source, path: &Path) -> anyhow::Result<Option<String>> {
    let ask = |what| source.ask_one(Ask::path(Root::Own, path, what));
    let stat = match ask(PathAsk::Stat) {
        Ok(Found::Stat(Some(stat))) => stat,
        Ok(_) => return Ok(None),
        Err(why) => bail!("{}: {why}", shown(path)),
    };
    if let Some(whose) = others_may_write(&stat, nix::unistd::geteuid().as_raw()) {
        bail!("{} is not read: {whose}. Nothing was started", shown(path));
    }
    match ask(PathAsk::Read(BOUND)) {
        Ok(Found::File(Some(text))) => match text.utf8() {
            Some(text) => Ok(Some(text.to_owned())),
            None => bail!("{} is not UTF-8. Nothing was started", shown(path)),
        },
        Ok(_) => Ok(None),
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
