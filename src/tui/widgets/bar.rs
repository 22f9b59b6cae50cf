//! The bar: host, user, time, mode, and how many findings and blind spots there are.

use ratatui::text::Line;

use super::cells::Cells;
use crate::contract::Severity;
use crate::show::words::{Mark, width};
use crate::tui::state::{Rights, State};
use crate::tui::theme::Tone;
use crate::tui::views::blind;

/// The bar for so many columns.
pub fn line(state: &State, columns: usize) -> Line<'static> {
    let (host, user, clock) = who(state);
    let count = |severity| state.shown().map_or(0, |look| look.verdicts.count(severity));
    let (critical, warning) = (count(Severity::Critical), count(Severity::Warning));
    let unseen = blind::causes(state).len();
    let tone = |number: usize, tone| if number == 0 { Tone::Quiet } else { tone };
    let number = |number: usize| format!("{:>3} ", number.min(999));
    let counts = [
        (Mark::Critical, critical, Tone::Crit),
        (Mark::Warning, warning, Tone::Warn),
        (Mark::Unknown, unseen, Tone::Blind),
    ];
    let mode = mode(state);
    let right = 20 + width(&clock) + width(&mode).max(9);
    let mut cells = Cells::new(state.theme, columns);
    let room = columns.saturating_sub(right);
    cells = cells.to(1).left("farrier", 7, Tone::Strong).to(11);
    let host_room = room.saturating_sub(11 + 3 + width(&user)).max(4);
    // Which of several machines it is stands behind its name.
    let which = state.hosts.as_ref().map(|hosts| format!(" {}", hosts.words())).unwrap_or_default();
    let host = crate::show::words::cut(&host, host_room.saturating_sub(width(&which))) + &which;
    cells = cells.text(&host, Tone::Plain).text("   ", Tone::Plain);
    let left = room.saturating_sub(cells.at());
    let user = crate::show::words::cut(&user, left);
    cells = cells.text(&user, Tone::Plain).to(room);
    cells = cells.text(&clock, Tone::Plain).text("  ", Tone::Plain);
    cells = cells.left(&mode, width(&mode).max(9), mode_tone(&mode)).text(" ", Tone::Plain);
    for (mark, many, loud) in counts {
        let loud = tone(many, loud);
        cells = cells.text(&mark.sign().to_string(), loud).text(&number(many), loud);
        cells = cells.text(if mark == Mark::Unknown { "" } else { " " }, Tone::Plain);
    }
    cells.line()
}

/// Host, user and time, as far as they are known.
fn who(state: &State) -> (String, String, String) {
    let Some(look) = state.shown() else { return (String::new(), String::new(), String::new()) };
    // Where one steps through looks, seconds tell them apart.
    let steps = state.history.is_open() || state.history.played.is_some_and(|p| p.looks > 1);
    let form = if steps { "%H:%M:%S" } else { "%H:%M" };
    let clock = look.census.taken_at.to_zoned(state.zone.clone()).strftime(form).to_string();
    match look.census.host.get() {
        Some(host) => {
            let user = host.users.iter().find(|user| user.uid == host.euid);
            let user = user.map_or_else(|| host.euid.to_string(), |user| user.name.to_string());
            (host.name.to_string(), user, clock)
        }
        None => ("?".into(), "?".into(), clock),
    }
}

/// The mode: nine columns, and more where a recording's looks are counted.
pub(super) fn mode(state: &State) -> String {
    if let Some(played) = state.history.played {
        let word = if played.rehearsal { "REHEARSE" } else { "FILE" };
        return match played.looks {
            0 | 1 => word.into(),
            looks => format!("{word} {} of {looks}", state.history.number()),
        };
    }
    if state.history.is_open() {
        return "HISTORY".into();
    }
    if state.paused.is_some() {
        return "PAUSED".into();
    }
    if state.rights == Rights::Recorded {
        return "FILE".into();
    }
    let period = state.period.as_secs().max(1);
    let late = state.look.as_ref().map(|look| state.now.saturating_sub(look.at));
    match late {
        None => "LOOK".into(),
        Some(late) if late > state.period * 2 + std::time::Duration::from_millis(500) => {
            format!("late {}s", late.as_secs().min(999))
        }
        Some(_) if state.period > state.wished => format!("slow {period}s"),
        Some(_) if matches!(state.rights, Rights::ReadOnly | Rights::Unread) => "READONLY".into(),
        Some(_) => format!("live {period}s"),
    }
}

fn mode_tone(mode: &str) -> Tone {
    if mode.starts_with("live") { Tone::Plain } else { Tone::Strong }
}
