//! What a TARGET names.

use farrier::model::{PidfileKind, PidfileState, Role};
use farrier::survey::target::{Unresolved, resolve};

use super::shop::{ROOT, alone, both, master, pid, pidfile, shop};

#[test]
fn id_name_root_and_pid_name_it() {
    let census = both();
    for word in [ROOT, "shop"] {
        let target = resolve(&census, word).unwrap();
        assert_eq!((target.app.0.as_str(), target.master), (ROOT, None), "{word}");
    }
    assert_eq!(resolve(&census, "9120").unwrap().master, Some(pid(9120)));
}

#[test]
fn a_pidfile_names_the_master_that_it_leads_to_and_no_other() {
    let mut census = both();
    census.apps[0].pidfiles = vec![
        pidfile("unicorn.pid", PidfileKind::Current, 14740, PidfileState::Live),
        pidfile("unicorn.pid.oldbin", PidfileKind::Oldbin, 9120, PidfileState::Live),
        pidfile("other.pid", PidfileKind::Current, 14740, PidfileState::Dead),
    ]
    .into();
    let at = |name: &str| resolve(&census, &format!("{ROOT}/shared/pids/{name}")).unwrap();
    assert_eq!(at("unicorn.pid").master, Some(pid(14740)));
    assert_eq!(at("unicorn.pid.oldbin").master, Some(pid(9120)));
    let dead = at("other.pid");
    assert_eq!(dead.master, None);
    assert!(dead.pidfile.is_some(), "it is told apart from the app's own name");
}

#[test]
fn what_fits_several_is_refused_with_the_list() {
    let mut census = alone();
    let mut second = shop(vec![master(20000, Role::Current, None, &[20001])]).apps.remove(0);
    second.id.0 = format!("{ROOT}#second");
    census.apps[0].id.0 = format!("{ROOT}#first");
    census.apps.push(second);
    let Err(Unresolved::Ambiguous { choices, .. }) = resolve(&census, "shop") else {
        panic!("one of two was chosen");
    };
    let words: Vec<&str> = choices.iter().map(|choice| choice.word.as_str()).collect();
    assert_eq!(words, ["/var/www/shop#first", "/var/www/shop#second"]);
    assert!(resolve(&census, "/var/www/shop#second").is_ok());
    assert!(matches!(resolve(&census, ROOT), Err(Unresolved::Ambiguous { .. })));
}

#[test]
fn a_worker_is_told_with_its_master_and_a_stranger_is_unknown() {
    let census = alone();
    let refused = resolve(&census, "14743").unwrap_err();
    assert_eq!(refused.to_string(), "14743 is w0 of 14740, not a master");
    assert_eq!(refused.ways_out(), ["name 14740 instead"]);
    assert!(matches!(resolve(&census, "4711"), Err(Unresolved::Unknown(_))));
    assert!(matches!(resolve(&census, "-14740"), Err(Unresolved::Unknown(_))));
    let refused = resolve(&census, "sh\x1b[2Jop").unwrap_err();
    assert!(!refused.to_string().contains('\x1b'));
}
