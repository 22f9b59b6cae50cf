//! The inspector at work: threads that look, read keys, write and signal, and one loop that takes in, changes and draws.

mod pace;
mod turn;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use jiff::tz::TimeZone;

use super::bound::Keys;
use super::draw::draw;
use super::gather;
use super::hand;
use super::history::Played;
use super::hosts::{Files, Hosts};
use super::input::{self, Came};
use super::opening::{Opener, Wanted};
use super::place::{Pane, View};
use super::rehearsal::{Actor, Script};
use super::screen::Screen;
use super::state::{Reveal, Rights, State};
use super::theme::Theme;
use super::threads::{Heard, Tell, start_gatherer, start_hand, start_teller};
use super::tour::Tour;
use super::update::{Effect, Event, update};
use crate::os::terminal::{Terminal, Told, Watch, leave_behind};
use crate::os::{Hands, Source};
use crate::survey::Wish;

use turn::Left;

/// Frames that no key asked for come at most this often.
const FRAME: Duration = Duration::from_millis(100);

/// Makes the eyes of one machine, as often as it is asked.
pub type Sources = Box<dyn Fn() -> io::Result<Box<dyn Source + Send>>>;

/// What the inspector needs.
pub struct Inspector {
    /// Makes the machine's eyes: one pair for the gatherer, one for the hand.
    pub sources: Sources,
    /// The hands; `None` where nothing may be sent.
    pub hands: Option<Box<dyn Hands + Send>>,
    /// What to look for.
    pub wish: Wish,
    /// Rules that are not asked.
    pub ignore: Vec<String>,
    /// Names of the environment whose values may be shown, besides the harmless ones.
    pub show: Vec<String>,
    /// The time between two looks.
    pub refresh: Duration,
    /// Colours and signs.
    pub theme: Theme,
    /// The keys that are in force.
    pub keys: Keys,
    /// Take the mouse from the terminal.
    pub mouse: bool,
    /// The zone in which times are shown.
    pub zone: TimeZone,
    /// What farrier may do.
    pub rights: Rights,
    /// The recording that is shown in place of the machine.
    pub played: Option<Played>,
    /// What it waits for, if it is a rehearsal.
    pub script: Option<Arc<Script>>,
    /// The machines, where it was started on several files; this is the first of them.
    pub files: Option<Files>,
    /// Hidden values may be revealed, one at a time (`--show-secrets`).
    pub show_secrets: bool,
}

impl Inspector {
    /// The same of a recording that is rehearsed, with hands that reach nobody.
    #[must_use]
    pub fn rehearsing(self, script: Arc<Script>, hands: Actor) -> Self {
        let played = self.played.map(|played| Played { rehearsal: true, ..played });
        let (hands, script) = (Some(Box::new(hands) as Box<dyn Hands + Send>), Some(script));
        Self { hands, script, played, rights: Rights::Rehearsed, ..self }
    }
}

/// Runs until the operator leaves; the exit status. The terminal is given back in any case. `opener` makes what is
/// opened from within.
pub fn run(inspector: Inspector, opener: Opener<'_>) -> io::Result<u8> {
    let (tell, heard) = mpsc::channel();
    let told = tell.clone();
    let terminal = Terminal::take(move |what| {
        let _ = told.send(Heard::Told(what));
    })?;
    let written = tell.clone();
    let mut screen = Screen::new(move |took| {
        let _ = written.send(Heard::Written(took));
    })?;
    let keys = tell.clone();
    thread::Builder::new().name("keys".into()).spawn(move || {
        let _ = input::read(|came| keys.send(Heard::Input(came)).is_ok());
        let _ = keys.send(Heard::InputEnded);
    })?;
    let (mut sent, mut number) = (Vec::new(), 0);
    let mut stage = Stage::set(inspector, &terminal, &mut screen, Tell { number, tell: &tell })?;
    let ended = loop {
        match stage.play(&heard, opener) {
            Ok(Next::Leave) => break Ok(()),
            Ok(Next::Host(to, inspector)) => {
                number += 1;
                stage = stage.turn(to, inspector, Tell { number, tell: &tell })?;
            }
            Ok(Next::Stage(inspector, away)) => {
                sent.append(&mut stage.state.sent);
                drop(stage);
                number += 1;
                screen.forget();
                let tell = Tell { number, tell: &tell };
                stage = Stage::set(*inspector, &terminal, &mut screen, tell)?;
                stage.state.away = away;
            }
            Err(error) => break Err(error),
        }
    };
    sent.append(&mut stage.state.sent);
    drop(stage);
    drop(terminal);
    leave_behind(&sent)?;
    ended.map(|()| 0)
}

