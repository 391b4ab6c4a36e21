//! HTTP: one question, its redirects, one answer; asked again where that may help.

use super::access::Access;
use super::place::Place;
use super::retry::{Patience, is_temporary, retry_after};
use super::url::Url;
use super::wire::{Failure, Wire};
use crate::error::Error;
use crate::progress::Progress;
use crate::sys;
use std::io::{self, Read};
use std::time::Duration;
use ureq::Body;
use ureq::http::Response;

/// How many redirects are followed, as by every peer.
const MAX_REDIRECTS: usize = 10;

/// Bodies of redirects and refusals up to this size are read, so that the connection can be used
/// again, in bytes.
const MAX_DISCARDED: u64 = 64 << 10;

/// Asks, follows, and asks again.
pub(super) struct Http {
    wire: Wire,
    progress: Progress,
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
    /// How often it is asked again.
    pub(super) retries: u32,
    /// The body counts as part of the answer up to so many bytes: it is asked again if it breaks off.
    pub(super) whole: Option<u64>,
}

/// What came back, after redirects.
pub(super) struct Answer {
    /// Where it came from in the end.
    pub(super) url: Url,
    pub(super) status: u16,
    response: Response<Body>,
    /// The body, if it is here already.
    gathered: Option<Vec<u8>>,
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
            retries,
            whole: None,
        }
    }
}

impl Http {
    /// Asks through the proxies of the environment.
    pub(super) fn new(access: &Access, progress: Progress) -> Self {
        Self {
            wire: Wire::new(access),
            progress,
        }
    }

    /// Asks servers that are on this machine or next to it.
    pub(super) fn direct(access: &Access, progress: Progress) -> Self {
        Self {
            wire: Wire::direct(access),
            progress,
        }
    }

    /// Asks until there is an answer that is final, or patience is at its end: then what came last
    /// is the answer.
    pub(super) fn ask(&self, question: Question<'_>) -> Result<Answer, Error> {
        let mut patience = Patience::new(question.retries);
        loop {
            let (why, after) = match self
                .follow(question)
                .and_then(|answer| answer.gather(question.whole))
            {
                Ok(answer) if !is_temporary(answer.status) => return Ok(answer),
                Ok(answer) => {
                    let after = answer.retry_after();
                    let Some(pause) = patience.next(after) else {
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

    /// Says why it waits, and waits.
    pub(super) fn wait(&self, why: &str, then: &str, pause: Duration) {
        let seconds = pause.as_secs_f32();
        self.progress
            .step(format_args!("{why}; {then} in {seconds:.1} s"));
        sys::pause(pause);
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
        let response = self
            .wire
            .send(method, url, headers, question.form)
            .map_err(|failure| failed(url, failure))?;
        let status = response.status().as_u16();
        self.progress
            .detail(format_args!("{method} {url}: {status}"));
        Ok(Answer {
            url: url.clone(),
            status,
            response,
            gathered: None,
        })
    }
}

impl Answer {
    /// A header, if it is there and readable.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// All values of a header.
    pub(super) fn headers(&self, name: &str) -> impl Iterator<Item = &str> {
        self.response
            .headers()
            .get_all(name)
            .iter()
            .filter_map(|value| value.to_str().ok())
    }

    /// The body, as far as `limit` bytes; more is an error.
    pub(super) fn bytes(self, limit: u64) -> Result<Vec<u8>, Error> {
        let url = self.url.to_string();
        match self.gather(Some(limit))?.gathered {
            Some(bytes) if bytes.len() as u64 <= limit => Ok(bytes),
            _ => Err(Error::Answer {
                url,
                why: format!("longer than {limit} bytes"),
            }),
        }
    }

    /// The answer with the body of a success in it, or as much as is more than `whole` bytes.
    fn gather(mut self, whole: Option<u64>) -> Result<Self, Error> {
        let whole = whole.filter(|_| self.status == 200 && self.gathered.is_none());
        if let Some(limit) = whole {
            let mut bytes = Vec::new();
            let body = self.response.body_mut().as_reader();
            let read = body.take(limit + 1).read_to_end(&mut bytes);
            read.map_err(|e| failed(&self.url, Failure::of_body(e)))?;
            self.gathered = Some(bytes);
        }
        Ok(self)
    }

    /// What an error body says, as far as it is worth reading.
    pub(super) fn start_of_body(self, limit: u64) -> Vec<u8> {
        let mut bytes = Vec::new();
        // An error body that breaks off has said what it has said.
        let _ = self
            .response
            .into_body()
            .into_reader()
            .take(limit)
            .read_to_end(&mut bytes);
        bytes
    }

    /// The body as a stream.
    pub(super) fn stream(self) -> Stream {
        let has_end = ["content-length", "transfer-encoding"]
            .iter()
            .any(|name| self.header(name).is_some());
        Stream {
            has_end,
            url: self.url,
            body: Box::new(self.response.into_body().into_reader()),
        }
    }

    /// How long the server asks to be left alone.
    pub(super) fn retry_after(&self) -> Option<Duration> {
        retry_after(self.header("retry-after")?, self.header("date"))
    }

    pub(super) fn discard(self) {
        drop(self.start_of_body(MAX_DISCARDED));
    }
}

/// A body on its way.
pub(super) struct Stream {
    pub(super) url: Url,
    /// Whether the server said where it ends: then an end is one. Else it may be a cut.
    pub(super) has_end: bool,
    body: Box<dyn Read>,
}

impl Stream {
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, Error> {
        loop {
            match self.body.read(buffer) {
                Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
                other => return other.map_err(|e| failed(&self.url, Failure::of_body(e))),
            }
        }
    }
}

fn failed(url: &Url, failure: Failure) -> Error {
    failure.of(url)
}
