//! The inspector at work: threads that look, read keys, write and signal, and one loop that takes in, changes and draws.

use std::io;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use jiff::tz::TimeZone;

use super::bound::Keys;
use super::draw::draw;
use super::gather::{self, Looker};
use super::hand::{self, Said};
use super::history::Played;
use super::input::{self, Came};
use super::screen::Screen;
use super::state::{Reveal, Rights, State};
use super::theme::Theme;
use super::update::{Effect, Event, update};
use crate::os::terminal::{Terminal, Told, Watch, leave_behind};
use crate::os::{Hands, Source};
use crate::survey::Wish;

/// Frames that no key asked for come at most this often.
const FRAME: Duration = Duration::from_millis(100);
/// A terminal that takes longer for a frame is slow.
const SLOW_FRAME: Duration = Duration::from_millis(250);

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
    /// Hidden values may be revealed, one at a time (`--show-secrets`).
    pub show_secrets: bool,
}

/// What comes to the loop.
enum Heard {
    Input(Came),
    Event(Event),
    Written(Duration),
    Told(Told),
    InputEnded,
}

/// Runs until the operator leaves; the exit status. The terminal is given back in any case.
pub fn run(inspector: Inspector) -> io::Result<u8> {
    let (tell, heard) = mpsc::channel();
    let told = tell.clone();
    let terminal = Terminal::take(move |what| {
        let _ = told.send(Heard::Told(what));
    })?;
    let mut stage = Stage::set(inspector, &terminal, &tell)?;
    let ended = stage.play(&heard);
    let sent = std::mem::take(&mut stage.state.sent);
    drop(stage);
    drop(terminal);
    leave_behind(&sent)?;
    ended.map(|()| 0)
}

/// All that the loop works with.
struct Stage<'a> {
    terminal: &'a Terminal,
    state: State,
    screen: Screen,
    watch: Watch,
    looks: Sender<gather::Order>,
    hand: Option<Sender<hand::Order>>,
    /// A text stands on the normal screen until the next key.
    plain: bool,
    slow_frames: u32,
}

impl<'a> Stage<'a> {
    fn set(inspector: Inspector, terminal: &'a Terminal, tell: &Sender<Heard>) -> io::Result<Self> {
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
        state.show.clone_from(&inspector.show);
        state.keys = inspector.keys.clone();
        state.mouse = inspector.mouse;
        terminal.mouse(inspector.mouse)?;
        if inspector.show_secrets {
            state.reveal = Reveal::OnKey;
        }
        let written = tell.clone();
        let screen = Screen::new(move |took| {
            let _ = written.send(Heard::Written(took));
        })?;
        let keys = tell.clone();
        thread::Builder::new().name("keys".into()).spawn(move || {
            let _ = input::read(|came| keys.send(Heard::Input(came)).is_ok());
            let _ = keys.send(Heard::InputEnded);
        })?;
        let looks = start_gatherer(&inspector, tell)?;
        let hand = start_hand(inspector, tell)?;
        let watch = Watch::start();
        Ok(Self { terminal, state, screen, watch, looks, hand, plain: false, slow_frames: 0 })
    }

    /// The loop.
    fn play(&mut self, heard: &Receiver<Heard>) -> io::Result<()> {
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
                Err(RecvTimeoutError::Timeout) => Some(Heard::Event(Event::Tick)),
                Err(RecvTimeoutError::Disconnected) => return Ok(()),
            };
            let mut pressed = false;
            while let Some(what) = next {
                pressed |= matches!(what, Heard::Input(_));
                if self.take(what)? {
                    return Ok(());
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

    fn show(&mut self) -> io::Result<bool> {
        if self.plain { Ok(true) } else { self.screen.show(draw(&self.state)) }
    }

    /// Takes one thing in; true ends the loop.
    fn take(&mut self, heard: Heard) -> io::Result<bool> {
        let event = match heard {
            Heard::Event(event) => event,
            Heard::Input(Came::Resize(columns, rows)) => Event::Resize(columns, rows),
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
            Effect::LookNow => {
                let _ = self.looks.send(gather::Order::LookNow);
                return Ok(false);
            }
            Effect::Stand(stands) => {
                let _ = self.looks.send(gather::Order::Stand(stands));
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

    /// A terminal that is slow three times in a row is asked for less.
    fn pace(&mut self, took: Duration) {
        if took < SLOW_FRAME {
            if self.slow_frames >= 3 {
                let _ = self.looks.send(gather::Order::NoFasterThan(self.state.wished));
            }
            self.slow_frames = 0;
            return;
        }
        self.slow_frames += 1;
        let bound = match self.slow_frames {
            3 => Duration::from_secs(2),
            6 => Duration::from_secs(5),
            _ => return,
        };
        let _ = self.looks.send(gather::Order::NoFasterThan(bound));
    }
}

fn start_gatherer(
    inspector: &Inspector,
    tell: &Sender<Heard>,
) -> io::Result<Sender<gather::Order>> {
    let (looks, orders) = mpsc::channel();
    let looker =
        Looker::new((inspector.sources)()?, inspector.wish.clone(), inspector.ignore.clone());
    let refresh = inspector.refresh;
    let played = inspector.played;
    let tell = tell.clone();
    thread::Builder::new().name("looks".into()).spawn(move || {
        let came = |census, verdicts, period| {
            tell.send(Heard::Event(Event::Look(census, verdicts, period))).is_ok()
        };
        let opened = |pid, opens| {
            let _ = tell.send(Heard::Event(Event::Opens(pid, opens)));
        };
        gather::gather(looker, refresh, played, &orders, came, opened);
    })?;
    Ok(looks)
}

fn start_hand(
    inspector: Inspector,
    tell: &Sender<Heard>,
) -> io::Result<Option<Sender<hand::Order>>> {
    let Some(hands) = inspector.hands else { return Ok(None) };
    let (sender, orders) = mpsc::channel();
    let looker = Looker::new((inspector.sources)()?, inspector.wish, inspector.ignore);
    let tell = tell.clone();
    thread::Builder::new().name("hand".into()).spawn(move || {
        hand::follow(hands, looker, &orders, |said| {
            let event = match said {
                Said::Held => Event::Held,
                Said::Turned(refused) => Event::Turned(refused),
                Said::Looked(census, verdicts) => Event::Looked(census, verdicts),
                Said::Told(at, event) => Event::Told(at, event),
                Said::Came(at, title, outcome) => Event::Came(at, title, outcome),
            };
            let _ = tell.send(Heard::Event(event));
        });
    })?;
    Ok(Some(sender))
}