/// How a stage ends.
enum Next {
    /// The operator leaves.
    Leave,
    /// Another begins; whether one can go back from it.
    Stage(Box<Inspector>, bool),
    /// Another machine of several is shown; `None`: it was shown before.
    Host(usize, Option<Box<Inspector>>),
}

/// All that the loop works with.
struct Stage<'a> {
    number: usize,
    terminal: &'a Terminal,
    state: State,
    screen: &'a mut Screen,
    watch: Watch,
    looks: Sender<gather::Order>,
    hand: Option<Sender<hand::Order>>,
    /// What is to be opened in place of this.
    wanted: Option<Wanted>,
    /// The machines that were shown before, by their place among all.
    left: BTreeMap<usize, Left>,
    /// A text stands on the normal screen until the next key.
    plain: bool,
    slow_frames: u32,
}

impl<'a> Stage<'a> {
    fn set(
        mut inspector: Inspector,
        terminal: &'a Terminal,
        screen: &'a mut Screen,
        tell: Tell<'_>,
    ) -> io::Result<Self> {
        let mut state = State::new(
            Terminal::size(),
            inspector.theme,
            inspector.zone.clone(),
            inspector.refresh,
        );
        state.rights = match (&inspector.hands, inspector.rights) {
            (None, Rights::Signals) => Rights::ReadOnly,
            (_, rights) => rights,
        };
        state.history.played = inspector.played;
        state.script.clone_from(&inspector.script);
        state.tour = inspector.script.as_ref().map(|_| Tour::default());
        state.show.clone_from(&inspector.show);
        state.keys = inspector.keys.clone();
        state.mouse = inspector.mouse;
        terminal.mouse(inspector.mouse)?;
        if inspector.show_secrets {
            state.reveal = Reveal::OnKey;
        }
        if let Some(files) = inspector.files.take() {
            state.hosts = Some(Hosts::new(&files.names, files.at));
            state.back.push(std::mem::take(&mut state.place));
            (state.place.view, state.place.focus) = (View::Hosts, Pane::Main);
            start_teller(files, tell)?;
        }
        let looks = start_gatherer(&inspector, tell)?;
        let hand = start_hand(inspector, tell)?;
        let watch = Watch::start();
        let left = Left { number: tell.number, state, watch, looks, hand };
        Ok(Self::of(left, terminal, screen))
    }

    /// A machine on the screen, with nothing under way there.
    fn of(left: Left, terminal: &'a Terminal, screen: &'a mut Screen) -> Self {
        let Left { number, state, watch, looks, hand } = left;
        Self {
            number,
            terminal,
            state,
            screen,
            watch,
            looks,
            hand,
            wanted: None,
            left: BTreeMap::new(),
            plain: false,
            slow_frames: 0,
        }
    }

    /// The loop.
    fn play(&mut self, heard: &Receiver<Heard>, opener: Opener<'_>) -> io::Result<Next> {
        let mut drawn = Duration::ZERO;
        let mut waits = !self.show()?;
        loop {
            let pause = if waits || !self.state.dialogs.is_empty() {
                FRAME
            } else {
                Duration::from_secs(1)
            };
            let mut next = match heard.recv_timeout(pause) {
                Ok(next) => Some(next),
                Err(RecvTimeoutError::Timeout) => Some(Heard::Event(self.number, Event::Tick)),
                Err(RecvTimeoutError::Disconnected) => return Ok(Next::Leave),
            };
            let mut pressed = false;
            while let Some(what) = next {
                pressed |= matches!(what, Heard::Input(_));
                if self.take(what)? {
                    return Ok(Next::Leave);
                }
                if let Some(next) = self.open(opener) {
                    return Ok(next);
                }
                next = heard.try_recv().ok();
            }
            let now = self.watch.elapsed();
            if pressed || now.saturating_sub(drawn) >= FRAME {
                drawn = now;
                waits = !self.show()?;
            } else {
                waits = true;
            }
        }
    }

    /// What follows this stage, if something was asked for that can be opened.
    fn open(&mut self, opener: Opener<'_>) -> Option<Next> {
        let wanted = self.wanted.take()?;
        if let Wanted::Host(to) = wanted {
            return self.host(to, opener);
        }
        match opener(&wanted) {
            Ok(inspector) => Some(Next::Stage(Box::new(inspector), wanted != Wanted::Home)),
            Err(why) => {
                let event = Event::Unopened(why);
                update(&mut self.state, self.watch.elapsed(), event);
                None
            }
        }
    }

