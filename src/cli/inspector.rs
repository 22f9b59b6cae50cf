//! `farrier` without a command: the inspector of this machine; without a terminal, what `farrier check` prints.

use std::time::Duration;

use super::machine::{Looks, Machine, recorded_in_file};
use super::{Options, Output, Status, check::Check, demo, targets};
use crate::os::own::Depth;
use crate::os::signal::LiveHands;
use crate::os::{Hands, own, shown};
use crate::settings;
use crate::show::text::Paint;
use crate::tui::bound::Keys;
use crate::tui::hosts::{Files, Summary};
use crate::tui::opening::Wanted;
use crate::tui::state::Rights;
use crate::tui::theme::{Colours, Ground, Theme};
use crate::tui::{self, Inspector, Sources};

/// Seconds between two looks when nothing says otherwise.
const EVERY: f64 = 1.0;

/// Runs it.
pub fn run(options: &Options, show_secrets: bool, output: &mut Output) -> anyhow::Result<Status> {
    if !own::is_interactive() {
        return Check::default().run(options, output);
    }
    let home = || home(options, show_secrets);
    open(options, home()?, &home)
}

/// Opens the inspector, and from within it whatever is asked for; `home` makes what farrier was started on.
pub fn open(
    options: &Options,
    first: Inspector,
    home: &dyn Fn() -> anyhow::Result<Inspector>,
) -> anyhow::Result<Status> {
    let opener = |wanted: &Wanted| match wanted {
        Wanted::Home => home(),
        Wanted::Demo => demo::rehearsal(options),
        Wanted::Host(number) => {
            let from = options.from.get(*number).cloned().into_iter().collect();
            self::home(&Options { from, ..options.clone() }, false)
        }
        Wanted::File(path) => {
            let from = vec![own::written_path(path)];
            self::home(&Options { from, ..options.clone() }, false)
        }
    };
    let told = |wanted: &Wanted| opener(wanted).map_err(|why| why.to_string());
    Ok(Status(tui::run(first, &told)?))
}

/// The inspector of what farrier was started on.
fn home(options: &Options, show_secrets: bool) -> anyhow::Result<Inspector> {
    if options.from.len() > 1 {
        return several(options, show_secrets);
    }
    let (sources, recording) = sources(options)?;
    inspector(options, show_secrets, sources, recording.as_ref())
}

/// The inspector of several recordings: of the first that can be read. One that cannot says so in the list.
fn several(options: &Options, show_secrets: bool) -> anyhow::Result<Inspector> {
    let mut refused = None;
    for (at, file) in options.from.iter().enumerate() {
        let from = vec![file.clone()];
        match home(&Options { from, ..options.clone() }, show_secrets) {
            Ok(first) => return Ok(Inspector { files: Some(files(options, at)?), ..first }),
            Err(why) => refused = refused.or(Some(why)),
        }
    }
    Err(refused.unwrap_or_else(|| anyhow::anyhow!("no file was named")))
}

/// Several machines, a file each.
fn files(options: &Options, at: usize) -> anyhow::Result<Files> {
    let settings = options.settings()?;
    let (wish, from) = (targets::wish(&[], &settings), options.from.clone());
    let names = from.iter().map(|file| shown(file)).collect();
    let tell = move |number: usize| {
        let file = from.get(number).ok_or("there is no such file")?;
        let machine = recorded_in_file(file).map_err(|why| why.to_string())?;
        let seen = machine.look(&wish, &settings.ignore, Looks::AsNeeded);
        Ok(Summary::of(&seen.census, &seen.verdicts))
    };
    Ok(Files { names, at, tell: Box::new(tell) })
}

/// The inspector of a machine, or of what was recorded of one.
pub fn inspector(
    options: &Options,
    show_secrets: bool,
    sources: Sources,
    recording: Option<&Machine>,
) -> anyhow::Result<Inspector> {
    let played = recording.and_then(Machine::played);
    let settings = options.settings()?;
    let keys = Keys::of_settings(&settings.keys)?;
    let paint = options.paint();
    let wish = targets::wish(&[], &settings);
    let mut wish = recording.map_or(wish.clone(), |machine| machine.wish(&wish));
    wish.memory = recording.is_some();
    wish.live = recording.is_some();
    let recording = recording.is_some();
    let rights = match (recording, settings.read_only) {
        (false, _) if settings.unread => Rights::Unread,
        (true, _) => Rights::Recorded,
        (false, true) => Rights::ReadOnly,
        (false, false) => Rights::Signals,
    };
    let hands = (rights == Rights::Signals)
        .then(|| LiveHands::new(&options.proc).audited(settings.audit_file.clone()));
    Ok(Inspector {
        sources,
        hands: hands.map(|hands| Box::new(hands) as Box<dyn Hands + Send>),
        wish,
        ignore: settings.ignore,
        show: settings.show,
        refresh: Duration::from_secs_f64(options.refresh.unwrap_or(EVERY)),
        theme: theme(paint, settings.theme),
        keys,
        mouse: settings.mouse,
        zone: settings.zone.unwrap_or(jiff::tz::TimeZone::UTC),
        rights,
        played,
        script: None,
        files: None,
        show_secrets: show_secrets && !recording,
    })
}

/// The colours that the terminal has, for the background that the settings or the terminal name.
fn theme(paint: Paint, wished: settings::Theme) -> Theme {
    let own = own::own();
    let colours = match own.colours {
        _ if !paint.colour || wished == settings::Theme::None => Colours::None,
        Depth::Sixteen => Colours::Sixteen,
        Depth::Indexed => Colours::Indexed,
        Depth::True => Colours::True,
    };
    let ground = match wished {
        settings::Theme::Light => Ground::Light,
        settings::Theme::Dark => Ground::Dark,
        settings::Theme::Auto | settings::Theme::None => own.ground,
    };
    Theme { colours, ground, form: paint.form }
}

/// Makes the machine's eyes, and the recorded machine if they are a recording's.
fn sources(options: &Options) -> anyhow::Result<(Sources, Option<Machine>)> {
    let options = options.clone();
    match options.from.as_slice() {
        [] => Ok((Box::new(move || Ok(options.this_machine())), None)),
        [file, ..] => {
            let file = file.clone();
            let machine = recorded_in_file(&file)?;
            let again = move || recorded_in_file(&file).map(|machine| machine.source);
            Ok((Box::new(move || again().map_err(std::io::Error::other)), Some(machine)))
        }
    }
}
