//! One look asks each question once: answers are kept for as long as the look lasts, and can be fetched in bulk.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::rc::Rc;

use crate::facts::files::Spot;
use crate::facts::sockets::SocketTable;
use crate::facts::{Fact, Lack, fact};
use crate::os::{Answer, Ask, FileStat, Found, PathAsk, Pid, Refusal, Root, Source, Text};

/// A source that remembers, for one look.
pub struct Once<'a> {
    source: &'a dyn Source,
    answers: RefCell<HashMap<Ask, Answer>>,
    tables: RefCell<BTreeMap<Ask, Rc<Fact<SocketTable>>>>,
}

impl<'a> Once<'a> {
    /// A fresh one for a new look.
    pub fn new(source: &'a dyn Source) -> Self {
        Self { source, answers: RefCell::default(), tables: RefCell::default() }
    }

    /// Asks what has not been asked yet, all in one go.
    pub fn fetch(&self, asks: Vec<Ask>) {
        let mut new: Vec<Ask> = {
            let known = self.answers.borrow();
            asks.into_iter().filter(|ask| !known.contains_key(ask)).collect()
        };
        new.sort();
        new.dedup();
        if new.is_empty() {
            return;
        }
        let answers = self.source.ask(&new);
        self.answers.borrow_mut().extend(new.into_iter().zip(answers));
    }

    /// Forgets what was told of a process, so that it is asked anew.
    pub fn forget(&self, pid: Pid) {
        self.answers.borrow_mut().retain(|ask, _| ask.pid() != Some(pid));
    }

    /// One answer.
    pub fn one(&self, ask: &Ask) -> Answer {
        if let Some(answer) = self.answers.borrow().get(ask) {
            return answer.clone();
        }
        self.fetch(vec![ask.clone()]);
        self.answers.borrow().get(ask).cloned().unwrap_or(Err(Refusal::NotRecorded))
    }

    /// One answer that nobody wants again in this look: it is given away.
    pub fn last(&self, ask: &Ask) -> Answer {
        self.fetch(vec![ask.clone()]);
        self.answers.borrow_mut().remove(ask).unwrap_or(Err(Refusal::NotRecorded))
    }

    /// One answer of this very moment, whatever was answered before.
    pub fn again(&self, ask: Ask) -> Answer {
        self.source.ask_one(ask)
    }

    /// One fact.
    pub fn fact<T>(&self, ask: &Ask, take: impl FnOnce(Found) -> Result<T, Lack>) -> Fact<T> {
        fact(ask, self.one(ask), take)
    }

    /// The sockets of a network namespace, by inode: many ask for the same ones.
    pub fn sockets(&self, ask: &Ask) -> Rc<Fact<SocketTable>> {
        let mut tables = self.tables.borrow_mut();
        let table = tables.entry(ask.clone()).or_insert_with(|| {
            let all = fact(ask, self.last(ask), |found| match found {
                Found::Sockets(all) => Ok(all.into_iter().map(|s| (s.inode, s)).collect()),
                _ => Err(OTHER_KIND),
            });
            Rc::new(all)
        });
        Rc::clone(table)
    }

    /// A path's metadata, links followed.
    pub fn stat(&self, root: Root, path: &Path) -> Fact<Option<FileStat>> {
        self.fact(&Ask::path(root, path, PathAsk::Stat), |found| match found {
            Found::Stat(stat) => Ok(stat),
            _ => Err(OTHER_KIND),
        })
    }

    /// A path's own metadata, that of the link where it is one.
    pub fn lstat(&self, root: Root, path: &Path) -> Fact<Option<FileStat>> {
        self.fact(&Ask::path(root, path, PathAsk::Lstat), |found| match found {
            Found::Stat(stat) => Ok(stat),
            _ => Err(OTHER_KIND),
        })
    }

    /// A path with its links resolved.
    pub fn real(&self, root: Root, path: &Path) -> Fact<Option<PathBuf>> {
        self.fact(&Ask::path(root, path, PathAsk::Real), |found| match found {
            Found::Link(link) => Ok(link.map(|text| text.path().to_path_buf())),
            _ => Err(OTHER_KIND),
        })
    }

    /// A path, looked at.
    pub fn spot(&self, root: Root, path: &Path) -> Spot {
        self.fetch(vec![
            Ask::path(root, path, PathAsk::Stat),
            Ask::path(root, path, PathAsk::Real),
        ]);
        Spot { path: path.to_path_buf(), stat: self.stat(root, path), real: self.real(root, path) }
    }

    /// A file's first bytes, whatever follows; `None`: there is no such file.
    pub fn head(&self, root: Root, path: &Path, bound: u32) -> Fact<Option<Text>> {
        self.fact(&Ask::path(root, path, PathAsk::Head(bound)), |found| match found {
            Found::File(bytes) => Ok(bytes),
            _ => Err(OTHER_KIND),
        })
    }

    /// A whole file; `None`: there is no such file. One with more bytes than the bound is lacking.
    pub fn file(&self, root: Root, path: &Path, bound: u32) -> Fact<Option<Text>> {
        self.fact(&Ask::path(root, path, PathAsk::Read(bound)), |found| match found {
            Found::File(bytes) => Ok(bytes),
            _ => Err(OTHER_KIND),
        })
    }

    /// A script's `#!` line; empty: it has none; `None`: there is no such file.
    pub fn shebang(&self, root: Root, path: &Path) -> Fact<Option<Text>> {
        self.fact(&Ask::path(root, path, PathAsk::Shebang), |found| match found {
            Found::File(bytes) => Ok(bytes),
            _ => Err(OTHER_KIND),
        })
    }

    /// Names in a directory; `None`: there is no such directory.
    pub fn list(&self, root: Root, path: &Path) -> Fact<Option<Vec<Text>>> {
        self.fact(&Ask::path(root, path, PathAsk::List), |found| match found {
            Found::Names(names) => Ok(names),
            _ => Err(OTHER_KIND),
        })
    }
}

impl Source for Once<'_> {
    fn ask(&self, asks: &[Ask]) -> Vec<Answer> {
        self.fetch(asks.to_vec());
        asks.iter().map(|ask| self.one(ask)).collect()
    }
}

const OTHER_KIND: Lack = Lack::Malformed("another kind of answer");
