//! HTTP: one question, its redirects, one answer; asked again where that may help.

use super::access::Access;
use super::answer::Answer;
use super::place::Place;
use super::retry::{Patience, is_temporary};
use super::url::Url;
use super::wire::Wire;
use crate::error::Error;
use crate::progress::{Progress, seconds};
use crate::sys;
use std::cell::RefCell;
use std::time::{Duration, Instant};

/// How many redirects are followed, as by every peer.
const MAX_REDIRECTS: usize = 10;

/// What is waited for between two tries, and how long nobody looks at the clock meanwhile.
const NEXT_TRY: &str = "the next try";
const GLANCE: Duration = Duration::from_millis(500);

/// Asks, follows, and asks again.
pub(super) struct Http {
    wire: Wire,
    progress: Progress,
    /// Who asked to be left alone when there was no patience to do so, and until when.
    busy: RefCell<Option<(Url, Instant)>>,
}

/// What is asked.
#[derive(Clone, Copy)]
pub(super) struct Question<'q> {
    pub(super) method: &'static str,
    pub(super) url: &'q Url,
    pub(super) headers: &'q [(&'static str, &'q str)],
    /// For the origin of `url` only.
    pub(super) authorization: Option<&'q str>,
    /// The body of a POST, for the origin of `url` only: it holds a secret.
    pub(super) form: Option<&'q str>,
    /// The secret in the form.
    pub(super) secret: Option<&'q str>,
    /// How often it is asked again.
    pub(super) retries: u32,
    /// The body counts as part of the answer up to so many bytes: it is asked again if it breaks off.
    pub(super) whole: Option<u64>,
}

impl<'q> Question<'q> {
    /// A GET, without anything else.
    pub(super) fn get(url: &'q Url, retries: u32) -> Self {
        Self {
            method: "GET",
            url,
            headers: &[],
            authorization: None,
            form: None,
            secret: None,
            retries,
            whole: None,
        }
    }
}

impl Http {
    /// Asks through the proxies of the environment.
    pub(super) fn new(access: &Access, progress: Progress) -> Self {
        Self::over(Wire::new(access, progress), progress)
    }

    /// Asks servers that are on this machine or next to it.
    pub(super) fn direct(access: &Access, progress: Progress) -> Self {
        Self::over(Wire::direct(access, progress), progress)
    }

    fn over(wire: Wire, progress: Progress) -> Self {
        Self {
            wire,
            progress,
            busy: RefCell::default(),
        }
    }

    /// Asks until there is an answer that is final, or patience is at its end: then what came last
    /// is the answer.
    pub(super) fn ask(&self, question: Question<'_>) -> Result<Answer, Error> {
        let mut patience = Patience::new(question.retries);
        self.wait_for(question.url, &mut patience);
        loop {
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
                    let pause = error.may_pass().then(|| patience.next(None)).flatten();
                    let Some(pause) = pause else {
                        return Err(error);
                    };
                    (error.to_string(), pause)
                }
            };
            self.wait(&why, "trying again", after);
        }
    }

    /// Leaves a server alone that has asked for it, as long as patience reaches: one that was asked
    /// for a layer ahead of time, say.
    fn wait_for(&self, url: &Url, patience: &mut Patience) {
        let busy = self.busy.take().filter(|(who, _)| who.same_origin(url));
        let left = busy.map(|(_, end)| end.saturating_duration_since(Instant::now()));
        if let Some(left) = left.filter(|left| !left.is_zero())
            && patience.next(Some(left)).is_some()
        {
            self.wait(&format!("{url}: busy"), "asking", left);
        }
    }

    /// Says why it waits, and waits.
    pub(super) fn wait(&self, why: &str, then: &str, pause: Duration) {
        let seconds = seconds(pause);
        self.progress
            .step(format_args!("{why}; {then} in {seconds} s"));
        let begun = Instant::now();
        self.progress.waits_for(NEXT_TRY);
        while let Some(left) = pause.checked_sub(begun.elapsed()) {
            sys::pause(left.min(GLANCE));
            self.progress.hears_nothing(NEXT_TRY, begun.elapsed());
        }
    }

    /// Asks, and follows redirects. What is meant for one origin is not sent to another, nor ever
    /// again once the way has left it (CVE-2020-15157 and its kin; S3 answers 400 to it).
    fn follow(&self, question: Question<'_>) -> Result<Answer, Error> {
        let mut url = question.url.clone();
        let mut authorization = question.authorization;
        for _ in 0..=MAX_REDIRECTS {
            let answer = self.ask_once(Question {
                url: &url,
                authorization,
                ..question
            })?;
            if !matches!(answer.status, 301 | 302 | 303 | 307 | 308) {
                return Ok(answer);
            }
            let next = answer
                .header("location")
                .and_then(|location| url.join(location));
            let refused = |why| {
                Err(Error::Redirect {
                    url: url.to_string(),
                    why,
                })
            };
            let Some(next) = next else {
                return refused("it does not lead to an http address");
            };
            if url.is_https() && !next.is_https() {
                return refused("it leads from https to http");
            }
            let here = Place::of(question.url.host());
            if !here.may_lead_to(Place::of(next.host())) {
                return refused("it leads to where only this machine gets to");
            }
            if !url.same_origin(&next) {
                if question.form.is_some() {
                    return refused("it leads a secret to another server");
                }
                authorization = None;
            }
            answer.discard();
            self.progress.detail(format_args!("{url}: leads to {next}"));
            url = next;
        }
        Err(Error::Redirect {
            url: question.url.to_string(),
            why: "too many in a row",
        })
    }

    fn ask_once(&self, question: Question<'_>) -> Result<Answer, Error> {
        let Question { method, url, .. } = question;
        let authorization = question.authorization.map(|value| ("authorization", value));
        let headers = question.headers.iter().copied().chain(authorization);
        self.progress.waits_for(url.host());
        let response = self
            .wire
            .send(method, url, headers, question.form)
            .map_err(|failure| failure.of(url))?;
        let status = response.status().as_u16();
        self.progress
            .detail(format_args!("{method} {url}: {status}"));
        let shown = question
            .authorization
            .and_then(|value| value.split_once(' '));
        let secret = question.secret.or(shown.map(|(_, secret)| secret));
        Ok(Answer::new(url.clone(), secret, response))
    }
}
