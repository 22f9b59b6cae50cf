//! Several machines in turn: the one that is shown has the screen, the others stand where they were left.

use std::io;
use std::sync::mpsc::Sender;

use super::{Next, Stage};
use crate::os::terminal::{Terminal, Watch};
use crate::tui::hosts::Hosts;
use crate::tui::opening::{Opener, Wanted};
use crate::tui::run::Inspector;
use crate::tui::state::State;
use crate::tui::threads::Tell;
use crate::tui::update::{Event, update};
use crate::tui::{gather, hand};

/// So many machines are kept where they were left; each holds its looks.
const KEPT: usize = 8;

/// A machine by itself, without a screen: one of several that is not shown, and whose recording stands.
pub(super) struct Left {
    pub(super) number: usize,
    pub(super) state: State,
    pub(super) watch: Watch,
    pub(super) looks: Sender<gather::Order>,
    pub(super) hand: Option<Sender<hand::Order>>,
}

impl Stage<'_> {
    /// Shows another machine of several, as it was left or from its beginning. This one stands meanwhile.
    pub(super) fn turn(
        self,
        to: usize,
        inspector: Option<Box<Inspector>>,
        tell: Tell<'_>,
    ) -> io::Result<Self> {
        let Self { number, terminal, mut state, screen, watch, looks, hand, mut left, .. } = self;
        let here = state.hosts.as_ref().map_or(0, |hosts| hosts.at);
        let hosts = state.hosts.take().map(|hosts| Hosts { at: to, ..hosts });
        let mouse = state.mouse;
        let _ = looks.send(gather::Order::Stand(true));
        left.insert(here, Left { number, state, watch, looks, hand });
        screen.forget();
        let mut next = match (left.remove(&to), inspector) {
            (None, Some(inspector)) => Self::set(*inspector, terminal, screen, tell)?,
            (None, None) => return Err(io::ErrorKind::NotFound.into()),
            (Some(shown), _) => {
                let stands = shown.state.paused.is_some();
                let _ = shown.looks.send(gather::Order::Stand(stands));
                Self::of(shown, terminal, screen)
            }
        };
        while left.len() >= KEPT {
            left.pop_first();
        }
        (next.left, next.state.hosts, next.state.mouse) = (left, hosts, mouse);
        // A new stage begins as the settings say.
        terminal.mouse(mouse)?;
        let (columns, rows) = Terminal::size();
        let now = next.watch.elapsed();
        update(&mut next.state, now, Event::Resize(columns, rows));
        Ok(next)
    }

    /// Another machine of several, if it can be opened.
    pub(super) fn host(&mut self, to: usize, opener: Opener<'_>) -> Option<Next> {
        if self.left.contains_key(&to) {
            return Some(Next::Host(to, None));
        }
        match opener(&Wanted::Host(to)) {
            Ok(inspector) => Some(Next::Host(to, Some(Box::new(inspector)))),
            Err(why) => {
                update(&mut self.state, self.watch.elapsed(), Event::Unopened(why));
                None
            }
        }
    }

    /// What was on its way to a machine when it was left is kept for it; what is for a stage that is gone is not.
    pub(super) fn missed(&mut self, number: usize, event: Event) {
        if let Some(left) = self.left.values_mut().find(|left| left.number == number) {
            update(&mut left.state, left.watch.elapsed(), event);
        }
    }
}
