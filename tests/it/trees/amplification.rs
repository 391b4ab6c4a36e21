//! Documents and archives that are small on the wire and huge inside: what they take in memory and in CPU time. The bounds
//! hold for a debug build; without any, each case here took a multiple of them.

mod archives;
mod documents;

use crate::support::sandbox::{Command, Run};
use crate::support::{Ability, Sandbox, Traced};

/// What any command may have, in KiB.
const ANY: u64 = 64 << 10;

/// What a pull or a save may have, in KiB.
const PULL: u64 = 16 << 10;

/// How many ticks of /proc/PID/stat are a second, on every machine: USER_HZ.
const TICKS: u64 = 100;

/// What a run has taken.
struct Taken {
    run: Run,
    /// The most memory that it had, in KiB. How much of the binary is in memory is the kernel's choice.
    memory: u64,
    /// CPU time in seconds.
    seconds: u64,
}

impl Taken {
    /// Runs a command; nothing where memory cannot be measured.
    fn by(sandbox: &Sandbox, command: Command) -> Option<Self> {
        if Ability::Tracing.is_missing() {
            return None;
        }
        let traced = Traced::start(sandbox, command)?;
        let (mut memory, mut ticks) = (0, 0);
        let running = traced.ends(|traced| {
            let status = traced.proc("status");
            memory = field(&status, "VmHWM:") - field(&status, "RssFile:");
            // The name, which may have blanks in it, ends with the last parenthesis: proc(5).
            let stat = traced.proc("stat");
            let (_, stat) = stat.rsplit_once(')').unwrap();
            let fields = stat.split_whitespace().skip(11).take(2);
            ticks = fields.map(|field| field.parse::<u64>().unwrap()).sum();
        });
        Some(Self {
            run: running.wait(),
            memory,
            seconds: ticks / TICKS,
        })
    }

    /// Asserts that it took no more than `memory` KiB and ten seconds.
    #[track_caller]
    fn within(&self, memory: u64) -> &Self {
        let Self {
            memory: taken,
            seconds,
            run,
        } = self;
        assert!(*taken <= memory, "{taken} KiB: {run:?}");
        assert!(*seconds < 10, "{seconds} s: {run:?}");
        self
    }
}

/// The number behind `name` in a file of /proc.
fn field(text: &str, name: &str) -> u64 {
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    let number = line.and_then(|line| line.split_whitespace().next());
    number.unwrap().parse().unwrap()
}
