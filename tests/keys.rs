//! The table of keys: nothing bound twice, everything bound once, nothing that something else takes.

use std::collections::BTreeSet;

use crossterm::event::KeyCode;
use farrier::tui::keys::{Action, BINDINGS, Key, Reach, Scope, find};

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
        assert!(!binding.keys.is_empty() && !binding.doc.is_empty());
        for key in binding.keys {
            assert_eq!(find(*key, binding.scope).unwrap().action, binding.action);
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
    for letter in "basq\\^]hijmwtn".chars() {
        let key = Key { code: KeyCode::Char(letter), ctrl: true };
        assert!(BINDINGS.iter().all(|b| !b.keys.contains(&key)), "Ctrl-{letter} is bound");
    }
    for letter in "ABCDEFHIMOPQRSZ[~;".chars() {
        let key = Key { code: KeyCode::Char(letter), ctrl: false };
        assert!(BINDINGS.iter().all(|b| !b.keys.contains(&key)), "{letter} is bound");
    }
    for number in 1..=12 {
        let key = Key { code: KeyCode::F(number), ctrl: false };
        assert!(BINDINGS.iter().all(|b| !b.keys.contains(&key)));
    }
}

#[test]
fn escape_never_quits() {
    let key = Key { code: KeyCode::Esc, ctrl: false };
    for scope in [Scope::All, Scope::Tree, Scope::Environment] {
        assert_eq!(find(key, scope).unwrap().action, Action::Escape);
    }
    assert_eq!(find(key, Scope::Dialog).unwrap().action, Action::Cancel);
    assert_eq!(find(key, Scope::Line).unwrap().action, Action::Abandon);
}
