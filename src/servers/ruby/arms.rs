//! What a configuration leaves out and what it runs: conditions that can be told are taken off its statements.

use std::collections::HashMap;

use super::statements::split;
use super::{Kind, Scope, Statement, Token, Value, Values};
use crate::servers::effort::spend;

/// One arm of a condition, or the inside of a block or definition.
#[derive(Clone, Copy, Debug)]
pub struct Arm<'a> {
    /// The one that it stands in.
    pub above: Option<usize>,
    /// What opened it.
    pub scope: Scope<'a>,
    /// The arm of the same condition that is asked before it.
    pub before: Option<usize>,
    /// What kind of arm it is.
    pub branch: Branch,
}

/// All arms of a source, by number; each behind those that it stands in and that are asked before it.
pub type Arms<'a> = Vec<Arm<'a>>;

/// Kinds of arms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    If,
    Unless,
    Case,
    When,
    Else,
    Other,
}

/// What is known of an arm once it is entered.
#[derive(Clone, Copy)]
struct Entered<'a> {
    /// It is never run.
    dropped: bool,
    /// How many scopes are left round its statements, and the outermost of them.
    depth: usize,
    outer: Option<Scope<'a>>,
    /// Of it and the arms before it: one is run, none is, or that cannot be told.
    taken: Option<bool>,
}

/// The statements of a source as they are run: those under a condition that is seen to hold stand free of it, those
/// under one that is seen not to hold are left out. Conditions are asked with what variables hold there.
pub fn decided<'a>(
    source: &'a [u8],
    values: impl FnOnce(&[Statement<'a>]) -> Values<'a>,
    is_hook: impl Fn(&Scope<'a>) -> bool,
) -> Vec<Statement<'a>> {
    let (all, arms) = split(source);
    let mut course = Course {
        values: values(&all),
        entered: vec![None; arms.len()],
        answers: HashMap::new(),
        subjects: HashMap::new(),
        arms,
    };
    let mut run: Vec<Statement<'a>> = Vec::new();
    for mut statement in all {
        if !spend(1) {
            break;
        }
        let is_answered = statement.decides && course.decide(&statement);
        let around = course.enter(statement.arm);
        if is_answered {
            continue;
        }
        if around.dropped {
            continue;
        }
        (statement.depth, statement.outer) = (around.depth, around.outer);
        let modified = if statement.depth == 0 && !statement.decides {
            course.modified(&statement.tokens)
        } else {
            None
        };
        match modified {
            Some((true, length)) => statement.tokens.truncate(length),
            Some((false, _)) => {
                unset(&mut run, &statement);
                continue;
            }
            None => {}
        }
        if !statement.outer.is_some_and(|scope| is_hook(&scope)) && !statement.decides {
            course.values.learn(&statement);
            course.values.moved(&statement.tokens);
        }
        run.push(statement);
    }
    run
}

/// `before_fork do … end if false`: the block that has just ended is not run either.
fn unset(run: &mut Vec<Statement<'_>>, statement: &Statement<'_>) {
    let ends = statement.tokens.first().is_some_and(|end| end.is_word("end") || end.is_op("}"));
    let block = run.last().and_then(|last| last.outer);
    if let (true, None, Some(block)) = (ends, statement.outer, block) {
        if !spend(run.len()) {
            return;
        }
        run.retain(|other| other.outer.is_none_or(|outer| outer.start != block.start));
        // The call that it was given to stands before it.
        run.pop();
    }
}

struct Course<'a> {
    values: Values<'a>,
    arms: Arms<'a>,
    entered: Vec<Option<Entered<'a>>>,
    /// What conditions turned out to be, by arm.
    answers: HashMap<usize, bool>,
    /// What stands behind `case`, by where it begins; `None` within: it cannot be told.
    subjects: HashMap<usize, Option<Value>>,
}

