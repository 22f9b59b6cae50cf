//! The table of keys: nothing bound twice, everything bound once, nothing that something else takes.

use std::collections::BTreeSet;

use crossterm::event::KeyCode;
use farrier::settings::Settings;
use farrier::tui::bound::{Keys, taken};
use farrier::tui::keys::{Action, BINDINGS, Key, Reach, Scope};

#[test]
fn no_two_bindings_of_a_scope_share_a_key() {
    for scope in [Scope::All, Scope::Tree, Scope::Environment, Scope::Dialog, Scope::Line] {
        // The keys of every view hold in the tree and in the environment too.
        let in_view = matches!(scope, Scope::Tree | Scope::Environment);
        let mut seen = Vec::new();
        for binding in BINDINGS {
            if binding.scope == scope || (in_view && binding.scope == Scope::All) {
                for key in binding.keys {
                    assert!(!seen.contains(key), "{key} twice in {scope:?}: {}", binding.name);
                    seen.push(*key);
                }
            }
        }
        assert!(!seen.is_empty());
    }
}

#[test]
fn every_action_is_bound_once_and_has_words() {
    let mut actions = BTreeSet::new();
    let mut names = BTreeSet::new();
    for binding in BINDINGS {
        assert!(actions.insert(binding.action), "{} is bound twice", binding.name);
        assert!(names.insert(binding.name), "{} names two actions", binding.name);
        assert!(!binding.doc.is_empty());
        // The mouse is the terminal's: nobody turns it on by a slip. The others are rarely wanted.
        let keyless = [Action::Mouse, Action::Demo, Action::OpenFile, Action::Tour];
        let keyless = keyless.contains(&binding.action);
        assert_eq!(binding.keys.is_empty(), keyless, "{}", binding.name);
        for key in binding.keys {
            assert_eq!(Keys::default().find(*key, binding.scope).unwrap().action, binding.action);
            assert_eq!(key.to_string().parse(), Ok(*key), "{key} is written as it is read");
        }
    }
}

#[test]
fn one_key_alone_leads_to_a_change() {
    let changing: Vec<&str> =
        BINDINGS.iter().filter(|b| b.reach == Reach::Changes).map(|b| b.name).collect();
    assert_eq!(changing, ["act"]);
}

/// What tmux, screen, mosh, telnet, ssh and flow control take; what ends a torn escape sequence.
#[test]
fn keys_that_something_takes_are_bound_to_nothing() {
    let of = |ctrl, letters: &str| -> Vec<Key> {
        letters.chars().map(|letter| Key { code: KeyCode::Char(letter), ctrl }).collect()
    };
    let number = |number| Key { code: KeyCode::F(number), ctrl: false };
    let all = [
        of(true, "basq\\^]hijm[wtn"),
        of(false, "ABCDEFHIMOPQRSZ[~;"),
        vec![number(1), number(10), number(11)],
    ];
    for key in all.into_iter().flatten() {
        assert!(BINDINGS.iter().all(|b| !b.keys.contains(&key)), "{key} is bound");
        assert!(taken(key).is_some(), "{key} could be bound by the settings");
    }
    for binding in BINDINGS {
        for key in binding.keys {
            assert_eq!(taken(*key), None, "{key}");
            assert!(!matches!(key.code, KeyCode::F(_)), "function keys are the user's");
        }
    }
}

#[test]
fn escape_never_quits() {
    let key = Key { code: KeyCode::Esc, ctrl: false };
    for scope in [Scope::All, Scope::Tree, Scope::Environment] {
        assert_eq!(Keys::default().find(key, scope).unwrap().action, Action::Escape);
    }
    assert_eq!(Keys::default().find(key, Scope::Dialog).unwrap().action, Action::Cancel);
    assert_eq!(Keys::default().find(key, Scope::Line).unwrap().action, Action::Abandon);
}

fn settled(text: &str) -> Result<Keys, String> {
    let mut settings = Settings::default();
    settings.read(text).map_err(|refused| refused.to_string())?;
    Keys::of_settings(&settings.keys).map_err(|refused| refused.to_string())
}

#[test]
fn the_settings_put_other_keys_in_place() {
    let keys = settled("[keys]\npause = ['F5', 'ctrl-p']\nmark = []\nsort = ['m']\n").unwrap();
    let key = |text: &str| text.parse::<Key>().unwrap();
    assert_eq!(keys.find(key("F5"), Scope::Tree).unwrap().action, Action::Pause);
    assert_eq!(keys.find(key("Ctrl-P"), Scope::All).unwrap().action, Action::Pause);
    assert_eq!(keys.find(key("p"), Scope::All).map(|b| b.name), None);
    assert_eq!(keys.find(key("m"), Scope::All).unwrap().action, Action::Sort);
    assert_eq!(keys.shown(Action::Mark), ":mark");
    let said = keys.words("{mark} and {pause} {} {nothing} {");
    assert_eq!(said, ":mark and F5 {} {nothing} {");
    assert_eq!(keys.all_shown(Action::Pause), "F5 Ctrl-P");
    // Two that change places, and a key that an action of another scope has.
    assert!(settled("[keys]\npause = ['r']\nread-again = ['p']\ncopy-command = ['p']\n").is_ok());
}

#[test]
fn what_cannot_be_bound_is_told_with_its_line() {
    for (entry, words) in [
        ("pauze = ['p']", "there is no action pauze; pause is the nearest"),
        ("retire = ['R']", "retire is an operation, and none has a key"),
        ("pause = ['Ctrl-B']", "Ctrl-B is never bound: tmux takes it"),
        ("pause = ['A']", "A is never bound: it ends the sequence"),
        ("pause = ['F10']", "F10 is never bound"),
        ("pause = ['Alt-p']", "Alt-p is never bound"),
        ("pause = ['Ctrl-C']", "Ctrl-C is never bound to anything else"),
        ("pause = ['Ctrl-1']", "Ctrl-1 is never bound: terminals do not send it"),
        ("pause = ['F13']", "F13 is no key"),
        ("pause = ['']", "\"\" is no key"),
        ("pause = ['\\u0007']", "\\\\u0007 is no key"),
        ("pause = ['r']", "r is bound to read-again and to pause"),
        ("fold = ['r']", "r is bound to read-again and to fold"),
        ("pause = ['o', 'o']", "pause has o twice"),
        ("scroll-up = ['y']", "y is bound to copy-command and to scroll-up"),
        ("act = ['Enter']", "Enter is never bound to act"),
        ("act = ['j']", "j is never bound to act"),
        ("quit = ['X']", "quit keeps Ctrl-C"),
        ("overview = ['w']", "overview keeps 1"),
        ("press = ['Enter', 'X']", "press has Enter and no other key"),
        ("accept = ['x']", "accept keeps Enter"),
        ("escape = []", "escape keeps Esc"),
        ("help = []", "help needs a key"),
    ] {
        let told = settled(&format!("read_only = false\n[keys]\n{entry}\n")).unwrap_err();
        assert!(told.starts_with(&format!("3: {words}")), "{entry}: {told}");
        assert!(told.ends_with("Nothing was started"), "{told}");
    }
}
