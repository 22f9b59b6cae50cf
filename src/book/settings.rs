//! `docs/settings.md`: what may stand in the settings file.

use std::fmt::Write as _;

use crossterm::event::KeyCode;

use super::{MADE, Page};
use crate::settings::SETTINGS;
use crate::tui::bound::taken;
use crate::tui::keys::Key;

/// What `[keys]` takes.
const KEYS: &str = "
## Keys

```toml
[keys]
pause = [\"p\", \"F5\"]
page-down = [\"PgDn\", \"Space\"]
toggle = [\"o\"]
only-flagged = []
```

The names of the actions stand in [keys.md](keys.md). A list takes the place of all keys that the action has there; an
empty one leaves it to the palette (`:`). A key is a character, `Ctrl-` and a letter, `F2` to `F12`, or a name: `Space`
`Enter` `Esc` `Tab` `Shift-Tab` `Backspace` `Delete` `Insert` `Up` `Down` `Left` `Right` `Home` `End` `PgUp` `PgDn`. The
footer, the help and the palette show the keys as they are bound.

A key that two actions would have in the same place, an action that farrier does not have and a key that cannot be bound
are refused with their line, and nothing is started. Operations have no keys: `act` opens their menu, and neither Enter
nor what moves the cursor can be bound to it. Some keys stay whatever the list says: the digits of the tabs, `Enter` with
`open`, `Esc` with `escape`, `Ctrl-C` with `quit`, and in dialogs `Enter` and `Esc`.

Never bound, since something between the fingers and farrier takes them:

| key | why |
| --- | --- |
";

/// The page.
pub fn pages() -> Vec<Page> {
    let mut text = format!(
        "{MADE}# Settings\n\nTOML. `/etc/farrier.toml` and `$XDG_CONFIG_HOME/farrier/config.toml` are both read, the \
         second wins key by key; `--config FILE` reads that file and no other. A file that others than root and farrier's \
         own user may write is refused.\n\n| setting | what it does (default) |\n| --- | --- |\n"
    );
    for setting in SETTINGS {
        let _ = writeln!(text, "| `{}` | {} |", setting.name, setting.does);
    }
    text += KEYS;
    for (why, keys) in refused() {
        let _ = writeln!(text, "| {} | {why} |", keys.join(" "));
    }
    text += "| all with Alt, arrows with Shift | terminals take them or send them torn apart |\n";
    vec![Page { path: "settings.md".into(), text }]
}

/// The keys that are never bound, by the reason.
fn refused() -> Vec<(&'static str, Vec<String>)> {
    let letters = (b'!'..=b'~').map(char::from).map(|letter| (KeyCode::Char(letter), false));
    let held = "abcdefghijklmnopqrstuvwxyz[\\]^".chars().map(|c| (KeyCode::Char(c), true));
    let numbers = (1..=12).map(|number| (KeyCode::F(number), false));
    let mut all: Vec<(&'static str, Vec<String>)> = Vec::new();
    for (code, ctrl) in held.chain(numbers).chain(letters) {
        let key = Key { code, ctrl };
        let Some(why) = taken(key) else { continue };
        match all.iter_mut().find(|(other, _)| *other == why) {
            Some((_, keys)) => keys.push(format!("`{key}`")),
            None => all.push((why, vec![format!("`{key}`")])),
        }
    }
    all
}
