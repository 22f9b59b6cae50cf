//! Deploy roots of every make, in a file system of a few lines.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{candidate_root, entry, read};
use crate::model::{CurrentState, Layout};
use crate::os::{
    Answer, Ask, FileKind, FileStat, Found, PathAsk, Refusal, Root, Source, Text, shown,
};

/// `name`: a directory; `name=text`: a file; `name>target`: a link. Each entry is a second younger than the last.
struct Tree(BTreeMap<PathBuf, (FileKind, String, i64)>);

impl Tree {
    fn new(lines: &[&str]) -> Self {
        let mut tree = Self(BTreeMap::new());
        for (second, line) in lines.iter().enumerate() {
            let (path, kind, text) = if let Some((path, target)) = line.split_once('>') {
                (path, FileKind::Symlink, target)
            } else if let Some((path, text)) = line.split_once('=') {
                (path, FileKind::Regular, text)
            } else {
                (*line, FileKind::Directory, "")
            };
            for above in Path::new(path).ancestors().skip(1) {
                tree.0.entry(above.into()).or_insert((FileKind::Directory, String::new(), 0));
            }
            let time = i64::try_from(second).unwrap() * 1_000_000_000;
            tree.0.insert(path.into(), (kind, text.into(), time));
        }
        tree
    }

    fn real(&self, path: &Path) -> Option<PathBuf> {
        let mut real = PathBuf::from("/");
        for part in path.components().skip(1) {
            real.push(part);
            if let Some((FileKind::Symlink, target, _)) = self.0.get(&real) {
                real = self.real(&real.parent()?.join(target))?;
            }
        }
        self.0.contains_key(&real).then_some(real)
    }

    fn stat(&self, path: &Path) -> Option<FileStat> {
        self.0.get(path).map(|(kind, _, time)| FileStat {
            kind: *kind,
            device: 1,
            inode: 1,
            mode: 0o755,
            uid: 0,
            gid: 0,
            nlink: 1,
            size: 0,
            mtime: *time,
            ctime: *time,
            rdev: 0,
        })
    }

    fn answer(&self, path: &Path, ask: PathAsk) -> Found {
        let entry = |path: &Path| {
            path.parent()
                .and_then(|p| self.real(p))
                .map(|p| p.join(path.file_name().unwrap_or_default()))
        };
        match ask {
            PathAsk::Stat => Found::Stat(self.real(path).and_then(|real| self.stat(&real))),
            PathAsk::Lstat => Found::Stat(entry(path).and_then(|path| self.stat(&path))),
            PathAsk::ReadLink => Found::Link(
                self.0.get(path).filter(|e| e.0 == FileKind::Symlink).map(|e| Text::from(&*e.1)),
            ),
            PathAsk::Access => Found::Access(None),
            PathAsk::Real => Found::Link(self.real(path).map(|real| Text::from(&*real))),
            PathAsk::List => Found::Names(self.real(path).map(|real| {
                let children = self.0.keys().filter(|p| p.parent() == Some(real.as_path()));
                children.filter_map(|p| p.file_name()).map(|n| Text::from(Path::new(n))).collect()
            })),
            PathAsk::Read(_) | PathAsk::Head(_) | PathAsk::Tail(_) | PathAsk::Shebang => {
                Found::File(
                    self.real(path).and_then(|real| self.0.get(&real)).map(|e| Text::from(&*e.1)),
                )
            }
        }
    }
}

impl Source for Tree {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        asks.iter()
            .map(|ask| match ask {
                Ask::Path(_, path, PathAsk::List)
                    if path.bytes().ends_with(b"/denied/releases") =>
                {
                    Err(Refusal::Denied)
                }
                Ask::Path(_, path, ask) => Ok(self.answer(path.path(), *ask)),
                _ => Err(Refusal::NotRecorded),
            })
            .collect()
    }
}

fn layout(lines: &[&str], in_use: &[&str]) -> Option<Layout> {
    let in_use: Vec<String> = in_use.iter().map(|name| (*name).to_owned()).collect();
    read(&Tree::new(lines), Root::Own, Path::new("/srv/app"), &in_use).value.unwrap()
}

fn names(layout: &Layout) -> Vec<&str> {
    layout.releases.get().unwrap().iter().map(|release| release.name.as_str()).collect()
}

#[test]
fn guesses() {
    let root = |path: &str| candidate_root(Path::new(path)).map(|path| shown(&path));
    for path in [
        "/srv/app/releases/7",
        "/srv/app/releases/7/config/unicorn.rb",
        "/srv/app/current",
        "/srv/app/current/config",
    ] {
        assert_eq!(root(path).as_deref(), Some("/srv/app"), "{path}");
    }
    assert_eq!(root("/srv/releases/app/current/x").as_deref(), Some("/srv/releases/app"));
    for path in ["/srv/app", "/srv/app/releases", "current/x", "/", "", "/srv/app/currently/x"] {
        assert_eq!(root(path), None, "{path}");
    }
    let in_release = entry(Path::new("/srv/app"), Path::new("/srv/app/releases/7/config"));
    assert_eq!(in_release.as_deref(), Some("7"));
    assert_eq!(entry(Path::new("/srv/app"), Path::new("/srv/app/current/x")), None);
}