    fn show(&mut self) -> io::Result<bool> {
        if self.plain {
            return Ok(true);
        }
        // A change of size that came together with a key is not told by the events.
        let (columns, rows) = Terminal::size();
        if self.state.size != (columns, rows) {
            self.screen.forget();
            let resized = Event::Resize(columns, rows);
            for effect in update(&mut self.state, self.watch.elapsed(), resized) {
                self.carry_out(effect)?;
            }
        }
        self.screen.show(draw(&self.state))
    }

    /// Takes one thing in; true ends the loop.
    fn take(&mut self, heard: Heard) -> io::Result<bool> {
        let event = match heard {
            Heard::Event(number, event) if number == self.number => event,
            Heard::Event(number, event) => {
                self.missed(number, event);
                return Ok(false);
            }
            Heard::Host(number, told) => Event::Host(number, told),
            Heard::Input(Came::Resize(columns, rows)) => {
                // It may be the size that it had before, with less left of what was drawn.
                self.screen.forget();
                Event::Resize(columns, rows)
            }
            Heard::Input(Came::Key(_)) if self.plain => {
                self.plain = false;
                self.terminal.take_again()?;
                self.screen.forget();
                Event::Tick
            }
            Heard::Input(Came::Key(key)) => Event::Key(key),
            Heard::Input(Came::Mouse(mouse)) => Event::Mouse(mouse),
            Heard::Told(Told::Stop) => return self.suspend().map(|()| false),
            Heard::Told(Told::GoOn) => {
                self.terminal.take_again()?;
                Event::Resumed
            }
            Heard::Written(took) => {
                self.pace(took);
                return Ok(false);
            }
            Heard::InputEnded => return Ok(true),
        };
        let effects = update(&mut self.state, self.watch.elapsed(), event);
        let mut ends = false;
        for effect in effects {
            ends |= self.carry_out(effect)?;
        }
        Ok(ends)
    }

    fn carry_out(&mut self, effect: Effect) -> io::Result<bool> {
        let order = match effect {
            Effect::Quit => return Ok(true),
            Effect::Open(wanted) => {
                self.wanted = Some(wanted);
                return Ok(false);
            }
            Effect::LookNow => {
                let _ = self.looks.send(gather::Order::LookNow);
                return Ok(false);
            }
            Effect::Stand(stands) => {
                let _ = self.looks.send(gather::Order::Stand(stands));
                return Ok(false);
            }
            Effect::GoOn => {
                let _ = self.looks.send(gather::Order::GoOn);
                return Ok(false);
            }
            Effect::Focus(pids) => {
                let _ = self.looks.send(gather::Order::Focus(pids));
                return Ok(false);
            }
            Effect::Copy(text) => {
                let coded = base64::engine::general_purpose::STANDARD.encode(text);
                self.screen.send(format!("\x1b]52;c;{coded}\x07").into_bytes())?;
                return Ok(false);
            }
            Effect::Plain(text) => {
                self.plain = true;
                self.terminal.show_plain(&(text + "\nany key goes back\n"))?;
                return Ok(false);
            }
            Effect::Repaint => {
                self.screen.forget();
                return Ok(false);
            }
            Effect::Mouse(on) => {
                self.terminal.mouse(on)?;
                return Ok(false);
            }
            Effect::Suspend => return self.suspend().map(|()| false),
            Effect::Hold(plan) => hand::Order::Hold(plan),
            Effect::LetGo => hand::Order::LetGo,
            Effect::Recheck => hand::Order::Recheck,
            Effect::Send(given) => hand::Order::Send(given),
            Effect::Carry(course, given) => hand::Order::Carry(course, given),
            Effect::Break => hand::Order::Break,
        };
        if let Some(hand) = &self.hand {
            let _ = hand.send(order);
        }
        Ok(false)
    }

    fn suspend(&mut self) -> io::Result<()> {
        self.terminal.suspend()?;
        self.screen.forget();
        let (columns, rows) = Terminal::size();
        let now = self.watch.elapsed();
        update(&mut self.state, now, Event::Resize(columns, rows));
        for effect in update(&mut self.state, now, Event::Resumed) {
            self.carry_out(effect)?;
        }
        Ok(())
    }
}
