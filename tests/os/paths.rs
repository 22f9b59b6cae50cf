//! Paths: what is read, what is not, and what no link leads to.

use super::*;

#[test]
fn f032_f033_f034_what_is_no_regular_file_is_not_read() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    nix::unistd::mkfifo(&at("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    std::os::unix::fs::symlink("/proc/kmsg", at("kmsg")).unwrap();
    std::os::unix::fs::symlink("/sys/kernel/mm/ksm/run", at("sys")).unwrap();
    let live = live();
    for path in [at("fifo"), at("kmsg"), at("sys"), directory.path().into(), "/dev/zero".into()] {
        let answer = live.ask_one(own_path(&path, PathAsk::Read(64)));
        assert!(matches!(answer, Err(Refusal::Unsupported(_))), "{path:?}: {answer:?}");
    }
}

#[test]
fn f035_f036_links_and_sizes() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    std::os::unix::fs::symlink("b", at("a")).unwrap();
    std::os::unix::fs::symlink("a", at("b")).unwrap();
    std::os::unix::fs::symlink("nowhere", at("dangling")).unwrap();
    std::fs::File::create(at("sparse")).unwrap().set_len(1 << 40).unwrap();
    std::fs::write(at("script"), "#!/usr/bin/env ruby\nputs 1\n").unwrap();
    std::fs::write(at("plain"), "0123456789").unwrap();
    let live = live();
    let ask = |name: &str, ask| live.ask_one(own_path(&at(name), ask));
    let file = |bytes: &[u8]| Ok(Found::File(Some(Text::new(bytes))));
    assert_eq!(ask("a", PathAsk::Stat), Err(Refusal::Failed("ELOOP".into())));
    assert_eq!(ask("a", PathAsk::Real), Err(Refusal::Failed("ELOOP".into())));
    assert_eq!(ask("dangling", PathAsk::Stat), Ok(Found::Stat(None)));
    assert_eq!(ask("dangling", PathAsk::Real), Ok(Found::Link(None)));
    assert_eq!(ask("dangling", PathAsk::ReadLink), Ok(Found::Link(Some("nowhere".into()))));
    assert_eq!(ask("plain/x", PathAsk::Read(9)), Ok(Found::File(None)));
    // A part is never taken for the whole.
    assert_eq!(ask("sparse", PathAsk::Read(3)), Err(Refusal::TooLarge(3)));
    assert_eq!(ask("sparse", PathAsk::Head(3)), file(&[0, 0, 0]));
    assert_eq!(ask("plain", PathAsk::Read(9)), Err(Refusal::TooLarge(9)));
    assert_eq!(ask("plain", PathAsk::Read(10)), file(b"0123456789"));
    assert_eq!(ask("sparse", PathAsk::Tail(3)), file(&[0, 0, 0]));
    assert_eq!(ask("plain", PathAsk::Tail(3)), file(b"789"));
    assert_eq!(ask("script", PathAsk::Shebang), file(b"#!/usr/bin/env ruby"));
    assert_eq!(ask("plain", PathAsk::Shebang), file(b""));
    let names = ["a", "b", "dangling", "plain", "script", "sparse"].map(Text::from).to_vec();
    assert_eq!(ask("", PathAsk::List), Ok(Found::Names(Some(names))));
}

#[test]
fn a_path_is_resolved_by_every_link_and_by_nothing_that_its_name_looks_like() {
    let directory = tempfile::tempdir().unwrap();
    let top = directory.path().canonicalize().unwrap();
    std::fs::create_dir_all(top.join("a/b (deleted)/c")).unwrap();
    std::os::unix::fs::symlink("a/b (deleted)", top.join("link")).unwrap();
    std::os::unix::fs::symlink(top.join("link/c"), top.join("far")).unwrap();
    let live = live();
    for (path, real) in [
        ("link", "a/b (deleted)"),
        ("link/c", "a/b (deleted)/c"),
        ("link/../b (deleted)", "a/b (deleted)"),
        ("far/..", "a/b (deleted)"),
        ("./a//b (deleted)/./c", "a/b (deleted)/c"),
    ] {
        let answer = live.ask_one(own_path(&top.join(path), PathAsk::Real));
        assert_eq!(answer, Ok(Found::Link(Some(top.join(real).as_path().into()))), "{path}");
    }
    let missing = live.ask_one(own_path(&top.join("link/d"), PathAsk::Real));
    assert_eq!(missing, Ok(Found::Link(None)));
}

#[test]
fn f060_f061_a_deleted_directory_is_told_from_one_that_is_named_so() {
    let directory = tempfile::tempdir().unwrap();
    let (gone, literal) = (directory.path().join("gone"), directory.path().join("x (deleted)"));
    std::fs::create_dir(&gone).unwrap();
    std::fs::create_dir(&literal).unwrap();
    let child =
        |at: &Path| Ended(Command::new("sleep").arg("300").current_dir(at).spawn().unwrap());
    let (deleted, named) = (child(&gone), child(&literal));
    std::fs::remove_dir(&gone).unwrap();
    let live = live();
    let links = |child: &Ended| match live.ask_one(Ask::LinkStat(child.pid(), ProcLink::Cwd)) {
        Ok(Found::Stat(Some(stat))) => stat.nlink,
        other => panic!("{other:?}"),
    };
    assert_eq!(links(&deleted), 0);
    assert!(links(&named) > 0);
    let link = text(live.ask_one(Ask::Link(named.pid(), ProcLink::Cwd)));
    assert_eq!(link.path(), literal);
}

#[test]
fn f076_f077_no_path_leads_out_of_a_processs_root() {
    let outside = tempfile::tempdir().unwrap();
    let root = outside.path().join("root");
    std::fs::create_dir_all(root.join("etc")).unwrap();
    std::fs::write(root.join("etc/passwd"), "inside").unwrap();
    std::fs::write(outside.path().join("secret"), "outside").unwrap();
    for (link, to) in [
        ("absolute", "/etc/passwd"),
        ("up", "../../../../../../secret"),
        ("magic", "/proc/self/root"),
    ] {
        std::os::unix::fs::symlink(to, root.join(link)).unwrap();
    }
    // A static program would be needed to start inside; a process that changes its root after it started is not.
    let script = format!(
        "chroot('{}') or die; chdir('/'); $| = 1; print 'x'; sleep 300",
        root.to_str().unwrap()
    );
    let mut child =
        Ended(Command::new("perl").args(["-e", &script]).stdout(Stdio::piped()).spawn().unwrap());
    std::io::Read::read_exact(child.0.stdout.as_mut().unwrap(), &mut [0]).unwrap();
    let live = live();
    let ask =
        |path: &str, ask| live.ask_one(Ask::path(Root::Of(child.pid()), Path::new(path), ask));
    let inside = Ok(Found::File(Some("inside".into())));
    assert_eq!(ask("/etc/passwd", PathAsk::Read(64)), inside);
    assert_eq!(ask("/absolute", PathAsk::Read(64)), inside);
    assert_eq!(ask("/absolute", PathAsk::Real), Ok(Found::Link(Some("/etc/passwd".into()))));
    assert_eq!(ask("/up", PathAsk::Read(64)), Ok(Found::File(None)));
    assert_eq!(ask("/magic/etc/passwd", PathAsk::Read(64)), Ok(Found::File(None)));
}
