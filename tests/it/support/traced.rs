//! The binary, stopped at each of its system calls, from the first one of its own on.

use super::Sandbox;
use super::sandbox::{Command, Running};
use nix::sys::ptrace::{self, Options};
use nix::sys::signal::Signal;
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{WaitId, WaitIdOptions, waitid};
use std::fs::OpenOptions;

/// A process that is about to make a system call, and then about to come back from it.
pub struct Traced {
    running: Running,
    pid: Pid,
}

/// A system call that is about to be made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Call {
    /// Its number on this machine; 0 where that is not looked up.
    pub number: u64,
    /// The first argument, a descriptor most often.
    pub first: u64,
}

const EXEC: i32 = ptrace::Event::PTRACE_EVENT_EXEC as i32;

const EXIT: i32 = ptrace::Event::PTRACE_EVENT_EXIT as i32;

impl Traced {
    /// Whether system calls can be replaced here, too: registers are known of one kind of machine.
    pub const CAN_REPLACE: bool = cfg!(target_arch = "x86_64");

    /// Whether this machine lets a process be traced by its parent. Some containers do not.
    pub fn is_permitted() -> bool {
        let sandbox = Sandbox::new("ptrace");
        Self::start(&sandbox, sandbox.roots(["version"])).is_some_and(|traced| {
            let run = traced.calls(|_, _| true).wait();
            run.code == Some(0)
        })
    }

    /// Starts a command; nothing if it cannot be traced. Only the thread that starts it can trace it.
    pub fn start(sandbox: &Sandbox, command: Command) -> Option<Self> {
        // Held back until it is traced by a pipe that it reads.
        let gate = sandbox.path("gate");
        if !gate.exists() {
            let mode = Mode::RUSR | Mode::WUSR;
            mknodat(CWD, &gate, FileType::Fifo, mode, 0).unwrap();
        }
        let running = command
            .prelude(&format!("read go < '{}'", gate.display()))
            .spawn();
        let pid = Pid::from_raw(i32::try_from(running.pid()).unwrap());
        let options = Options::PTRACE_O_TRACESYSGOOD
            | Options::PTRACE_O_TRACEEXEC
            | Options::PTRACE_O_EXITKILL;
        let seized = ptrace::seize(pid, options).is_ok();
        // Opened for reading too, it does not wait for somebody who reads.
        let mut options = OpenOptions::new();
        let mut pipe = options.read(true).write(true).open(gate).unwrap();
        std::io::Write::write_all(&mut pipe, b"go\n").unwrap();
        if !seized {
            return None;
        }
        let mut traced = Self { running, pid };
        // The pipe stays open until then: what nobody reads any more is lost.
        loop {
            match traced.stop()? {
                // The shell may be about to begin only now.
                WaitStatus::PtraceEvent(_, _, EXEC) if traced.is_the_binary() => break,
                WaitStatus::Stopped(_, signal) => ptrace::cont(pid, signal).ok()?,
                _ => ptrace::cont(pid, None).ok()?,
            }
        }
        traced.go_on(None);
        Some(traced)
    }

    /// Calls `before` with the number, from 1 on, of each system call that is about to be made, until that says `false`
    /// or the process ends. Then the process may be gone, or stands where it was.
    pub fn calls(mut self, mut before: impl FnMut(usize, &mut Self) -> bool) -> Running {
        let mut count = 0;
        // The first stop is the end of the exec.
        let mut is_inside = true;
        while let Some(stop) = self.stop() {
            match stop {
                WaitStatus::PtraceSyscall(_) => {
                    is_inside = !is_inside;
                    if is_inside {
                        count += 1;
                        if !before(count, &mut self) {
                            break;
                        }
                    }
                    self.go_on(None);
                }
                WaitStatus::Stopped(_, signal) => self.go_on(Some(signal)),
                _ => self.go_on(None),
            }
        }
        self.running
    }

    /// Lets it run, and calls `look` when it is about to end.
    pub fn ends(mut self, look: impl FnOnce(&Self)) -> Running {
        // It stands at the end of its exec.
        let mut next = self.stop();
        ptrace::setoptions(self.pid, Options::PTRACE_O_TRACEEXIT).unwrap();
        while let Some(stop) = next {
            let signal = match stop {
                WaitStatus::PtraceEvent(_, _, EXIT) => break,
                WaitStatus::Stopped(_, signal) => Some(signal),
                _ => None,
            };
            ptrace::cont(self.pid, signal).unwrap();
            next = self.stop();
        }
        look(&self);
        ptrace::detach(self.pid, None).unwrap();
        self.running
    }

    /// Sends a signal, which reaches it when it goes on.
    pub fn signal(&self, signal: rustix::process::Signal) {
        self.running.signal(signal);
    }

    /// Ends it by a signal where it stands.
    pub fn end(&self, signal: rustix::process::Signal) {
        self.running.signal(signal);
        // Killed, it cannot be let go of any more.
        let _ = ptrace::detach(self.pid, None);
    }

    /// The system call that is about to be made.
    #[cfg(target_arch = "x86_64")]
    pub fn call(&self) -> Call {
        let registers = ptrace::getregs(self.pid).unwrap();
        Call {
            number: registers.orig_rax,
            first: registers.rdi,
        }
    }

    /// The same where nobody has written down the registers.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn call(&self) -> Call {
        Call::default()
    }

    /// Has the system call that is about to be made fail without being made, and lets go of the process.
    #[cfg(target_arch = "x86_64")]
    pub fn fail(&mut self, error: rustix::io::Errno) {
        let mut registers = ptrace::getregs(self.pid).unwrap();
        registers.orig_rax = u64::MAX;
        ptrace::setregs(self.pid, registers).unwrap();
        self.go_on(None);
        let stop = self.stop();
        assert!(
            matches!(stop, Some(WaitStatus::PtraceSyscall(_))),
            "{stop:?}"
        );
        let mut registers = ptrace::getregs(self.pid).unwrap();
        registers.rax = i64::from(-error.raw_os_error()).cast_unsigned();
        ptrace::setregs(self.pid, registers).unwrap();
        ptrace::detach(self.pid, None).unwrap();
    }

    /// The same where nobody has written down the registers.
    #[cfg(not(target_arch = "x86_64"))]
    pub fn fail(&mut self, _: rustix::io::Errno) {}

    /// What the kernel says of it in a file of /proc.
    pub fn proc(&self, file: &str) -> String {
        std::fs::read_to_string(format!("/proc/{}/{file}", self.pid)).unwrap()
    }

    fn is_the_binary(&self) -> bool {
        let program = std::fs::read_link(format!("/proc/{}/exe", self.pid));
        program.is_ok_and(|program| program.ends_with("roots"))
    }

    fn go_on(&mut self, signal: Option<Signal>) {
        // It may have been killed meanwhile, by its own group.
        let _ = ptrace::syscall(self.pid, signal);
    }

    /// Waits for its next stop; nothing once it has ended, which `Running` is left to find out.
    fn stop(&mut self) -> Option<WaitStatus> {
        let pid = rustix::process::Pid::from_raw(self.pid.as_raw()).unwrap();
        let options = WaitIdOptions::EXITED | WaitIdOptions::STOPPED | WaitIdOptions::NOWAIT;
        let status = waitid(WaitId::Pid(pid), options).unwrap().unwrap();
        let has_ended = status.exited() || status.killed() || status.dumped();
        (!has_ended).then(|| waitpid(self.pid, None).unwrap())
    }
}