#[test]
fn capistrano() {
    let layout = layout(
        &[
            "/srv/app/releases/20240201000000/REVISION=abc123\n",
            "/srv/app/releases/20240101000000/Gemfile.lock=GEM\n  specs:\n    rack (2.2.1)\n",
            "/srv/app/releases/20240301000000",
            "/srv/app/shared",
            "/srv/app/current>/srv/app/releases/20240201000000",
        ],
        &["20240101000000"],
    )
    .unwrap();
    assert_eq!(names(&layout), ["20240101000000", "20240201000000", "20240301000000"]);
    assert_eq!(layout.current_release(), Some("20240201000000"));
    assert_eq!(layout.offset("20240101000000"), Some(-1));
    assert_eq!(layout.current.switched_at.get().unwrap().as_second(), 4);
    assert!(layout.shared.is_some());
    let releases = layout.releases.get().unwrap();
    assert_eq!(releases[1].revision.as_deref(), Some("abc123"));
    let lock = releases[0].lock.get().unwrap().as_ref().unwrap();
    assert_eq!(lock.gems.get("rack").map(String::as_str), Some("2.2.1"));
    assert_eq!(releases[1].lock.get(), Some(&None));
    assert!(releases[2].lock.get().is_none(), "not in use, not read");
}

#[test]
fn numbers_names_and_hashes() {
    let mina = layout(
        &["/srv/app/releases/10", "/srv/app/releases/9", "/srv/app/current>releases/10"],
        &[],
    )
    .unwrap();
    assert_eq!(names(&mina), ["9", "10"]);
    assert_eq!(mina.current_release(), Some("10"));
    let hashes = layout(
        &[
            "/srv/app/releases/f00d123",
            "/srv/app/releases/0abc456",
            "/srv/app/releases/note=no release",
            "/srv/app/releases/.tmp",
            "/srv/app/current>./releases/0abc456",
        ],
        &[],
    )
    .unwrap();
    assert_eq!(names(&hashes), ["f00d123", "0abc456"]);
    assert_eq!(hashes.current_release(), Some("0abc456"));
}

#[test]
fn what_current_is() {
    let state = |last: &[&str]| {
        let mut lines = vec!["/srv/app/releases/20240101000000", "/srv/app/elsewhere"];
        lines.extend(last);
        layout(&lines, &[]).unwrap().current.state.value.unwrap()
    };
    assert_eq!(state(&[]), CurrentState::Missing);
    assert_eq!(state(&["/srv/app/current"]), CurrentState::Directory);
    assert_eq!(
        state(&["/srv/app/current>releases/20230101000000"]),
        CurrentState::Dangling("releases/20230101000000".into())
    );
    assert_eq!(
        state(&["/srv/app/current>elsewhere"]),
        CurrentState::Elsewhere("/srv/app/elsewhere".into())
    );
    assert_eq!(
        state(&[
            "/srv/app/current>releases/20240101000000/rails",
            "/srv/app/releases/20240101000000/rails"
        ]),
        CurrentState::Release("20240101000000".into())
    );
}

#[test]
fn a_rescued_release_is_a_link() {
    let layout = layout(
        &[
            "/srv/app/releases/2",
            "/srv/app/releases/1>/srv/app/current",
            "/srv/app/current>releases/2",
        ],
        &["1"],
    )
    .unwrap();
    assert_eq!(
        layout.release("1").unwrap().link_to.as_deref(),
        Some(Path::new("/srv/app/releases/2"))
    );
    assert_eq!(layout.release("2").unwrap().link_to, None);
    assert_eq!(layout.current_release(), Some("2"));
}

#[test]
fn a_link_laid_into_a_release() {
    let nested = |link: &str| {
        let lines =
            ["/srv/app/releases/1", "/srv/app/releases/2", "/srv/app/current>releases/1", link];
        let layout = layout(&lines, &[]).unwrap();
        layout.release("1").unwrap().nested_link.get().unwrap().clone()
    };
    let path = PathBuf::from("/srv/app/releases/1/2");
    assert_eq!(nested("/srv/app/releases/1/2>/srv/app/releases/2"), Some(path));
    let path = PathBuf::from("/srv/app/releases/1/current");
    assert_eq!(nested("/srv/app/releases/1/current>/srv/app/releases/2"), Some(path));
    assert_eq!(nested("/srv/app/releases/1/2=a file"), None);
    assert_eq!(nested("/srv/app/releases/1/current>/srv/app/releases/1/../../shared"), None);
    assert_eq!(nested("/srv/app/releases/1/log>/srv/app/shared/log"), None);
}

#[test]
fn no_deploy_root_by_accident() {
    assert_eq!(layout(&["/srv/app/releases/notes", "/srv/app/config"], &[]), None);
    assert_eq!(layout(&["/srv/app/config"], &[]), None);
    assert_eq!(layout(&["/srv/app/current>/srv/other", "/srv/other"], &[]), None);
    let broken = layout(&["/srv/app/releases/v1"], &["v1"]).unwrap();
    assert_eq!(broken.current.state.get(), Some(&CurrentState::Missing));
    assert_eq!(names(&broken), ["v1"]);
}

#[test]
fn what_may_not_be_listed_is_lacking() {
    let tree = Tree::new(&["/srv/denied/releases/1", "/srv/denied/current>releases/1"]);
    let layout = read(&tree, Root::Own, Path::new("/srv/denied"), &[]).value.unwrap().unwrap();
    assert!(layout.releases.lack().is_some());
    assert_eq!(layout.current_release(), Some("1"));
    let tree = Tree::new(&["/srv/denied/releases/1"]);
    assert!(read(&tree, Root::Own, Path::new("/srv/denied"), &[]).value.is_err());
}
