//! HTTP: one question, its redirects, one answer; asked again where that may help.

use super::access::RegistryOptions;
use super::answer::Response;
use super::question::Request;
use super::retry::{Backoff, is_temporary};
use super::url::Url;
use super::way::Redirects;
use super::wire::Connections;
use crate::error::Error;
use crate::progress::{Progress, seconds};
use crate::sys;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::{Duration, Instant};

/// What is waited for between two tries, and how long nobody looks at the clock meanwhile.
const NEXT_TRY: &str = "the next try";
const GLANCE: Duration = Duration::from_millis(500);

/// Asks, follows, and asks again.
pub(super) struct Client {
    wire: Connections,
    progress: Progress,
    /// Who asked to be left alone when there was no patience to do so, and until when.
    busy: Rc<RefCell<Option<(Url, Instant)>>>,
    /// Whether an answer has led elsewhere.
    leads: Rc<Cell<bool>>,
    /// What was asked ahead of time.
    early: RefCell<Option<PendingRequest>>,
}

/// A question that has been asked, and whose answer is not wanted yet.
struct PendingRequest {
    url: Url,
    authorization: Option<String>,
    way: Redirects,
    /// If it has come.
    answer: Option<Response>,
}

impl Client {
    /// Asks through the proxies of the environment: the server at `origin`, which the user has named,
    /// and those that it leads to.
    pub(super) fn new(access: &RegistryOptions, origin: &Url, progress: Progress) -> Self {
        Self::over(Connections::new(access, origin, progress), progress)
    }

    /// Asks a server that is on this machine or next to it.
    pub(super) fn direct(access: &RegistryOptions, origin: &Url, progress: Progress) -> Self {
        Self::over(Connections::direct(access, origin, progress), progress)
    }

    fn over(wire: Connections, progress: Progress) -> Self {
        Self {
            wire,
            progress,
            busy: Rc::default(),
            leads: Rc::default(),
            early: RefCell::default(),
        }
    }

    /// The same servers over connections of its own, for one question at a time that is asked ahead.
    pub(super) fn lane(&self) -> Self {
        Self {
            wire: self.wire.lane(),
            progress: self.progress,
            busy: Rc::clone(&self.busy),
            leads: Rc::clone(&self.leads),
            early: RefCell::default(),
        }
    }

    /// Asks for what is at `url` without waiting for the answer, which [`Http::ask`] will find. False
    /// if that cannot be.
    pub(super) fn begin(&self, url: Url, authorization: Option<String>) -> bool {
        let question = Request {
            authorization: authorization.as_deref(),
            ..Request::get(&url, 0)
        };
        let way = Redirects::of(question);
        self.wire.deadline().restart();
        let is_sent = self.send_early(&way);
        *self.early.borrow_mut() = is_sent.then_some(PendingRequest {
            url,
            authorization,
            way,
            answer: None,
        });
        is_sent
    }

    /// Whether something has been asked whose answer nobody has wanted.
    pub(super) fn is_ahead(&self) -> bool {
        self.early.borrow().is_some()
    }

    /// Looks whether what was asked ahead has led elsewhere, and asks there, without waiting either.
    /// False while there is no answer, nothing if there will be none. A look takes a moment: it is for
    /// servers that lead elsewhere.
    pub(super) fn advance(&self) -> Option<bool> {
        if !self.leads.get() {
            return Some(true);
        }
        self.wire.deadline().restart();
        let early = self.advanced(self.early.take()?)?;
        let is_there = early.answer.is_some();
        *self.early.borrow_mut() = Some(early);
        Some(is_there)
    }

    fn advanced(&self, mut early: PendingRequest) -> Option<PendingRequest> {
        while early.answer.is_none() && self.is_answered(&early.way) {
            let question = Request {
                authorization: early.authorization.as_deref(),
                ..Request::get(&early.url, 0)
            };
            // What goes wrong is found when the answer is wanted.
            let answer = self.ask_once(early.way.question(question)).ok()?;
            match early.way.follow(question, &answer) {
                Ok(true) => {
                    self.pass(answer, &early.way);
                    if !self.send_early(&early.way) {
                        return None;
                    }
                }
                Ok(false) | Err(_) => early.answer = Some(answer),
            }
        }
        Some(early)
    }

    fn send_early(&self, way: &Redirects) -> bool {
        self.wire.begin(&way.url, way.headers())
    }

    fn is_answered(&self, way: &Redirects) -> bool {
        self.wire.is_answered(&way.url, way.headers())
    }

