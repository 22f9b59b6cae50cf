//! systemd's unit files, as far as they say what becomes of a service whose main process is replaced.

use crate::model::Unit;
use crate::os::Text;

/// Reads a unit file or a drop-in over what is known already: a later assignment replaces an earlier one, an empty one
/// takes it back (`systemd.syntax(7)`).
pub fn read(text: &Text, unit: &mut Unit) {
    let mut in_service = false;
    for line in &lines(text) {
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
            b"PIDFile" => unit.pidfile = value,
            b"GuessMainPID" => unit.guesses = value.as_ref().and_then(truth),
            b"RemainAfterExit" => unit.remains = value.as_ref().and_then(truth),
            b"ExitType" => unit.exit_type = value,
            b"KillMode" => unit.kill_mode = value,
            b"Restart" => unit.restart = value,
            _ => {}
        }
    }
}

/// The logical lines: a backslash at the end joins the next line, comments between the two left out.
fn lines(text: &Text) -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = Vec::new();
    let mut goes_on = false;
    for line in text.bytes().split(|byte| *byte == b'\n') {
        let line = line.trim_ascii();
        if line.starts_with(b"#") || line.starts_with(b";") {
            continue;
        }
        let (part, more) = line.strip_suffix(b"\\").map_or((line, false), |part| (part, true));
        match all.last_mut().filter(|_| goes_on) {
            Some(begun) => begun.extend([b" ", part].concat()),
            None => all.push(part.to_vec()),
        }
        goes_on = more;
    }
    all
}

/// A boolean, in any of the words that systemd takes for one.
fn truth(value: &Text) -> Option<bool> {
    match value.bytes().to_ascii_lowercase().as_slice() {
        b"1" | b"yes" | b"y" | b"true" | b"t" | b"on" => Some(true),
        b"0" | b"no" | b"n" | b"false" | b"f" | b"off" => Some(false),
        _ => None,
    }
}

/// What specifiers stand for, where that is not the unit's own name.
pub struct Specifiers<'a> {
    /// The unit's name: `shop@1.service`.
    pub name: &'a Text,
    /// `%t`: where its manager keeps what lives as long as the machine is up.
    pub runtime: &'a Text,
    /// `%h`: the home directory of the manager's user, where it is known.
    pub home: Option<&'a Text>,
}

impl Specifiers<'_> {
    /// A value with its specifiers put in (`systemd.unit(5)`); `None`: it has one that nothing here tells.
    pub fn put_into(&self, value: &Text) -> Option<Text> {
        let mut said = Vec::new();
        let mut rest = value.bytes();
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if *first != b'%' {
                said.push(*first);
                continue;
            }
            let (letter, after) = after.split_first()?;
            rest = after;
            said.extend(self.of(*letter)?);
        }
        Some(Text::new(said))
    }

    fn of(&self, letter: u8) -> Option<Vec<u8>> {
        let whole = self.name.bytes();
        let stem = whole.iter().rposition(|byte| *byte == b'.').and_then(|dot| whole.get(..dot))?;
        let at = stem.iter().position(|byte| *byte == b'@');
        let prefix = at.map_or(Some(stem), |at| stem.get(..at))?;
        let instance = at.map_or(Some(&[][..]), |at| stem.get(at + 1..))?;
        let last = || prefix.rsplit(|byte| *byte == b'-').next().unwrap_or_default();
        let plain =
            |text: &[u8]| (!text.iter().any(|b| matches!(b, b'\\' | b'-'))).then(|| text.to_vec());
        match letter {
            b'%' => Some(b"%".to_vec()),
            b'n' => Some(whole.to_vec()),
            b'N' => Some(stem.to_vec()),
            b'p' => Some(prefix.to_vec()),
            b'i' => Some(instance.to_vec()),
            b'j' => Some(last().to_vec()),
            // Unescaped: the same where nothing is escaped in it.
            b'P' => plain(prefix),
            b'I' => plain(instance),
            b'J' => plain(last()),
            b't' => Some(self.runtime.bytes().to_vec()),
            b'h' => self.home.map(|home| home.bytes().to_vec()),
            _ => None,
        }
    }
}

/// The template of an instance: `app@1.service` is made from `app@.service`.
pub fn template(name: &Text) -> Option<Text> {
    let at = name.bytes().iter().position(|byte| *byte == b'@')?;
    let dot = name.bytes().iter().rposition(|byte| *byte == b'.')?;
    let (start, end) = (name.bytes().get(..=at)?, name.bytes().get(dot..)?);
    (at + 1 < dot).then(|| Text::new([start, end].concat()))
}

