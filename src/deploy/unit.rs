//! systemd's unit files, as far as they say what becomes of a service whose main process is replaced.

use crate::model::Unit;
use crate::os::Text;

/// Reads a unit file or a drop-in over what is known already: a later assignment replaces an earlier one, an empty one
/// takes it back (`systemd.syntax(7)`).
pub fn read(text: &Text, unit: &mut Unit) {
    let mut in_service = false;
    for line in text.bytes().split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.starts_with(b"[") {
            in_service = line == b"[Service]";
        }
        let Some(at) = line.iter().position(|byte| *byte == b'=').filter(|_| in_service) else {
            continue;
        };
        let (key, value) = line.split_at(at);
        let value = value.get(1..).unwrap_or_default().trim_ascii();
        let value = (!value.is_empty()).then(|| Text::new(value));
        match key.trim_ascii() {
            b"Type" => unit.kind = value,
            b"PIDFile" => unit.pidfile = value.map(|path| absolute(&path)),
            b"ExitType" => unit.exit_type = value,
            b"KillMode" => unit.kill_mode = value,
            b"Restart" => unit.restart = value,
            _ => {}
        }
    }
}

/// A relative `PIDFile=` lies below `/run` (`systemd.service(5)`).
fn absolute(path: &Text) -> std::path::PathBuf {
    std::path::Path::new("/run").join(path.path())
}

/// The template of an instance: `app@1.service` is made from `app@.service`.
pub fn template(name: &Text) -> Option<Text> {
    let at = name.bytes().iter().position(|byte| *byte == b'@')?;
    let dot = name.bytes().iter().rposition(|byte| *byte == b'.')?;
    let (start, end) = (name.bytes().get(..=at)?, name.bytes().get(dot..)?);
    (at + 1 < dot).then(|| Text::new([start, end].concat()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_section_counts_and_the_last_word_of_it() {
        let mut unit = Unit::default();
        let text = "[Unit]\nType=x\n[Service]\nType = forking\n#Type=simple\nPIDFile=/run/shop.pid\n\
                    KillMode=mixed\nRestart=always\n[Install]\nRestart=no\n";
        read(&Text::from(text), &mut unit);
        assert_eq!(unit.kind, Some(Text::from("forking")));
        assert_eq!(unit.pidfile, Some("/run/shop.pid".into()));
        assert_eq!(unit.restart, Some(Text::from("always")));
        read(&Text::from("[Service]\nPIDFile=shop/u.pid\nKillMode=\n"), &mut unit);
        assert_eq!(unit.pidfile, Some("/run/shop/u.pid".into()));
        assert_eq!((unit.kill_mode, unit.kind), (None, Some(Text::from("forking"))));
    }

    #[test]
    fn templates() {
        let of = |name: &str| template(&Text::from(name)).map(|name| name.to_string());
        assert_eq!(of("unicorn@1.service").as_deref(), Some("unicorn@.service"));
        assert_eq!(of("unicorn.service"), None);
        assert_eq!(of("unicorn@.service"), None);
    }
}
