//! Several machines, each recorded in a file of its own: which they are, and which of them is shown.

use std::cmp::Reverse;

use jiff::Timestamp;

use crate::contract::{Severity, Verdicts};
use crate::model::Census;
use crate::rules::headline::{Word, headline};

/// What is told of a machine in the list: its headline, from the look with which its file begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Its name; `None`: that is not known.
    pub name: Option<String>,
    /// When the look was taken.
    pub taken_at: Timestamp,
    /// How grave what the headline speaks of is.
    pub severity: Option<Severity>,
    /// The headline's first word.
    pub word: Word,
    /// What it says.
    pub what: String,
}

impl Summary {
    /// Of one look.
    pub fn of(census: &Census, verdicts: &Verdicts) -> Self {
        let told = headline(census, verdicts);
        Self {
            name: census.host.get().map(|host| host.name.to_string()),
            taken_at: census.taken_at,
            severity: told.severity,
            word: told.word,
            what: told.what,
        }
    }
}

/// Tells of the machine of each file, or why it was not read.
pub type Teller = Box<dyn Fn(usize) -> Result<Summary, String> + Send>;

/// The files that the inspector was started on.
pub struct Files {
    /// Their names, as they are shown.
    pub names: Vec<String>,
    /// The one that is shown first.
    pub at: usize,
    /// Reads one.
    pub tell: Teller,
}

/// One of the machines.
#[derive(Clone, Debug)]
pub struct Host {
    /// The name of its file.
    pub file: String,
    /// What is told of it; `None`: it is not read yet.
    pub told: Option<Result<Summary, String>>,
}

impl Host {
    /// Its name, else that of its file.
    pub fn name(&self) -> String {
        let told = self.told.as_ref().and_then(|told| told.as_ref().ok());
        told.and_then(|told| told.name.clone()).unwrap_or_else(|| self.file_name())
    }

    fn file_name(&self) -> String {
        let name = self.file.rsplit('/').next().unwrap_or_default();
        name.strip_suffix(".toml").unwrap_or(name).to_owned()
    }

    /// The worse the smaller. What was not read is never among the fine.
    fn rank(&self) -> u8 {
        match &self.told {
            Some(Ok(told)) => match (told.word, told.severity) {
                (Word::Down, _) => 0,
                (_, Some(Severity::Critical)) => 1,
                (_, Some(Severity::Warning)) => 2,
                (Word::Moving, _) => 4,
                (Word::Unsure | Word::None | Word::Look, _) => 5,
                (_, Some(Severity::Info)) => 6,
                (_, None) => 7,
            },
            Some(Err(_)) => 3,
            None => 8,
        }
    }
}

/// All of them, in the order in which they were named.
#[derive(Clone, Debug)]
pub struct Hosts {
    /// Each.
    pub all: Vec<Host>,
    /// The one that is shown.
    pub at: usize,
    /// A key was pressed: the cursor does not go to the worst by itself any more.
    pub touched: bool,
}

impl Hosts {
    /// None of them is read yet.
    pub fn new(files: &[String], at: usize) -> Self {
        let all = files.iter().map(|file| Host { file: file.clone(), told: None }).collect();
        Self { all, at, touched: false }
    }

    /// The name of one of them; that of its file where others have the same.
    pub fn name(&self, host: &Host) -> String {
        let name = host.name();
        let alike = self.all.iter().filter(|other| other.name() == name).count();
        if alike > 1 { host.file_name() } else { name }
    }

    /// Their numbers, the worst first.
    pub fn worst_first(&self) -> Vec<usize> {
        let mut numbers: Vec<usize> = (0..self.all.len()).collect();
        numbers.sort_by_cached_key(|at| {
            self.all.get(*at).map(|host| (host.rank(), Reverse(severe(host)), host.name()))
        });
        numbers
    }

    /// A key was pressed.
    pub fn touch(&mut self) {
        self.touched = true;
    }

    /// Which of how many is shown: `1 of 3`.
    pub fn words(&self) -> String {
        format!("{} of {}", self.at + 1, self.all.len())
    }
}

/// Of two whose app is down the one that says it gravely comes first.
fn severe(host: &Host) -> bool {
    let told = host.told.as_ref().and_then(|told| told.as_ref().ok());
    told.is_some_and(|told| told.severity == Some(Severity::Critical))
}