/// Directories of drop-ins for a service besides `service.d`, which is for all: its own, its template's, and those of
/// its name cut at each dash (`shop-web.service` has `shop-.service.d` too), the most telling first.
pub fn drop_ins(name: &Text) -> Vec<Text> {
    let whole = name.bytes();
    let mut all: Vec<Vec<u8>> = vec![whole.to_vec()];
    all.extend(template(name).map(|template| template.bytes().to_vec()));
    let is_instance = whole.contains(&b'@');
    if let Some(dot) = whole.iter().rposition(|byte| *byte == b'.').filter(|_| !is_instance)
        && let (Some(stem), Some(end)) = (whole.get(..dot), whole.get(dot..))
    {
        let dashes = stem.iter().enumerate().rev().filter(|(_, byte)| **byte == b'-');
        let cut = dashes.filter_map(|(at, _)| stem.get(..=at)).filter(|cut| cut.len() < stem.len());
        all.extend(cut.map(|cut| [cut, end].concat()));
    }
    all.into_iter().map(|name| Text::new([&name[..], b".d"].concat())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_service_section_counts_and_the_last_word_of_it() {
        let mut unit = Unit::default();
        let text = "[Unit]\nType=x\n[Service]\nType = forking\n#Type=simple\nPIDFile=/run/shop.pid\n\
                    KillMode=mixed\nRestart=always\nGuessMainPID=No\nRemainAfterExit=1\n[Install]\nRestart=no\n";
        read(&Text::from(text), &mut unit);
        assert_eq!(unit.kind(), "forking");
        assert_eq!(unit.pidfile, Some(Text::from("/run/shop.pid")));
        assert_eq!(unit.restart, Some(Text::from("always")));
        assert_eq!((unit.guesses, unit.remains), (Some(false), Some(true)));
        read(&Text::from("[Service]\nPIDFile=shop/u.pid\nKillMode=\nGuessMainPID=\n"), &mut unit);
        assert_eq!(unit.pidfile, Some(Text::from("shop/u.pid")));
        assert_eq!((&unit.kill_mode, unit.guesses), (&None, None));
        assert_eq!(unit.kind(), "forking");
    }

    #[test]
    fn a_line_goes_on_behind_a_backslash() {
        let mut unit = Unit::default();
        let text = "[Service]\nPIDFile= \\\n# Type=oneshot\n  shop/u.pid\nExecStart=/bin/x \\\n  KillMode=none \\\n\nType=exec\n";
        read(&Text::from(text), &mut unit);
        assert_eq!(unit.pidfile, Some(Text::from("shop/u.pid")));
        assert_eq!((&*unit.kind(), &unit.kill_mode), ("exec", &None));
    }

    #[test]
    fn templates_and_drop_ins() {
        let of = |name: &str| template(&Text::from(name)).map(|name| name.to_string());
        assert_eq!(of("unicorn@1.service").as_deref(), Some("unicorn@.service"));
        assert_eq!(of("unicorn.service"), None);
        assert_eq!(of("unicorn@.service"), None);
        let of = |name: &str| {
            drop_ins(&Text::from(name)).iter().map(Text::to_string).collect::<Vec<_>>()
        };
        assert_eq!(of("shop.service"), ["shop.service.d"]);
        assert_eq!(of("a-b-c.service"), ["a-b-c.service.d", "a-b-.service.d", "a-.service.d"]);
        assert_eq!(of("u@1.service"), ["u@1.service.d", "u@.service.d"]);
    }

    #[test]
    fn specifiers() {
        let (name, runtime) = (Text::from("web-shop@2.service"), Text::from("/run"));
        let with = Specifiers { name: &name, runtime: &runtime, home: None };
        let of = |value: &str| with.put_into(&Text::from(value)).map(|text| text.to_string());
        assert_eq!(of("%t/%p/%i.pid").as_deref(), Some("/run/web-shop/2.pid"));
        assert_eq!(
            of("%N %n %j 100%%").as_deref(),
            Some("web-shop@2 web-shop@2.service shop 100%")
        );
        assert_eq!(of("/x/%I").as_deref(), Some("/x/2"));
        // What is escaped, a machine's property, and a stray sign are not told by the name.
        assert_eq!((of("%P"), of("%H/x"), of("%h"), of("x%")), (None, None, None, None));
    }
}
