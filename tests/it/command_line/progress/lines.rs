//! Into a log: a line for each layer, and nothing that only a terminal understands.

use super::Slow;

#[test]
fn a_log_has_a_line_for_each_layer() {
    let slow = Slow::new();
    let running = slow.pull().env("TERM", "xterm").spawn();
    running.until_says("layer 2/2 ");
    slow.registry.release();
    let run = running.wait().succeeds();
    let lines: Vec<_> = run.stderr.lines().collect();
    for (line, n) in lines.iter().zip(1..=2) {
        let (start, end) = (format!("layer {n}/2 sha256:"), " 301.6 kB (registry)");
        assert!(line.starts_with(&start) && line.ends_with(end), "{line}");
    }
    let layers = lines.iter().filter(|line| line.starts_with("layer "));
    assert_eq!(layers.count(), 2, "{lines:#?}");
    let is_plain = |c: char| c == '\n' || !c.is_control();
    assert!(run.stderr.chars().all(is_plain), "{:?}", run.stderr);
    let again = slow.pull().args(["--force", "-q"]).run().succeeds();
    assert_eq!(again.stderr, "");
    assert_eq!(again.stdout, run.stdout);
}