impl<'a> Course<'a> {
    /// Answers a condition; `true`: it is no longer of interest.
    fn decide(&mut self, statement: &Statement<'a>) -> bool {
        let Some((at, arm)) = statement.arm.and_then(|at| Some((at, *self.arms.get(at)?))) else {
            return false;
        };
        let tokens = &statement.tokens;
        // What stands in a block is run with other values, or at another time.
        if self.enter(arm.above).depth > 0 {
            return false;
        }
        let answer = match arm.branch {
            Branch::If => self.values.evaluate(tokens).map(|value| value.holds()),
            Branch::Unless => self.values.evaluate(tokens).map(|value| !value.holds()),
            Branch::When => self.is_one_of(tokens, arm.scope.start),
            Branch::Case => {
                let subject = self.values.evaluate(tokens);
                self.subjects.insert(arm.scope.start, subject);
                None
            }
            Branch::Else | Branch::Other => None,
        };
        self.values.disturb(tokens);
        answer.map(|answer| self.answers.insert(at, answer)).is_some()
    }

    fn is_one_of(&self, tokens: &[Token<'a>], case: usize) -> Option<bool> {
        let subject = self.subjects.get(&case)?.as_ref()?;
        let mut sure = true;
        for one in parted(tokens) {
            match self.values.evaluate(one) {
                Some(value) if value == *subject => return Some(true),
                Some(_) => {}
                None => sure = false,
            }
        }
        sure.then_some(false)
    }

    fn enter(&mut self, at: Option<usize>) -> Entered<'a> {
        let free = Entered { dropped: false, depth: 0, outer: None, taken: Some(false) };
        let Some((at, arm)) = at.and_then(|at| Some((at, *self.arms.get(at)?))) else {
            return free;
        };
        if let Some(known) = self.entered.get(at).copied().flatten() {
            return known;
        }
        // Scopes are entered from the outermost one on: this goes down by what was skipped only.
        let around = self.enter(arm.above);
        let before = arm.before.map_or(Some(false), |before| self.enter(Some(before)).taken);
        let own = match arm.branch {
            Branch::If | Branch::Unless | Branch::When => self.answers.get(&at).copied(),
            Branch::Else => Some(true),
            Branch::Case | Branch::Other => None,
        };
        let runs = match (before, own) {
            (Some(true), _) | (_, Some(false)) => Some(false),
            (Some(false), own) => own,
            (None, _) => None,
        };
        let taken = match (before, runs) {
            (Some(true), _) | (_, Some(true)) => Some(true),
            (Some(false), Some(false)) => Some(false),
            _ => None,
        };
        let here = Entered {
            dropped: around.dropped || runs == Some(false),
            depth: around.depth + usize::from(runs != Some(true)),
            outer: around.outer.or(Some(arm.scope).filter(|_| runs != Some(true))),
            taken,
        };
        if let Some(slot) = self.entered.get_mut(at) {
            *slot = Some(here);
        }
        here
    }

    /// `… if x`, `… unless y`: whether the statement is run, and how long it is without that; `None`: it has no such
    /// end, or that cannot be told.
    fn modified(&self, tokens: &[Token<'a>]) -> Option<(bool, usize)> {
        let (mut length, mut changed) = (tokens.len(), false);
        loop {
            let part = tokens.get(..length)?;
            let Some(at) = modifier(part) else { break };
            let holds = self.values.evaluate(part.get(at + 1..)?)?.holds();
            if holds != part.get(at)?.is_word("if") {
                return Some((false, at));
            }
            (length, changed) = (at, true);
        }
        changed.then_some((true, length))
    }
}

/// Where the last modifier stands that is followed. Behind `rescue` or a loop none is.
fn modifier(tokens: &[Token<'_>]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut found = None;
    spend(tokens.len());
    for (at, token) in tokens.iter().enumerate() {
        match (&token.kind, token.text) {
            (Kind::Op, b"(" | b"[" | b"{") => depth += 1,
            (Kind::Op, b")" | b"]" | b"}") => depth = depth.saturating_sub(1),
            (Kind::Word, b"rescue" | b"while" | b"until" | b"and" | b"or") => return None,
            (Kind::Word, b"if" | b"unless") if depth == 0 && at > 0 => found = Some(at),
            _ => {}
        }
    }
    found
}

/// What stands between commas.
fn parted<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            match (&token.kind, token.text) {
                (Kind::Op, b"(" | b"[" | b"{") => depth += 1,
                (Kind::Op, b")" | b"]" | b"}") => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && token.is_op(",")
        })
        .collect()
}
