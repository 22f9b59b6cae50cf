//! The threads of a stage: one looks, one acts. What they have to say comes to the loop with the stage's number.

use std::io;
use std::sync::mpsc::{self, Sender};
use std::thread;
use std::time::Duration;

use super::gather::{self, Looker};
use super::hand::{self, Said};
use super::hosts::{Files, Summary};
use super::input::Came;
use super::run::Inspector;
use super::update::Event;
use crate::os::terminal::Told;

/// What comes to the loop. An event bears the number of the stage that it is for.
pub enum Heard {
    /// A key, or another size.
    Input(Came),
    /// Something happened to the stage of this number.
    Event(usize, Event),
    /// The file of one of several machines was read.
    Host(usize, Result<Summary, String>),
    /// The terminal took a frame, after so long.
    Written(Duration),
    /// A signal came to farrier itself.
    Told(Told),
    /// The terminal gives no more keys.
    InputEnded,
}

/// Where the threads of a stage are heard, and the number that they say.
#[derive(Clone, Copy)]
pub struct Tell<'a> {
    /// Its number.
    pub number: usize,
    /// The loop's ear.
    pub tell: &'a Sender<Heard>,
}

impl Tell<'_> {
    /// Says events of this stage; false: nobody listens.
    fn events(self) -> impl Fn(Event) -> bool + Send + 'static {
        let (number, tell) = (self.number, self.tell.clone());
        move |event| tell.send(Heard::Event(number, event)).is_ok()
    }
}

/// Starts the one that looks.
pub fn start_gatherer(inspector: &Inspector, tell: Tell<'_>) -> io::Result<Sender<gather::Order>> {
    let (looks, orders) = mpsc::channel();
    let looker =
        Looker::new((inspector.sources)()?, inspector.wish.clone(), inspector.ignore.clone());
    let refresh = inspector.refresh;
    let (played, script) = (inspector.played, inspector.script.clone());
    let say = tell.events();
    thread::Builder::new().name("looks".into()).spawn(move || {
        let came = |census, verdicts, period| say(Event::Look(census, verdicts, period));
        let opened = |pid, opens| {
            say(Event::Opens(pid, opens));
        };
        let played = (played, script.as_deref());
        gather::gather(looker, refresh, played, &orders, came, opened);
    })?;
    Ok(looks)
}

/// Starts the one that reads the files of several machines, one after the other.
pub fn start_teller(files: Files, tell: Tell<'_>) -> io::Result<()> {
    let tell = tell.tell.clone();
    thread::Builder::new().name("hosts".into()).spawn(move || {
        for number in 0..files.names.len() {
            if tell.send(Heard::Host(number, (files.tell)(number))).is_err() {
                return;
            }
        }
    })?;
    Ok(())
}

/// Starts the one that acts, where there are hands.
pub fn start_hand(inspector: Inspector, tell: Tell<'_>) -> io::Result<Option<Sender<hand::Order>>> {
    let Some(hands) = inspector.hands else { return Ok(None) };
    let (sender, orders) = mpsc::channel();
    let looker = Looker::new((inspector.sources)()?, inspector.wish, inspector.ignore);
    let tell = tell.events();
    thread::Builder::new().name("hand".into()).spawn(move || {
        hand::follow(hands, looker, &orders, |said| {
            let event = match said {
                Said::Held => Event::Held,
                Said::Turned(refused) => Event::Turned(refused),
                Said::Looked(census, verdicts) => Event::Looked(census, verdicts),
                Said::Told(at, event) => Event::Told(at, event),
                Said::Came(at, title, outcome) => Event::Came(at, title, outcome),
            };
            tell(event);
        });
    })?;
    Ok(Some(sender))
}