    /// How far `question` has come ahead of time, and what it has found.
    fn resume(&self, question: Request<'_>) -> Option<(Redirects, Option<Response>)> {
        let early = self.early.take()?;
        let is_it = question.method == "GET"
            && question.headers.is_empty()
            && *question.url == early.url
            && question.authorization == early.authorization.as_deref();
        if !is_it {
            self.wire.give_up();
        }
        is_it.then_some((early.way, early.answer))
    }

    /// Asks until there is an answer that is final, or patience is at its end: then what came last
    /// is the answer.
    pub(super) fn request(&self, question: Request<'_>) -> Result<Response, Error> {
        let mut patience = Backoff::new(question.retries);
        self.wait_for(question.url, &mut patience)?;
        loop {
            // For all redirects together.
            self.wire.deadline().restart();
            let (why, after) = match self
                .follow(question)
                .and_then(|answer| answer.gather(question.whole))
            {
                Ok(answer) if !is_temporary(answer.status) => return Ok(answer),
                Ok(answer) => {
                    let after = answer.retry_after();
                    let Some(pause) = patience.next(after) else {
                        let end = after.and_then(|after| Instant::now().checked_add(after));
                        *self.busy.borrow_mut() = end.map(|end| (question.url.clone(), end));
                        return Ok(answer);
                    };
                    let why = format!("{}: status {}", answer.url, answer.status);
                    answer.discard();
                    (why, pause)
                }
                Err(error) => {
                    // One that has had all the time there is would take it again.
                    let is_worth_it = error.may_pass() && !error.is_endless();
                    let pause = is_worth_it.then(|| patience.next(None)).flatten();
                    let Some(pause) = pause else {
                        return Err(error);
                    };
                    (error.to_string(), pause)
                }
            };
            self.wait(&why, "trying again", after)?;
        }
    }

    /// Leaves a server alone that has asked for it, as long as patience reaches: one that was asked
    /// for a layer ahead of time, say.
    fn wait_for(&self, url: &Url, patience: &mut Backoff) -> Result<(), Error> {
        let busy = self.busy.take().filter(|(who, _)| who.same_origin(url));
        let left = busy.map(|(_, end)| end.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| !left.is_zero())
            && patience.next(Some(left)).is_some()
        {
            self.wait(&format!("{url}: busy"), "asking", left)?;
        }
        Ok(())
    }

    /// Says why it waits, and waits.
    pub(super) fn wait(&self, why: &str, then: &str, pause: Duration) -> Result<(), Error> {
        let seconds = seconds(pause);
        self.progress
            .step(format_args!("{why}; {then} in {seconds} s"));
        let begun = Instant::now();
        self.progress.waiting_for(NEXT_TRY);
        while let Some(left) = pause.checked_sub(begun.elapsed()) {
            sys::pause(left.min(GLANCE));
            Error::unless_stopped()?;
            self.progress.stalled(NEXT_TRY, begun.elapsed());
        }
        Ok(())
    }

    /// Asks, and follows redirects.
    fn follow(&self, question: Request<'_>) -> Result<Response, Error> {
        let early = self.resume(question);
        let (mut way, mut early) = early.unwrap_or_else(|| (Redirects::of(question), None));
        loop {
            let answer = match early.take() {
                Some(answer) => answer,
                None => self.ask_once(way.question(question))?,
            };
            if !way.follow(question, &answer)? {
                return Ok(answer);
            }
            self.pass(answer, &way);
        }
    }

    /// Leaves an answer that leads elsewhere.
    fn pass(&self, answer: Response, way: &Redirects) {
        let (from, to) = (answer.url.clone(), &way.url);
        answer.discard();
        self.leads.set(true);
        self.progress.detail(format_args!("{from}: leads to {to}"));
    }

    fn ask_once(&self, question: Request<'_>) -> Result<Response, Error> {
        Error::unless_stopped()?;
        let Request { method, url, .. } = question;
        let authorization = question.authorization.map(|value| ("authorization", value));
        let headers = question.headers.iter().copied().chain(authorization);
        self.progress.waiting_for(url.host());
        let response = self
            .wire
            .send(method, url, headers, question.form)
            .map_err(|failure| failure.of(url))?;
        let status = response.status().as_u16();
        self.progress
            .detail(format_args!("{method} {url}: {status}"));
        let deadline = self.wire.deadline().clone();
        Ok(Response::new(url.clone(), response, deadline, self.progress))
    }
}
